import type { ClaimProfile } from '../directory/terms.ts';
import type { User } from '../directory/users.ts';
import { type ProfileFacts, profileKeeps, profileMembers, profileScope } from './claim-profiles.ts';
import type { AccessTokenClaims } from './token-status.ts';

/** What is said of a live access token, in the names that the gateways of its API read. */
export function inProfile(profile: ClaimProfile, claims: AccessTokenClaims, user: User | undefined) {
  if (profile === 'standard') return claims;
  const facts: ProfileFacts = {
    subject: claims.sub,
    clientId: claims.client_id,
    username: claims.username,
    mail: user?.email,
    scope: claims.scope,
    organization: claims.org_id,
    tenant: new URL(claims.iss).host,
    rights: claims,
  };
  const scope = profileScope(profile, facts);
  const all = { ...claims, ...(scope === undefined ? {} : { scope }), ...profileMembers(profile, facts) };
  const kept = Object.entries(all).filter(([name, value]) => profileKeeps(profile, name, value));
  return { active: true, ...Object.fromEntries(kept) };
}
