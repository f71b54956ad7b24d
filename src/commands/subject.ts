import type { User } from '../directory/users.ts';
import type { House } from '../house.ts';
import { missing } from '../kernel/errors.ts';

/** The person by address, or by `sub` for people who have none. Throws `missing`. */
export async function personOf(name: string, { users }: House): Promise<User> {
  const user = await users.known(name);
  if (!user) throw missing(`A user with the e-mail address or sub ${name}`);
  return user;
}
