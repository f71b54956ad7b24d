import type { Middleware } from 'koa';
import { Problem } from '../kernel/errors.ts';
import type { SigningKeys } from '../protocol/keys.ts';
import { languageChoices } from './languages.ts';

/** Verifiers and clients may keep these for five minutes; AWS and KrakenD ask often, so asking must be cheap. */
const cacheable = 'public, max-age=300';
const discovery = new Set(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']);

/**
 * The key set with the keys that will sign next (the library knows only those that sign now), and the caching of key set
 * and discovery, which says which languages it speaks. While the store is away the last key set stands: verifiers elsewhere need not stop with us.
 */
export const wellKnown = (keys: SigningKeys): Middleware => {
  let last: Awaited<ReturnType<SigningKeys['published']>> | undefined;
  const published = async () => {
    try {
      last = await keys.published();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
    return last;
  };
  return async (ctx, next) => {
    const reading = ctx.method === 'GET' || ctx.method === 'HEAD';
    await next();
    if (!reading || ctx.status !== 200) return;
    // When nobody has asked before the outage, the library's own answer holds at least the keys that sign.
    if (ctx.path === '/oauth2/jwks') ctx.body = (await published()) ?? ctx.body;
    else if (!discovery.has(ctx.path)) return;
    else ctx.body = { ...ctx.body, ui_locales_supported: languageChoices.map(([tag]) => tag) };
    ctx.set('Cache-Control', cacheable);
  };
};
