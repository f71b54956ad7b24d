import type { ParsedUrlQuery } from 'node:querystring';
import type { Context, Middleware, Next } from 'koa';
import type { Client, Clients } from '../clients/clients.ts';
import type { IntrospectionTokens } from '../clients/introspection-tokens.ts';
import { handOn, readForm } from '../http/form.ts';
import { callerByBearer, isBearer } from '../protocol/bearer-caller.ts';
import { approved, callerBySecret, invalidClient, invalidRequest, isFailedProof } from '../protocol/caller.ts';
import type { Endings } from '../protocol/endings.ts';
import { type SignedAnswers, signedType } from '../protocol/signed-answers.ts';
import type { TokenStatus } from '../protocol/token-status.ts';
import type { Denials } from './refusals.ts';

interface Parts {
  clients: Clients;
  tokens: IntrospectionTokens;
  status: TokenStatus;
  signed: SignedAnswers;
  endings: Endings;
  denials: Denials;
  /** Counts answers for the metrics. */
  count(result: 'active' | 'inactive' | 'refused'): void;
}

/**
 * POST /oauth2/introspect (RFC 7662) and /oauth2/revoke (RFC 7009), as gateways really call them: credentials in the header,
 * the body or both, unknown parameters, any kind of token. Comes before the library, which authenticates only those
 * callers that use an assertion or a certificate. The plain ones among the introspections never come so far (plain-calls.ts).
 */
export function introspection(parts: Parts): Middleware {
  return async (ctx, next) => {
    const answer = ctx.path === '/oauth2/introspect' ? tell : ctx.path === '/oauth2/revoke' ? end : undefined;
    if (!answer || ctx.method === 'OPTIONS') return next();
    if (ctx.method !== 'POST') {
      ctx.set('Allow', 'POST, OPTIONS');
      ctx.status = 405;
      ctx.body = { error: 'invalid_request', error_description: 'Send the token in the body of a POST request' };
      return undefined;
    }
    ctx.set('Cache-Control', 'no-store');
    const form = await readForm(ctx);
    // The guard counts failures by address and by the client that was claimed.
    ctx.state.clientId = form.client_id;
    const caller = await whoAsks(parts, ctx, form, next);
    const token = form.token;
    if (!caller) return undefined;
    if (typeof token !== 'string' || token === '')
      throw invalidRequest('Send the token once, as the parameter token of an application/x-www-form-urlencoded body');
    return answer(parts, ctx, token, caller);
  };
}

async function tell(
  { status, signed, denials, count }: Parts,
  ctx: Context,
  token: string,
  caller: Client,
): Promise<void> {
  const answer = await status.introspect(token, caller);
  await denials.tell(answer, caller, ctx.state.ip);
  count(answer.active ? 'active' : 'inactive');
  if (ctx.req.headers.accept?.includes(signedType)) {
    ctx.type = signedType;
    ctx.body = await signed.sign(answer, caller);
  } else ctx.body = answer;
}

async function end({ endings }: Parts, ctx: Context, token: string, caller: Client): Promise<void> {
  const { ip, requestId } = ctx.state;
  await endings.revoke(token, caller, { ip, requestId });
  ctx.status = 200;
  ctx.body = '';
}

async function whoAsks(parts: Parts, ctx: Context, form: ParsedUrlQuery, next: Next): Promise<Client | undefined> {
  try {
    const authorization = ctx.headers.authorization;
    // Whoever ends a token has to be the client that it was issued to, so a gateway's credential is no use there.
    if (isBearer(authorization) && ctx.path === '/oauth2/introspect') {
      return await callerByBearer(parts, authorization, form);
    }
    const caller = await callerBySecret(parts.clients, authorization, form);
    if (caller) return caller;
    if (form.client_assertion === undefined && form.client_id === undefined) {
      throw invalidClient('Authenticate with the credentials of a client, by Basic or in the body');
    }
    return await callerByLibrary(parts.clients, ctx, form, next);
  } catch (error) {
    if (isFailedProof(error)) {
      parts.count('refused');
      const bearer = isBearer(ctx.headers.authorization) ? ', Bearer realm="introspection", error="invalid_token"' : '';
      ctx.set('WWW-Authenticate', `Basic realm="introspection", charset="UTF-8"${bearer}`);
    }
    throw error;
  }
}

/** Throws invalid_client for who proves nothing (`token_endpoint_auth_method`). */
export function refusePublic(method: string | undefined): void {
  if (method === 'none')
    throw invalidClient('A public client cannot introspect; use the credentials of a confidential client');
}

/** The library knows assertions and certificates: it is asked about a token that cannot exist, and so only proves the caller. */
async function callerByLibrary(
  clients: Clients,
  ctx: Context & { oidc?: { client?: { clientId: string; clientAuthMethod?: string } } },
  form: ParsedUrlQuery,
  next: Next,
): Promise<Client | undefined> {
  handOn(ctx, { ...form, token: 'no-token-has-this-value' });
  await next();
  if (ctx.status !== 200 || !ctx.oidc?.client) return undefined;
  // It may end its own tokens: whoever has them could do worse (RFC 7009 §2.1).
  if (ctx.path !== '/oauth2/revoke') refusePublic(ctx.oidc.client.clientAuthMethod);
  const client = await clients.get(ctx.oidc.client.clientId);
  return client && approved(client);
}
