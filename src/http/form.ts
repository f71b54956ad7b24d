import type { IncomingMessage } from 'node:http';
import { type ParsedUrlQuery, parse, stringify } from 'node:querystring';
import type Koa from 'koa';
import { problem } from '../kernel/errors.ts';

/** The body is not a form. */
export const wrongForm = problem(
  'invalid_request',
  400,
  () => 'Send the parameters as application/x-www-form-urlencoded',
);

/** Bodies that were read on the short way, for whoever reads them again on the long one. */
const read = new WeakMap<IncomingMessage, Promise<Buffer>>();

const mostFields = 10_000;
const tooManyFields = problem('too_large', 413, () => `A form has at most ${mostFields} fields`);

/**
 * The fields of a posted form (a repeated field is a list); the guard has bounded its size. Throws `wrongForm`, and
 * `too_large`: by itself the parser leaves out every field after the thousandth, and who ticked it would not learn of it.
 */
export async function readForm(ctx: Koa.Context): Promise<ParsedUrlQuery> {
  const text = await readFormText(ctx);
  if (text.split('&', mostFields + 1).length > mostFields) throw tooManyFields();
  return parse(text, '&', '=', { maxKeys: 0 });
}

/** The same exactly as it was sent. */
export async function readFormText(ctx: Koa.Context): Promise<string> {
  if (!ctx.is('application/x-www-form-urlencoded')) throw wrongForm();
  return String(await (read.get(ctx.req) ?? received(ctx.req)));
}

/** The whole body. By events: an iterator costs as much as all the rest of reading a short body. */
export const received = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(one(chunks)));
    request.once('error', reject);
  });

const one = (chunks: Buffer[]): Buffer => (chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));

/** A field that was sent exactly once. */
export const field = (form: ParsedUrlQuery, name: string): string | undefined => {
  const value = form[name];
  return typeof value === 'string' ? value : undefined;
};

/** Lets the library, which reads the request itself, find this form instead of the one that was read already. */
export function handOn(ctx: Koa.Context, form: ParsedUrlQuery): void {
  const body = Buffer.from(stringify(form));
  ctx.req.headers['content-length'] = String(body.length);
  readable(ctx.req, body);
}

/** Lets everybody read a body that was read already: our own code by `readForm`, the library by itself. */
export function handBack(request: IncomingMessage, body: Promise<Buffer>): void {
  read.set(request, body);
  readable(request, body);
}

function readable(request: IncomingMessage, body: Buffer | Promise<Buffer>): void {
  async function* once() {
    yield await body;
  }
  Object.defineProperties(request, {
    readable: { value: true, configurable: true },
    iterator: { value: once, configurable: true },
  });
}
