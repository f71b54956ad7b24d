import type Koa from 'koa';
import { Problem, problem } from '../kernel/errors.ts';

const notJson = problem(
  'wrong_content_type',
  415,
  () => 'Send the body as JSON, with Content-Type: application/json (a change also as application/merge-patch+json)',
);
const unreadable = problem('invalid', 400, (why: string) => `The body is not JSON that can be used: ${why}`);

/** The JSON body of a request; undefined when there is none. Throws 415 for another type and 400 for broken JSON. */
export async function readJson(ctx: Koa.Context): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk);
  if (chunks.length === 0) return undefined;
  // Only JSON types: a form on a foreign page cannot send them without asking first (CORS).
  if (!ctx.is('application/json', 'application/merge-patch+json')) throw notJson();
  return parseJson(Buffer.concat(chunks));
}

/** Parses JSON in UTF-8; a member that is there twice is refused, since readers differ on which one counts (RFC 8259 §4). */
export function parseJson(bytes: Buffer): unknown {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new Problem({ code: 'invalid', status: 400, sentence: unreadable(reason(cause)).message, cause });
  }
  const twice = repeated(text);
  if (twice !== undefined) throw unreadable(`the member ${twice} is there twice`);
  return value;
}

const reason = (cause: unknown): string =>
  cause instanceof SyntaxError ? (cause.message.split(/, "| in JSON/)[0] ?? '') : 'it must be encoded in UTF-8';

/** The first member of any object in a valid JSON text that stands there twice. */
function repeated(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const name: string = JSON.parse(token.slice(0, -colon.length));
      const seen = open.at(-1);
      if (seen?.has(name)) return JSON.stringify(name);
      seen?.add(name);
    }
  }
  return undefined;
}
