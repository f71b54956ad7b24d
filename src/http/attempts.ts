import type Koa from 'koa';
import { type Allowance, Failures, tooManyFailures } from './limits.ts';

/** How many failed authentications of clients are free, by client from one address, and by address. */
export interface FailureLimits {
  failuresPerClient: Allowance;
  failuresPerAddress: Allowance;
}

const guarded = new Set(
  ['token', 'introspect', 'revoke', 'par', 'device', 'ciba', 'register', 'userinfo'].map((name) => `/oauth2/${name}`),
);

/** The client that Basic credentials name, as it is written: a key to count under, nothing more. */
function claimedClient(header: string | undefined): string | undefined {
  const encoded = /^basic\s+([\w+/=-]+)\s*$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  return text.slice(0, Math.max(text.indexOf(':'), 0));
}

/**
 * Slows down guessing of client secrets and tokens (RFC 6749 §10.10). Only failures count, and only where they come
 * from: one client from one address, then the address. Nobody can lock a client out from somewhere else, and an
 * address that fails too much still gets its right credentials through.
 */
export function attempts(limits: FailureLimits) {
  const byClient = new Failures(limits.failuresPerClient);
  const byAddress = new Failures(limits.failuresPerAddress);
  const clientKey = (ctx: Koa.Context): string | undefined => {
    const client: unknown =
      claimedClient(ctx.req.headers.authorization) ?? ctx.state.clientId ?? ctx.oidc?.body?.client_id;
    return typeof client === 'string' ? `${ctx.state.ip} ${client.slice(0, 128)}` : undefined;
  };
  return {
    /** Refuses a client that has failed too often from this address, before its secret is looked at. */
    refuse(ctx: Koa.Context, path: string): void {
      if (byClient.size === 0 || !guarded.has(path)) return;
      const key = clientKey(ctx);
      const seconds = key === undefined ? 0 : byClient.wait(key);
      if (seconds > 0) throw tooManyFailures(seconds);
    },

    /** Counts the answer when it was a failure; throws when it was one too many. */
    count(ctx: Koa.Context, path: string): void {
      if (ctx.status !== 401 || !guarded.has(path)) return;
      const key = clientKey(ctx);
      const seconds = Math.max(byAddress.wait(ctx.state.ip), key === undefined ? 0 : byClient.wait(key));
      if (seconds > 0) throw tooManyFailures(seconds);
      byAddress.count(ctx.state.ip);
      if (key !== undefined) byClient.count(key);
    },
  };
}
