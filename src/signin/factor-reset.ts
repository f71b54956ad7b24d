import type { Users } from '../directory/users.ts';
import type { Devices } from '../factors/devices.ts';
import type { Enrolments } from '../factors/enrolments.ts';

interface Parts {
  enrolments: Pick<Enrolments, 'reset'>;
  devices: Pick<Devices, 'forgetAll'>;
  users: Pick<Users, 'signOut'>;
}

/** What was taken from a person. */
export interface FactorReset {
  factors: number;
  devices: number;
}

/**
 * Takes all that somebody proves themselves with beside the password: factors, recovery codes, remembered devices; and signs
 * them out, since whoever holds a stolen factor may be signed in by it. It may be repeated. Throws `missing`.
 */
export async function resetFactors(
  { enrolments, devices, users }: Parts,
  user: string,
  actor: string,
  reason: string,
): Promise<FactorReset> {
  const factors = await enrolments.reset(user, actor, reason);
  const forgotten = await devices.forgetAll(user, actor);
  await users.signOut(user, actor);
  return { factors, devices: forgotten };
}
