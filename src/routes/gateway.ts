import type { IncomingHttpHeaders } from 'node:http';
import type { Context, Middleware } from 'koa';
import { asksAboutAnother, originalOf } from '../http/original.ts';
import { Problem } from '../kernel/errors.ts';
import { Challenged, Exhausted, type Gate } from '../protocol/gate.ts';
import { passageHeaders, quotaHeaders } from './passage-headers.ts';

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
  const passage = await gate.pass(originalOf(ctx.req), ctx.req.headers);
  for (const [name, value] of passageHeaders(passage)) ctx.set(name, value);
  ctx.status = 200;
  ctx.body = { allowed: true };
}

function explain(ctx: Context, error: unknown): void {
  if (error instanceof Challenged) ctx.set('WWW-Authenticate', [...error.challenges]);
  if (error instanceof Exhausted) for (const [name, value] of quotaHeaders(error.spent)) ctx.set(name, value);
}

const announcesBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
