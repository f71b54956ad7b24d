import { decodeJwt } from 'jose';
import type { Middleware } from 'koa';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Clients } from '../clients/clients.ts';
import type { Access, Api } from '../directory/access.ts';
import type { Decide } from '../directory/decide.ts';
import type { Organizations } from '../directory/organizations.ts';
import { calledAs, type Users } from '../directory/users.ts';
import { type ProfileFacts, profileMembers, profileScope } from './claim-profiles.ts';
import { rights } from './claims.ts';
import { organizationOf } from './organization.ts';
import type { Payload, Records } from './records.ts';
import { rightsOf } from './rights.ts';
import { stillWithin } from './within.ts';

type TokenClaims = NonNullable<Configuration['extraTokenClaims']>;
type JwtCustomizer = NonNullable<NonNullable<NonNullable<Configuration['formats']>['customizers']>['jwt']>;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const dropUndefined = <T extends object>(from: T): T =>
  Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as T;

/** How and when the person signed in (RFC 9068 §2.2.1), from whatever the token is issued for. */
function signInFacts(ctx: KoaContextWithOIDC) {
  const { RefreshToken, AuthorizationCode, DeviceCode } = ctx.oidc.entities;
  const source = RefreshToken ?? AuthorizationCode ?? DeviceCode;
  return source && dropUndefined({ acr: source.acr, amr: source.amr, auth_time: source.authTime });
}

interface Parts {
  clients: Clients;
  users: Users;
  access: Access;
  organizations: Organizations;
  decide: Decide;
  issuer: string;
}

const isUser = (subject: string): boolean => subject.startsWith('user:');

/** What a JWT says besides what RFC 9068 demands: what the subject may do at this moment, as its API's gateways read it. */
async function snapshot(parts: Parts, token: { scope?: string | undefined; clientId: string }, about: About) {
  const { clients, users, decide, issuer } = parts;
  const { subject, organization, api } = about;
  const client = await clients.get(token.clientId);
  const person = isUser(subject) ? await users.get(subject.slice('user:'.length)) : undefined;
  const held = await decide.held(subject, api?.id, organization);
  const profile = api?.profile ?? 'standard';
  if (!client || profile === 'minimal') return {};
  const facts: ProfileFacts = {
    subject: person?.id ?? client.id,
    clientId: client.id,
    username: person ? calledAs(person) : client.id,
    mail: person?.email,
    scope: token.scope,
    organization,
    tenant: new URL(issuer).host,
    rights: rightsOf(held, 'jwt'),
  };
  return { ...rights(held, client, 'jwt'), ...profileMembers(profile, facts) };
}

interface About {
  subject: string;
  organization: string | undefined;
  api: Api | undefined;
}

/** Members for a token at issue: the sign-in and the organisation for all, and for a JWT also what the subject may do at this moment. */
export const tokenClaims =
  (parts: Parts): TokenClaims =>
  async (ctx, token) => {
    const person = 'accountId' in token ? token.accountId : undefined;
    const subject = person ? `user:${person}` : `client:${token.clientId}`;
    const organization = await stillWithin(parts.organizations, organizationOf(ctx), subject);
    const facts = { ...signInFacts(ctx), ...(organization === undefined ? {} : { org_id: organization }) };
    if (token.format !== 'jwt') return Object.keys(facts).length === 0 ? undefined : facts;
    const api = typeof token.aud === 'string' ? await parts.access.api(token.aud) : undefined;
    const about = { subject, organization, api };
    return { ...facts, ...(await snapshot(parts, { scope: token.scope, clientId: token.clientId ?? '' }, about)) };
  };

/** The last word on a JWT: the library writes the scope itself, and some gateways read roles there. */
export const jwtScope =
  (access: Access): JwtCustomizer =>
  async (_ctx, token, jwt) => {
    const api = typeof token.aud === 'string' ? await access.api(token.aud) : undefined;
    const { payload } = jwt;
    const roles: unknown = payload.roles;
    if (api?.profile === undefined || !Array.isArray(roles)) return;
    const rights = { roles: roles.map(String), groups: [], entitlements: [] };
    const scope = profileScope(api.profile, { scope: token.scope, rights });
    if (scope !== undefined) payload.scope = scope;
  };

/**
 * After the library has answered at the token endpoint: a JWT access token is put on record too, before the client learns
 * it, so that it can be introspected and revoked like any other; and a code that was redeemed wrongly counts the failure.
 */
export const issued =
  (
    { records, clients }: { records: Records; clients: Clients },
    count: (grant: string, format: 'opaque' | 'jwt') => void,
  ): Middleware =>
  async (ctx, next) => {
    await next();
    if (ctx.path !== '/oauth2/token' || !isRecord(ctx.oidc)) return;
    const { entities, params } = (ctx as unknown as KoaContextWithOIDC).oidc;
    const token = entities.AccessToken ?? entities.ClientCredentials;
    const value = isRecord(ctx.body) ? ctx.body.access_token : undefined;
    if (ctx.status === 200 && token && typeof value === 'string') {
      if (token.format === 'jwt') await putOnRecord(records, value, token);
      clients.uses.note(String(token.clientId));
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
  const { acr, amr, auth_time, org_id } = isRecord(token.extra) ? token.extra : {};
  const payload: Payload = {
    ...Object.fromEntries(Object.entries(token).filter(([name]) => kept.includes(name))),
    jti,
    iat,
    exp,
    extra: dropUndefined({ acr, amr, auth_time, org_id }),
  };
  const grant = payload.grantId === undefined ? {} : { grant: payload.grantId };
  await records.tokens.insert(
    { id: records.tokenId(value), payload: dropUndefined(payload), ...grant },
    exp - Math.floor(Date.now() / 1000),
  );
}
