import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { temporaryPath } from './temporary.ts';

/** The hash under which lists of stolen passwords know one. */
export const sha1 = (password: string): string => createHash('sha1').update(password).digest('hex').toUpperCase();

/** A file of these lines; `end` is what stands between them, and after the last one unless `open`. */
export function hashFile(lines: readonly string[], { end = '\n', open = false } = {}): string {
  const file = temporaryPath('stolen.txt');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join(end)}${open ? '' : end}`);
  return file;
}

/** What the range API was asked, and what it says. */
export interface RangeApi {
  url: string;
  asked: { path: string; headers: IncomingHttpHeaders }[];
  status: number;
  stop(): void;
}

/** An API of stolen passwords with this one in it, and padding as the real one has it. */
export async function startRangeApi(...stolen: string[]): Promise<RangeApi> {
  const hashes = stolen.map(sha1);
  const server = createServer(({ url = '', headers }, response) => {
    api.asked.push({ path: url, headers });
    const range = url.split('/').at(-1) ?? '';
    const found = hashes.filter((one) => one.startsWith(range)).map((one) => `${one.slice(5)}:42`);
    const padding = Array.from({ length: 800 }, (_, at) => `${sha1(`padding ${at}`).slice(5)}:0`);
    response.statusCode = api.status;
    response.end([...found, ...padding].join('\r\n'));
  });
  const api: RangeApi = {
    ...{ url: '', asked: [], status: 200 },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  api.url = `http://127.0.0.1:${port}`;
  return api;
}
