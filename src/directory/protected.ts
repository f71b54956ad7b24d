import { problem } from '../kernel/errors.ts';
import type { Page } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import type { Access } from './access.ts';
import { adminApi, administrator, delegable } from './built-in.ts';
import { isCertain } from './decide.ts';
import type { Groups } from './groups.ts';
import { lasts } from './memberships.ts';
import type { Role } from './terms.ts';

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
async function administering(access: Given): Promise<string[]> {
  const found = [administrator];
  const all = await whole((page) => access.roles(page));
  for (const name of found) {
    for (const { id, includes } of all) if (includes.includes(name) && !found.includes(id)) found.push(id);
  }
  return found;
}

/** Whether somebody may act at all; `sure`: as the store itself says, whatever is remembered. */
interface Acting {
  acts(id: string, sure: boolean): Promise<boolean>;
}

/** What administrators are known by. */
export interface Offices {
  access: Access;
  groups: Groups;
  users: Acting;
  /** Programs count where no person administers this server. */
  clients?: Acting;
}

/**
 * Does what may take the administration from somebody, or undoes it and throws `last_administrator`. With `subject` it keeps
 * this one out.
 */
export type Guard = <T>(
  deed: () => Promise<T>,
  undo: (done: T) => Promise<unknown>,
  subject?: string | undefined,
) => Promise<T>;

/** Somebody active who is an administrator, and whether all that this rests on is in the store itself. */
interface Administrator {
  subject: string;
  /** A person is worth more than a program, and for good more than for a time. */
  worth: number;
  stands(): Promise<boolean>;
}

/** What leads to somebody: who has the role or is in the group. */
interface Step {
  subject: string;
  until?: number;
}

const best = (all: readonly Administrator[]): number => Math.max(-1, ...all.map(({ worth }) => worth));

/** What is asked of roles and of who has them. */
type Given = Pick<Access, 'assignments' | 'stands'> & { roles(page: Page): Promise<Role[]> };

/** Everybody through whom somebody could look after this server, once for each way. */
async function administrators({
  access,
  groups,
  users,
  clients,
}: Omit<Offices, 'access'> & { access: Given }): Promise<Administrator[]> {
  const now = Date.now() / 1000;
  const found: Administrator[] = [];
  const add = async (subject: string, lasting: boolean, stands: () => Promise<boolean>): Promise<void> => {
    const [, kind, id = ''] = /^(user|client):(.+)$/s.exec(subject) ?? [];
    const acting = kind === 'user' ? users : kind === 'client' ? clients : undefined;
    if (!(await acting?.acts(id, false))) return;
    const worth = (kind === 'user' ? 2 : 0) + (lasting ? 1 : 0);
    found.push({ subject, worth, stands: async () => (await stands()) && (await acting?.acts(id, true)) === true });
  };
  const follow = async (
    { subject, until }: Step,
    seen: readonly string[],
    above: Omit<Administrator, 'subject'>,
  ): Promise<void> => {
    const worth = until === undefined ? above.worth : 0;
    const [, group] = /^group:(.+)$/s.exec(subject) ?? [];
    if (group === undefined) await add(subject, worth === 1, above.stands);
    if (group === undefined || seen.includes(group)) return;
    for (const { id, member, ...one } of await whole((page) => groups.members(group, page))) {
      if (one.connection !== undefined || !lasts(one, now)) continue;
      const stands = async () => (await above.stands()) && groups.stands(id);
      await follow({ subject: member, ...one }, [...seen, group], { worth, stands });
    }
  };
  for (const role of await administering(access)) {
    for (const one of await whole((page) => access.assignments({ role }, page))) {
      if (isCertain(one) && lasts(one, now)) await follow(one, [], { worth: 1, stands: () => access.stands(one.id) });
    }
  }
  return found;
}

/** Whether this person is an administrator and no other active person is for as long: without them nobody could look after this server. */
export async function isLastAdministrator(offices: Offices, id: string): Promise<boolean> {
  const all = await administrators(offices);
  return best(all.filter(({ subject }) => subject !== `user:${id}`)) < best(all);
}

const lastAdministrator = problem(
  'last_administrator',
  409,
  () => 'Then nobody would stay an administrator of this server; make another person one first, without an end',
);

/** Throws `last_administrator` if nobody would have the administration, or nobody for good, with this role in place of the one that there is. */
export async function refuseEmptying(offices: Offices, next: Role): Promise<void> {
  const { access } = offices;
  const then: Given = {
    roles: async (page) => (await access.roles(page)).map((role) => (role.id === next.id ? next : role)),
    assignments: (where, page) => access.assignments(where, page),
    stands: (id) => access.stands(id),
  };
  const before = best(await administrators(offices));
  if (best(await administrators({ ...offices, access: then })) < before) throw lastAdministrator();
}

/** Whether one of these is worth so much, and stands in the store itself. */
async function lookedAfter(all: readonly Administrator[], worth: number): Promise<boolean> {
  for (const one of all) if (one.worth >= worth && (await one.stands())) return true;
  return false;
}

/** The last deed of each kind of house in this process, which the next one waits for. */
const turns = new WeakMap<Access, Promise<unknown>>();

/**
 * Does what may take the administration from somebody, unless nobody would have it then, or nobody for good. It looks after its
 * own deed, into the store itself. One comes after the other, also of several processes, so that none takes what another has
 * yet to undo for how it was. With `subject` the deed keeps this one out, and where no other would be left it is not even
 * begun. Throws `last_administrator`, and `unavailable` when no turn comes.
 */
export function administered<T>(
  offices: Offices,
  deed: () => Promise<T>,
  undo: (done: T) => Promise<unknown>,
  subject?: string,
): Promise<T> {
  const guarded = async (undone: () => void): Promise<T> => {
    const all = await administrators(offices);
    const before = best(all);
    if (before < 0) return deed();
    // What would have to be undone is not begun: a process that dies in between would leave nobody.
    const others = all.filter((one) => one.subject !== subject);
    if (subject !== undefined && !(await lookedAfter(others, before))) throw lastAdministrator();
    const done = await deed();
    if (await lookedAfter(await administrators(offices), before)) return done;
    await undo(done);
    undone();
    throw lastAdministrator();
  };
  const alone = () => offices.access.alone.run(guarded);
  const turn = (turns.get(offices.access) ?? Promise.resolve()).then(alone, alone);
  turns.set(offices.access, turn);
  return turn;
}
