import type { Middleware } from 'koa';
import { problem } from '../kernel/errors.ts';

const wrongForm = problem(
  'invalid_request',
  400,
  () => 'Send the parameters as application/x-www-form-urlencoded, or in the address of a GET request',
);
const endpoints = new Set(['/oauth2/authorize', '/oauth2/logout']);

/**
 * POST at the authorization and the logout endpoint (OIDC Core §3.1.2.1, RP-Initiated Logout §2): answered with 303 to the
 * same parameters by GET. A form that another site posts carries no Lax cookie, so the session would not be seen; the
 * navigation that follows carries it, and the cookie needs no SameSite=None.
 */
export const frontChannel: Middleware = async (ctx, next) => {
  if (ctx.method !== 'POST' || !endpoints.has(ctx.path)) return next();
  if (!ctx.is('application/x-www-form-urlencoded')) throw wrongForm();
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk);
  const parameters = new URLSearchParams(Buffer.concat(chunks).toString());
  ctx.status = 303;
  ctx.set('Location', `${ctx.path}?${parameters}`);
  ctx.body = '';
  return undefined;
};
