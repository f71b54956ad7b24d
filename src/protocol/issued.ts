import { decodeJwt } from 'jose';
import type { Middleware } from 'koa';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Clients } from '../clients/clients.ts';
import type { Decide } from '../directory/decide.ts';
import { rights } from './claims.ts';
import type { Payload, Records } from './records.ts';

type TokenClaims = NonNullable<Configuration['extraTokenClaims']>;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const dropUndefined = <T extends object>(from: T): T =>
  Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as T;

/** How and when the person signed in (RFC 9068 §2.2.1), from whatever the token is issued for. */
function signInFacts(ctx: KoaContextWithOIDC) {
  const { RefreshToken, AuthorizationCode } = ctx.oidc.entities;
  const source = RefreshToken ?? AuthorizationCode;
  return source && dropUndefined({ acr: source.acr, amr: source.amr, auth_time: source.authTime });
}

/** Members for a token at issue: the sign-in for all, and for a JWT also what the subject may do at this moment. */
export const tokenClaims =
  (clients: Clients, decide: Decide): TokenClaims =>
  async (ctx, token) => {
    const facts = signInFacts(ctx);
    if (token.format !== 'jwt') return facts;
    const client = await clients.get(token.clientId ?? '');
    const person = 'accountId' in token ? token.accountId : undefined;
    const subject = person ? `user:${person}` : `client:${token.clientId}`;
    const held = await decide.held(subject, typeof token.aud === 'string' ? token.aud : undefined);
    return { ...facts, ...(client ? rights(held, client) : {}) };
  };

/**
 * After the library has answered at the token endpoint: a JWT access token is put on record too, before the client learns
 * it, so that it can be introspected and revoked like any other; and a code that was redeemed wrongly counts the failure.
 */
export const issued =
  (records: Records, count: (grant: string, format: 'opaque' | 'jwt') => void): Middleware =>
  async (ctx, next) => {
    await next();
    if (ctx.path !== '/oauth2/token' || !isRecord(ctx.oidc)) return;
    const { entities, params } = (ctx as unknown as KoaContextWithOIDC).oidc;
    const token = entities.AccessToken ?? entities.ClientCredentials;
    const value = isRecord(ctx.body) ? ctx.body.access_token : undefined;
    if (ctx.status === 200 && token && typeof value === 'string') {
      if (token.format === 'jwt') await putOnRecord(records, value, token);
      count(String(params?.grant_type), token.format === 'jwt' ? 'jwt' : 'opaque');
    } else if (ctx.status === 400 && typeof params?.code === 'string') {
      await records.codes.change(records.tokenId(params.code), (code) => ({
        ...code,
        failures: (code.failures ?? 0) + 1,
      }));
    }
  };

const kept = [
  'kind',
  'clientId',
  'accountId',
  'grantId',
  'aud',
  'scope',
  'sessionUid',
  'expiresWithSession',
  'sid',
  'jkt',
  'x5t#S256',
  'claims',
];

async function putOnRecord(records: Records, value: string, token: object & { extra?: unknown }): Promise<void> {
  const { jti, iat, exp = 0 } = decodeJwt(value);
  const { acr, amr, auth_time } = isRecord(token.extra) ? token.extra : {};
  const payload: Payload = {
    ...Object.fromEntries(Object.entries(token).filter(([name]) => kept.includes(name))),
    jti,
    iat,
    exp,
    extra: dropUndefined({ acr, amr, auth_time }),
  };
  const grant = payload.grantId === undefined ? {} : { grant: payload.grantId };
  await records.tokens.insert(
    { id: records.tokenId(value), payload: dropUndefined(payload), ...grant },
    exp - Math.floor(Date.now() / 1000),
  );
}
