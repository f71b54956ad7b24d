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

/** The fields of a posted form (a repeated field is a list); the guard has bounded its size. Throws `wrongForm`. */
export async function readForm(ctx: Koa.Context): Promise<ParsedUrlQuery> {
  return parse(await readFormText(ctx));
}

/** The same exactly as it was sent. */
export async function readFormText(ctx: Koa.Context): Promise<string> {
  if (!ctx.is('application/x-www-form-urlencoded')) throw wrongForm();
  const chunks = await received(ctx.req);
  return chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString();
}

/** By events: an iterator costs as much as all the rest of reading a short body. */
const received = (request: IncomingMessage): Promise<Buffer[]> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks));
    request.once('error', reject);
  });

/** A field that was sent exactly once. */
export const field = (form: ParsedUrlQuery, name: string): string | undefined => {
  const value = form[name];
  return typeof value === 'string' ? value : undefined;
};

/** Lets the library, which reads the request itself, find this form instead of the one that was read already. */
export function handOn(ctx: Koa.Context, form: ParsedUrlQuery): void {
  const body = Buffer.from(stringify(form));
  ctx.req.headers['content-length'] = String(body.length);
  async function* once() {
    yield body;
  }
  Object.defineProperties(ctx.req, { readable: { value: true }, iterator: { value: once } });
}
