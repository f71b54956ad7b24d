import type { User } from '../directory/users.ts';
import type { House } from '../house.ts';
import { missing } from '../kernel/errors.ts';

/**
 * The subject that was typed (an e-mail address, the `sub` of a person, a client id or `group:NAME`) as roles are assigned to it: `user:ID`,
 * `client:ID`, `group:NAME`. Throws `missing`.
 */
export async function subjectOf(typed: string, { users, clients }: House): Promise<string> {
  if (/^group:./.test(typed)) return typed;
  const user = await users.known(typed);
  if (user) return `user:${user.id}`;
  const client = await clients.get(typed);
  if (client) return `client:${client.id}`;
  throw missing(`A user or client ${typed}`);
}

/** The subject as people know it: the reverse of `subjectOf`, as far as it still exists. */
export async function subjectName(subject: string, { users }: House): Promise<string> {
  const [, kind, id = ''] = /^(\w+):(.*)$/s.exec(subject) ?? [];
  if (kind === 'user') {
    const user = await users.get(id);
    return user ? (user.email ?? id) : subject;
  }
  return kind === 'client' ? id : subject;
}

/** The person by address, or by `sub` for people who have none. Throws `missing`. */
export async function personOf(name: string, { users }: House): Promise<User> {
  const user = await users.known(name);
  if (!user) throw missing(`A user with the e-mail address or sub ${name}`);
  return user;
}
