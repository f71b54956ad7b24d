import type { Middleware } from 'koa';
import { readForm } from '../http/form.ts';

const endpoints = new Set(['/oauth2/authorize', '/oauth2/logout']);

/**
 * POST at the authorization and the logout endpoint (OIDC Core §3.1.2.1, RP-Initiated Logout §2): answered with 303 to the
 * same parameters by GET. A form that another site posts carries no Lax cookie, so the session would not be seen; the
 * navigation that follows carries it, and the cookie needs no SameSite=None.
 */
export const frontChannel: Middleware = async (ctx, next) => {
  if (ctx.method !== 'POST' || !endpoints.has(ctx.path)) return next();
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(await readForm(ctx))) {
    for (const one of [value ?? ''].flat()) parameters.append(name, one);
  }
  ctx.status = 303;
  ctx.set('Location', `${ctx.path}?${parameters}`);
  ctx.body = '';
  return undefined;
};
