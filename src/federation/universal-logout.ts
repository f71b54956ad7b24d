import { z } from 'zod';
import type { OidcConnection, Surroundings } from './connection.ts';
import { providerOf } from './oidc-discovery.ts';
import { refusal, shown } from './oidc-refusals.ts';
import { checkAudience, checkTimes, signedBy, textIn } from './oidc-tokens.ts';

const order = z.object({
  sub_id: z.discriminatedUnion('format', [
    z.object({ format: z.literal('iss_sub'), iss: z.string().min(1).max(2000), sub: z.string().min(1).max(255) }),
    z.object({ format: z.literal('email'), email: z.string().min(3).max(320) }),
  ]),
});

/** Whose sessions and tokens have to end (RFC 9493). `jti` counts once until `exp` (seconds), after which the token is over. */
export type Revocation = z.output<typeof order>['sub_id'] & { jti: string; exp: number };

/** Okta signs for at most so long (seconds). */
const life = 5 * 60;

/**
 * Verifies a request of Okta's Universal Logout (Global Token Revocation): `token` from its Authorization header, `endpoint` the
 * address that it came to, `body` its JSON. Okta's organization signs, also where people come from a custom authorization
 * server of it. Throws `refused`.
 */
export async function verifyRevocationToken(
  settings: OidcConnection,
  around: Surroundings,
  { token, endpoint, body }: { token: string; endpoint: string; body: unknown },
): Promise<Revocation> {
  if (!settings.universalLogout) throw refusal('not_accepted');
  const custom = /^(https?:\/\/[^/]+)\/oauth2\/[^/]+\/?$/.exec(settings.issuer)?.[1];
  const issuer = custom ?? settings.issuer;
  const provider = providerOf(custom === undefined ? settings : { issuer, discovery: undefined }, around);
  const signed = await signedBy(provider, token, ['global-token-revocation+jwt']);
  if (signed.claims.iss !== issuer) throw refusal('wrong_issuer', { came: shown(signed.claims.iss), wanted: issuer });
  checkAudience(signed, endpoint);
  if (signed.claims.sub !== settings.clientId) {
    throw refusal('wrong_client', { came: shown(signed.claims.sub), wanted: settings.clientId });
  }
  const exp = checkTimes(signed, { now: around.now(), skew: settings.skew, age: life, longest: life });
  const jti = textIn(signed, 'jti');
  const { success, data, error } = order.safeParse(body);
  if (!success) throw refusal('unreadable_order', { came: shown(error.issues[0]?.message) });
  const whom = data.sub_id;
  if (whom.format === 'iss_sub' && whom.iss !== issuer && whom.iss !== settings.issuer) {
    throw refusal('wrong_issuer', { came: shown(whom.iss), wanted: settings.issuer });
  }
  return { ...whom, jti, exp };
}
