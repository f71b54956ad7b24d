import { errors } from 'oidc-provider';

/** An assertion may be good for so long (seconds): its id must be remembered until then, and a stolen one is as good. */
const longestLife = 3600;
/** How far the clock of a client may be ahead of ours (seconds). */
export const clockTolerance = 10;

/** What a client may call its assertion (RFC 7519 §5.1, draft-ietf-oauth-rfc7523bis §3); nothing is fine too. */
const types = ['jwt', 'client-authentication+jwt'];

/**
 * Refuses an assertion that was made to last, that claims to be made in the future (RFC 7523 §3, points 4 and 6), or that
 * says that it is something else, such as a DPoP proof (RFC 8725 §3.11); the library looks at none of it. Throws invalid_client.
 */
export function checkAssertion(
  { exp, iat }: { exp?: unknown; iat?: unknown },
  { typ = 'JWT' }: { typ?: unknown },
): void {
  const now = Math.floor(Date.now() / 1000);
  if (typeof exp === 'number' && exp > now + longestLife + clockTolerance) {
    throw new errors.InvalidClientAuth(`exp must be at most ${longestLife} s ahead`);
  }
  if (typeof iat === 'number' && iat > now + clockTolerance) throw new errors.InvalidClientAuth('iat is in the future');
  const type = String(typ)
    .toLowerCase()
    .replace(/^application\//, '');
  if (!types.includes(type)) throw new errors.InvalidClientAuth('typ must be JWT or client-authentication+jwt');
}
