import { z } from 'zod';
import type { Clients } from '../clients/clients.ts';
import type { Groups } from '../directory/groups.ts';
import type { Reach } from '../directory/reach.ts';
import type { Users } from '../directory/users.ts';
import type { By } from '../http/resource.ts';
import { missing } from '../kernel/errors.ts';

/** What people call a subject that an answer names. */
export const subjectCalled = z
  .string()
  .meta({ description: 'The subject as people know it: an address, a client id, group:NAME' });

interface Parts {
  users: Users;
  clients: Clients;
  groups: Groups;
}

/**
 * The subject that was named (an e-mail address, the `sub` of a person, a client id, `group:NAME`, or as it is answered) as
 * roles are assigned to it: `user:ID`, `client:ID`, `group:NAME`. Throws `missing`.
 */
export async function subjectOf(named: string, { users, clients, groups }: Parts): Promise<string> {
  const [, kind, id = ''] = /^(user|client|group):(.+)$/s.exec(named) ?? [];
  if (kind === 'group') {
    if (await groups.get(id)) return named;
    throw missing(`The group ${id}`);
  }
  const user = await users.known(kind === 'user' ? id : named);
  if (user) return `user:${user.id}`;
  const client = await clients.get(kind === 'client' ? id : named);
  if (client) return `client:${client.id}`;
  throw missing(kind === undefined ? `A user or client ${named.slice(0, 200)}` : `The ${kind} ${id.slice(0, 200)}`);
}

/** The same, as far as the caller may know of it: within an organisation its members, and no group. Throws the same `missing`. */
export async function seenSubject(named: string, parts: Parts & { reach: Reach }, by: By): Promise<string> {
  const subject = await subjectOf(named, parts);
  if (by.organization === undefined) return subject;
  if (subject.startsWith('group:')) throw missing(`The group ${subject.slice('group:'.length)}`);
  await parts.reach.refuseUnseen(by, subject, `A user or client ${named.slice(0, 200)}`);
  return subject;
}

/** The subject as people know it: the reverse of `subjectOf`, as far as it still exists. */
export async function subjectName(subject: string, { users }: Pick<Parts, 'users'>): Promise<string> {
  const [, kind, id = ''] = /^(\w+):(.*)$/s.exec(subject) ?? [];
  if (kind === 'user') {
    const user = await users.get(id);
    return user ? (user.email ?? id) : subject;
  }
  return kind === 'client' ? id : subject;
}
