import type { Middleware } from 'koa';
import type { SigningKeys } from '../protocol/keys.ts';

/** Verifiers and clients may keep these for five minutes; AWS and KrakenD ask often, so asking must be cheap. */
const cacheable = 'public, max-age=300';
const discovery = new Set(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']);

/**
 * The key set with the keys that will sign next (the library knows only those that sign now), and the caching of key set
 * and discovery.
 */
export const wellKnown =
  (keys: SigningKeys): Middleware =>
  async (ctx, next) => {
    const reading = ctx.method === 'GET' || ctx.method === 'HEAD';
    await next();
    if (!reading || ctx.status !== 200) return;
    if (ctx.path === '/oauth2/jwks') ctx.body = await keys.published();
    else if (!discovery.has(ctx.path)) return;
    ctx.set('Cache-Control', cacheable);
  };
