import type { Client } from '../clients/clients.ts';
import type { TokenStatus } from './token-status.ts';

/** What is known of a live token that anybody who has it may use, in the words that the old answers share. */
interface Facts {
  clientId: string;
  /** The person's name here, or the client's. */
  uid: string;
  mail: string | undefined;
  subject: string;
  scope: string[];
  /** Seconds from now. */
  expiresIn: number;
  roles: string[];
  rolesText: string;
  entitlementsText: string;
  tier: string | undefined;
}

/** Who asks where nobody is asked who it is; no client can have this id. */
export const anyGateway: Client = {
  id: 'any gateway',
  name: 'Any gateway',
  state: 'approved',
  metadata: {},
  secrets: [],
  firstParty: false,
  introspects: 'all',
  pkce: 'required',
  created: 0,
  updated: 0,
};

/**
 * The token as introspection would tell this caller; undefined for all that is no good. Neither are tokens which are bound
 * to a key or a certificate: those who ask here would let anybody use them.
 */
async function facts(status: TokenStatus, token: string, caller: Client): Promise<Facts | undefined> {
  const known = await status.known(token, caller);
  if (known?.claims.token_type !== 'Bearer' || 'cnf' in known.claims) return undefined;
  const { claims, token: live } = known;
  return {
    clientId: claims.client_id,
    uid: claims.username,
    mail: live.user?.email,
    subject: claims.sub,
    scope: claims.scope?.split(' ') ?? [],
    expiresIn: (claims.exp ?? 0) - Math.floor(Date.now() / 1000),
    roles: claims.roles,
    rolesText: claims.roles_str,
    entitlementsText: claims.entitlements_str,
    tier: claims.sla_tier,
  };
}

const person = ({ uid, mail, subject, clientId, rolesText, entitlementsText, tier }: Facts) => ({
  uid,
  ...(mail === undefined ? {} : { mail }),
  sub: subject,
  client_id: clientId,
  roles_str: rolesText,
  entitlements_str: entitlementsText,
  ...(tier === undefined ? {} : { sla_tier: tier }),
});

/** As the Mule OAuth 2.0 provider answers at /validate: flat, scalars only, since its policy passes on nothing else. */
export async function validated(status: TokenStatus, token: string) {
  const known = await facts(status, token, anyGateway);
  if (!known) return undefined;
  const { scope, expiresIn } = known;
  return { token_type: 'Bearer', expires_in: expiresIn, scope: scope.join(' '), ...person(known) };
}

/** As OpenAM answers at /oauth2/tokeninfo: the scope is a list. */
export async function tokenInfo(status: TokenStatus, token: string) {
  const known = await facts(status, token, anyGateway);
  if (!known) return undefined;
  const { scope, expiresIn, roles } = known;
  return { token_type: 'Bearer', expires_in: expiresIn, scope, realm: '/', ...person(known), roles };
}

/** As PingFederate answers its grant validate_bearer: what is known of the person stands in the member access_token. */
export async function validatedBearer(status: TokenStatus, token: string, caller: Client) {
  const known = await facts(status, token, caller);
  if (!known) return undefined;
  const { scope, expiresIn, clientId, roles } = known;
  const { client_id: _outside, ...attributes } = person(known);
  return {
    access_token: { ...attributes, roles },
    token_type: 'urn:pingidentity.com:oauth2:validated_token',
    expires_in: expiresIn,
    client_id: clientId,
    scope: scope.join(' '),
  };
}
