import type { FactorLevel } from './factor.ts';

/**
 * What a proof with a security key or passkey is worth: two factors that cannot be phished when it has verified its user by a
 * PIN or a finger, else one more (RFC 8176).
 */
export const worthOfKey = (
  { synced }: { synced: boolean },
  verified: boolean,
): { amr: readonly string[]; level: FactorLevel } => ({
  amr: [synced ? 'swk' : 'hwk', ...(verified ? ['user', 'mfa'] : [])],
  level: verified ? 'phr' : '2fa',
});
