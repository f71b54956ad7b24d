import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Middleware } from 'koa';
import type { Frame } from '../../views/layout.ts';

const folder = join(import.meta.dirname, '../../views/assets');
const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface Asset {
  url: string;
  type: string;
  body: Buffer;
}

/** The content is part of the address, so that a new version is another file. `before` are files that come first in the same answer. */
function read(name: string, ...before: readonly string[]): Asset {
  const body = Buffer.concat([...before, name].map((one) => readFileSync(join(folder, one))));
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  const extension = extname(name);
  const url = `/assets/${name.slice(0, -extension.length)}.${hash}${extension}`;
  return { url, type: types[extension] ?? 'application/octet-stream', body };
}

const style = read('style.css');
const consoleStyle = read('console.css', 'style.css');
const mark = read('mark.svg');
const sendScript = read('send.js');
const webauthnScript = read('webauthn.js');
const codesScript = read('codes.js');
const consoleScript = read('console.js');

/** What the pages of this installation share. */
export const frameOf = (
  issuer: string,
): Pick<
  Frame,
  'style' | 'consoleStyle' | 'mark' | 'sendScript' | 'webauthnScript' | 'codesScript' | 'consoleScript' | 'issuer'
> => ({
  style: style.url,
  consoleStyle: consoleStyle.url,
  mark: mark.url,
  sendScript: sendScript.url,
  webauthnScript: webauthnScript.url,
  codesScript: codesScript.url,
  consoleScript: consoleScript.url,
  issuer,
});

const served = new Map(
  [style, consoleStyle, mark, sendScript, webauthnScript, codesScript, consoleScript].map((asset) => [
    asset.url,
    asset,
  ]),
);

/** The files that pages need. Browsers keep them for good. */
export const assets: Middleware = async (ctx, next) => {
  const asset = ctx.method === 'GET' || ctx.method === 'HEAD' ? served.get(ctx.path) : undefined;
  if (!asset) return next();
  ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
  ctx.type = asset.type;
  ctx.body = asset.body;
  return undefined;
};
