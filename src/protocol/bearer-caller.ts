import type { ParsedUrlQuery } from 'node:querystring';
import type { Client } from '../clients/clients.ts';
import type { IntrospectionTokens } from '../clients/introspection-tokens.ts';
import { adminApi } from '../directory/built-in.ts';
import { approved, invalidClient, invalidRequest } from './caller.ts';
import type { TokenStatus } from './token-status.ts';

interface Parts {
  tokens: IntrospectionTokens;
  status: TokenStatus;
}

const bearer = /^bearer +([\w.~+/-]+=*) *$/i;

/** Whether somebody proves itself by a bearer token. */
export const isBearer = (authorization: string | undefined): authorization is string =>
  authorization !== undefined && /^bearer\b/i.test(authorization);

/**
 * Who introspects with a bearer token (RFC 7662 §2.1): its introspection token, or an access token of its own that is meant
 * for this server. One for another API proves nothing, since that API has seen it too; nor does one that is bound to a key.
 * Throws invalid_client and unauthorized_client.
 */
export async function callerByBearer(
  { tokens, status }: Parts,
  authorization: string,
  form: ParsedUrlQuery,
): Promise<Client> {
  if (form.client_secret !== undefined || form.client_assertion !== undefined) {
    throw invalidRequest('Authenticate in one way: by the bearer token, or by client_secret or client_assertion');
  }
  const [, token] = bearer.exec(authorization) ?? [];
  const client = token === undefined ? undefined : ((await tokens.clientOf(token)) ?? (await owner(status, token)));
  const claimed = form.client_id;
  if (client && (claimed === undefined || claimed === client.id)) return approved(client);
  throw invalidClient('No client that may introspect has this bearer token; make one with client introspection-token');
}

async function owner(status: TokenStatus, token: string): Promise<Client | undefined> {
  const live = await status.live(token);
  if (live?.payload.kind !== 'ClientCredentials' || live.payload.aud !== adminApi) return undefined;
  // A token bound to a key or certificate proves nothing by itself (RFC 8705 §3, RFC 9449 §7.1).
  if (live.payload.jkt !== undefined || live.payload['x5t#S256'] !== undefined) return undefined;
  return live.client.introspects.length > 0 ? live.client : undefined;
}
