import { errors } from 'oidc-provider';

/** An assertion may be good for so long (seconds): its id must be remembered until then, and a stolen one is as good. */
const longestLife = 3600;
/** How far the clock of a client may be ahead of ours (seconds). */
export const clockTolerance = 10;

/**
 * Refuses an assertion that was made to last, or that claims to be made in the future (RFC 7523 §3, points 4 and 6); the
 * library looks only whether it has ended. Throws invalid_client.
 */
export function refuseFarOff({ exp, iat }: { exp?: unknown; iat?: unknown }): void {
  const now = Math.floor(Date.now() / 1000);
  if (typeof exp === 'number' && exp > now + longestLife + clockTolerance) {
    throw new errors.InvalidClientAuth(`exp must be at most ${longestLife} s ahead`);
  }
  if (typeof iat === 'number' && iat > now + clockTolerance) throw new errors.InvalidClientAuth('iat is in the future');
}
