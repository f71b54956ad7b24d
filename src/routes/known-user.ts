import type { Reach } from '../directory/reach.ts';
import type { User, Users } from '../directory/users.ts';
import type { By } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';

interface Parts {
  users: Users;
  reach: Reach;
}

const nobody = (id: string): string => `The user ${id.slice(0, 200)}`;

/** The person of this id, as far as the caller may know of them. Throws `missing`. */
export async function seenUser({ users, reach }: Parts, by: By, id: string): Promise<User> {
  const user = await users.get(id);
  if (!user) throw missing(nobody(id));
  await reach.refuseUnseen(by, `user:${id}`, nobody(id));
  return user;
}

/** The same, as far as the caller may also look after them. Throws `beyond_own_rights` too. */
export async function managedUser({ users, reach }: Parts, by: By, id: string): Promise<User> {
  const user = await users.get(id);
  if (!user) throw missing(nobody(id));
  await reach.refuseBeyond(by, `user:${id}`, nobody(id));
  return user;
}

/** The same, as far as the caller may know everything that is kept of them: in an organisation, of nobody who belongs to others too. */
export const wholeUser = (parts: Parts, by: By, id: string): Promise<User> =>
  by.organization === undefined ? seenUser(parts, by, id) : managedUser(parts, by, id);
