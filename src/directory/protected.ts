import { problem } from '../kernel/errors.ts';
import { whole } from '../store/whole.ts';
import type { Access } from './access.ts';
import { adminApi, administrator, delegable } from './built-in.ts';
import { isCertain } from './decide.ts';
import type { Groups } from './groups.ts';
import { lasts } from './memberships.ts';
import type { Users } from './users.ts';

/**
 * Why no outside provider may give this role: it is the administrator's, includes that one, or holds permissions of the
 * administration. Undefined when one may. Roles change, so whoever gives one asks again.
 */
export async function refuseRole(access: Access, name: string): Promise<string | undefined> {
  return (await administrating(access, name)).size === 0
    ? undefined
    : `The role ${name} administers this server, and no other provider can give it; assign it here, to a person`;
}

/** Whether what a role administers, if anything, can be allowed within one organisation. */
export async function boundable(access: Access, name: string): Promise<boolean> {
  return (await administrating(access, name)).isSubsetOf(delegable);
}

/** The permissions on the administration of a role and of those that it includes; the administrator's stands for all of them. */
async function administrating(access: Access, name: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const waiting = [name];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (id === administrator) found.add(administrator);
    const role = await access.role(id);
    for (const text of role?.permissions ?? []) {
      if (text.startsWith(`${adminApi}#`)) found.add(text.slice(adminApi.length + 1));
    }
    waiting.push(...(role?.includes ?? []));
  }
  return found;
}

/** Roles through which somebody is an administrator: that one, and those that include it. */
async function administering(access: Access): Promise<string[]> {
  const found = [administrator];
  const all = await whole((page) => access.roles(page));
  for (const name of found) {
    for (const { id, includes } of all) if (includes.includes(name) && !found.includes(id)) found.push(id);
  }
  return found;
}

/** What administrators are known by. */
export interface Offices {
  access: Access;
  groups: Groups;
  users: Pick<Users, 'get'>;
}

/** An active person who is an administrator, and whether all that this rests on is in the store itself. */
interface Administrator {
  user: string;
  stands(): Promise<boolean>;
}

/** Everybody through whom somebody could look after this server, once for each way. */
async function administrators({ access, groups, users }: Offices): Promise<Administrator[]> {
  const now = Date.now() / 1000;
  const found: Administrator[] = [];
  const follow = async (subject: string, stands: () => Promise<boolean>, seen: readonly string[]): Promise<void> => {
    const [, kind, id = ''] = /^(user|group):(.+)$/s.exec(subject) ?? [];
    if (kind === 'user' && (await users.get(id))?.state === 'active') found.push({ user: id, stands });
    if (kind !== 'group' || seen.includes(id)) return;
    for (const one of await whole((page) => groups.members(id, page))) {
      if (one.connection !== undefined || !lasts(one, now)) continue;
      await follow(one.member, async () => (await stands()) && groups.stands(one.id), [...seen, id]);
    }
  };
  for (const role of await administering(access)) {
    for (const one of await whole((page) => access.assignments({ role }, page))) {
      if (isCertain(one) && lasts(one, now)) await follow(one.subject, () => access.stands(one.id), []);
    }
  }
  return found;
}

/** Whether this person is an administrator and no other active person is: without them nobody could look after this server. */
export async function isLastAdministrator(offices: Offices, id: string): Promise<boolean> {
  const all = await administrators(offices);
  return all.some(({ user }) => user === id) && all.every(({ user }) => user === id);
}

const lastAdministrator = problem(
  'last_administrator',
  409,
  () => 'Then no person would be an administrator any more; make somebody else one first',
);

/**
 * Does what may take the administration from somebody, unless nobody would have it then: two who do it at once both look
 * after their own deed, and into the store itself, so at least one of them undoes it. Throws `last_administrator`.
 */
export async function administered<T>(
  offices: Offices,
  deed: () => Promise<T>,
  undo: (done: T) => Promise<unknown>,
): Promise<T> {
  if ((await administrators(offices)).length === 0) return deed();
  const done = await deed();
  for (const { stands } of await administrators(offices)) if (await stands()) return done;
  await undo(done);
  throw lastAdministrator();
}
