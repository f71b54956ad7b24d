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
  const answer = await status.introspect(token, caller);
  const live = await status.live(token);
  if (!answer.active || !live || !('token_type' in answer) || answer.token_type !== 'Bearer' || 'cnf' in answer) {
    return undefined;
  }
  return {
    clientId: answer.client_id,
    uid: answer.username,
    mail: live.user?.email,
    subject: answer.sub,
    scope: answer.scope?.split(' ') ?? [],
    expiresIn: (answer.exp ?? 0) - Math.floor(Date.now() / 1000),
    roles: answer.roles,
    rolesText: answer.roles_str,
    entitlementsText: answer.entitlements_str,
    tier: answer.sla_tier,
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
