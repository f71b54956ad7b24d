import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { announcesBody, asksAboutAnother, originalOf } from '../http/original.ts';
import type { PlainQuestion } from '../http/short-way.ts';
import { Problem, problem } from '../kernel/errors.ts';
import { Challenged, Exhausted, type Gate, type Passage } from '../protocol/gate.ts';
import { passageHeaders, quotaHeaders } from './passage-headers.ts';

const twoTokens = problem('invalid_request', 400, () => 'Send one Authorization header');

interface Parts {
  gate: Gate;
  /** Counts answers for the metrics. */
  count(status: number): void;
}

/**
 * /gateway/authorize and all below it, with any method (NGINX auth_request, Traefik and Caddy forward auth, Envoy ext_authz,
 * APISIX): may the request that the headers or the path describe pass? 200 with who it is, else what the caller is told.
 */
export function gateway({ gate, count }: Parts): Middleware {
  return async (ctx, next) => {
    if (!asksAboutAnother(ctx.path)) return next();
    try {
      await answer(gate, ctx);
      count(200);
    } catch (error) {
      count(error instanceof Problem ? error.status : 500);
      explain(ctx, error);
      throw error;
    } finally {
      // A body that was announced and never comes would be looked for in the next request on this connection.
      if (announcesBody(ctx.req.headers) && !ctx.req.complete) ctx.set('Connection', 'close');
    }
    return undefined;
  };
}

async function answer(gate: Gate, ctx: Context): Promise<void> {
  for (const [name, value] of passageHeaders(await passed(gate, ctx.req))) ctx.set(name, value);
  ctx.status = 200;
  ctx.type = 'json';
  ctx.body = allowed;
}

const allowed = '{"allowed":true}';

/** What came of questions on the short way: nothing is asked or counted twice, be it a proof or a part of a quota. */
const refused = new WeakMap<IncomingMessage, unknown>();

async function passed(gate: Gate, request: IncomingMessage): Promise<Passage> {
  if (refused.has(request)) throw refused.get(request);
  refuseTwoTokens(request.rawHeaders);
  return gate.pass(originalOf(request), request.headers);
}

/** The same on the short way; a refusal is told on the long one. */
export const plainQuestion =
  ({ gate, count }: Parts): PlainQuestion =>
  async (request) => {
    try {
      const headers = passageHeaders(await passed(gate, request)).flat();
      count(200);
      return { headers, body: allowed };
    } catch (error) {
      refused.set(request, error);
      return undefined;
    }
  };

/** Node takes the first of two, and the server behind the gateway perhaps the second. */
function refuseTwoTokens(rawHeaders: readonly string[]): void {
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === 'authorization') seen += 1;
  if (seen > 1) throw twoTokens();
}

function explain(ctx: Context, error: unknown): void {
  for (const [name, value] of refusalHeaders(error)) ctx.append(name, value);
}

/** What a refusal says beside its status: how to come back, and when. */
export function refusalHeaders(error: unknown): (readonly [name: string, value: string])[] {
  if (error instanceof Challenged) return error.challenges.map((one) => ['WWW-Authenticate', one]);
  return error instanceof Exhausted ? quotaHeaders(error.spent) : [];
}
