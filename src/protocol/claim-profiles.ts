import type { ClaimProfile } from '../directory/terms.ts';
import type { Rights } from './rights.ts';

/** What the profiles are made of. */
export interface ProfileFacts {
  subject: string;
  clientId: string;
  /** The person's name here, or the client's id. */
  username: string;
  mail?: string | undefined;
  scope?: string | undefined;
  organization?: string | undefined;
  /** Where the organisation of the token is not said: the host of the issuer. */
  tenant: string;
  rights: Pick<Rights, 'roles' | 'groups' | 'entitlements'>;
}

/** No permission of an API begins so: whoever reads it in a scope knows that the subject has the role. */
export const roleScope = (role: string): string => `role:${role}`;

const additions: Record<ClaimProfile, (facts: ProfileFacts) => Record<string, unknown>> = {
  standard: () => ({}),
  minimal: () => ({}),
  mulesoft: ({ username, mail }) => ({ uid: username, ...(mail === undefined ? {} : { mail }) }),
  keycloak: ({ username, clientId, rights: { roles, entitlements } }) => ({
    realm_access: { roles },
    resource_access: { [clientId]: { roles: entitlements } },
    preferred_username: username,
  }),
  cognito: ({ rights: { groups } }) => ({ 'cognito:groups': groups, token_use: 'access' }),
  entra: ({ subject, clientId, scope, organization, tenant }) => ({
    ...(scope === undefined ? {} : { scp: scope }),
    ...{ oid: subject, tid: organization ?? tenant, appid: clientId },
  }),
};

/** What a profile says besides the standard members, in introspection and in JWTs alike. */
export const profileMembers = (profile: ClaimProfile, facts: ProfileFacts): Record<string, unknown> =>
  additions[profile](facts);

/** The scope as a profile tells it: MuleSoft's policies check nothing else, so roles stand in it too. */
export function profileScope(
  profile: ClaimProfile,
  { scope, rights }: Pick<ProfileFacts, 'scope' | 'rights'>,
): string | undefined {
  if (profile !== 'mulesoft') return scope;
  return [...(scope?.split(' ') ?? []), ...rights.roles.map(roleScope)].join(' ') || undefined;
}

const least = new Set(['active', 'client_id', 'sub', 'scope', 'exp']);

/** Which members of an introspection answer a profile leaves standing. */
export function profileKeeps(profile: ClaimProfile, name: string, value: unknown): boolean {
  if (profile === 'minimal') return least.has(name);
  // Whatever is nested does not reach a MuleSoft policy; `cnf` stays, since a bound token must be told as one.
  return profile !== 'mulesoft' || name === 'cnf' || isFlat(value);
}

const isFlat = (value: unknown): boolean =>
  typeof value !== 'object' || (Array.isArray(value) && value.every((one) => typeof one !== 'object'));
