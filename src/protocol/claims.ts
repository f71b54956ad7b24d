import type { Client } from '../clients/clients.ts';
import type { Held } from '../directory/decide.ts';
import { calledAs, type User } from '../directory/users.ts';
import type { Payload } from './records.ts';
import { rightsOf } from './rights.ts';

/** Scopes about the person or the sign-in, not about an API (OIDC Core §5.4, §11; `roles` releases the roles to userinfo). */
export const identityScopes: readonly string[] = [
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
  'roles',
];
const isIdentityScope = new Set(identityScopes);

/** Which claims each scope releases at userinfo (OIDC Core §5.4). */
export const claimsOfScopes = {
  openid: ['sub', 'acr', 'amr', 'org_id'],
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
  roles: ['roles', 'groups'],
  auth_time: null,
  iss: null,
  sid: null,
};

/** Of the scopes that were granted, those that the client is still registered for; `allowed` undefined: for all (RFC 7591 §2). */
export function stillAllowed(granted: string | undefined, allowed: string | undefined): string | undefined {
  if (granted === undefined || allowed === undefined) return granted;
  const may = allowed.split(' ');
  return granted
    .split(' ')
    .filter((scope) => may.includes(scope))
    .join(' ');
}

/** Of the scopes asked for, those that the subject holds now; identity scopes are nobody's to hold. */
export const heldScope = (asked: string | undefined, entitlements: readonly string[]): string =>
  (asked ?? '')
    .split(' ')
    .filter((scope) => scope !== '' && (isIdentityScope.has(scope) || entitlements.includes(scope)))
    .join(' ');

/** What a subject may do on the token's audience. JWT access tokens, introspection and userinfo all take it from here. */
export const rights = (held: Held, client: Client, where: 'answer' | 'jwt' = 'answer') => ({
  ...rightsOf(held, where),
  ...(client.tier === undefined ? {} : { sla_tier: client.tier }),
});

/** The person or, for client credentials, the client itself (RFC 9068 §2.2). */
export const subjectOf = (payload: Payload): string => payload.accountId ?? payload.clientId ?? '';

const confirmation = (payload: Payload) =>
  payload.jkt ? { jkt: payload.jkt } : payload['x5t#S256'] ? { 'x5t#S256': payload['x5t#S256'] } : undefined;

/** Everything that introspection says of a live access token (RFC 7662 §2.2); the members are a contract with gateways. */
export function accessTokenClaims(token: {
  issuer: string;
  payload: Payload;
  client: Client;
  user: User | undefined;
  held: Held;
  /** The organisation that it is for, while the subject is a member. */
  organization: string | undefined;
}) {
  const { issuer, payload, client, user, held, organization } = token;
  const scope = heldScope(stillAllowed(payload.scope, client.metadata.scope), held.entitlements);
  const cnf = confirmation(payload);
  const { org_id: _asIssued, ...signIn } = payload.extra ?? {};
  return {
    active: true,
    iss: issuer,
    sub: subjectOf(payload),
    client_id: client.id,
    username: user ? calledAs(user) : client.id,
    token_type: payload.jkt ? 'DPoP' : 'Bearer',
    ...(scope === '' ? {} : { scope }),
    exp: payload.exp,
    iat: payload.iat,
    nbf: payload.iat,
    jti: payload.jti,
    ...(payload.aud === undefined ? {} : { aud: payload.aud }),
    ...(payload.sid === undefined ? {} : { sid: payload.sid }),
    ...rights(held, client),
    ...signIn,
    ...(organization === undefined ? {} : { org_id: organization }),
    ...(cnf === undefined ? {} : { cnf }),
  };
}

/** What the client that holds a refresh token may learn of it; no gateway ever sees one as active. */
export function refreshTokenClaims(
  issuer: string,
  { payload, client, user }: { payload: Payload; client: Client; user: User | undefined },
) {
  const scope = stillAllowed(payload.scope, client.metadata.scope);
  return {
    active: true,
    iss: issuer,
    sub: subjectOf(payload),
    client_id: payload.clientId,
    ...(user ? { username: calledAs(user) } : {}),
    ...(scope ? { scope } : {}),
    exp: payload.exp,
    iat: payload.iat,
    jti: payload.jti,
  };
}
