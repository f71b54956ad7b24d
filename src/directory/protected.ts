import type { Access } from './access.ts';
import { adminApi, administrator } from './built-in.ts';
import type { Role } from './terms.ts';
import type { Users } from './users.ts';

/**
 * Why no outside provider may give this role: it is the administrator's, includes that one, or holds permissions of the
 * administration. Undefined when one may. Roles change, so whoever gives one asks again.
 */
export async function refuseRole(access: Access, name: string): Promise<string | undefined> {
  const seen = new Set<string>();
  const waiting = [name];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const role = id === administrator ? undefined : await access.role(id);
    if (id === administrator || role?.permissions.some((permission) => permission.startsWith(`${adminApi}#`))) {
      return `The role ${name} administers this server, and no other provider can give it; assign it here, to a person`;
    }
    waiting.push(...(role?.includes ?? []));
  }
  return undefined;
}

const most = 1000;

/** Roles through which somebody is an administrator: that one, and those that include it. */
async function administering(access: Access): Promise<string[]> {
  const found = [administrator];
  const all: Role[] = [];
  for (let page = await access.roles({ limit: most }); page.length > 0; ) {
    all.push(...page);
    page = page.length < most ? [] : await access.roles({ limit: most, after: page.at(-1)?.id ?? '' });
  }
  for (const name of found) {
    for (const { id, includes } of all) if (includes.includes(name) && !found.includes(id)) found.push(id);
  }
  return found;
}

/** Whether this person is an administrator and no other active person is: without them nobody could look after this server. */
export async function isLastAdministrator(access: Access, users: Pick<Users, 'get'>, id: string): Promise<boolean> {
  const roles = await administering(access);
  const held = await Promise.all(roles.map((role) => access.assignments({ role }, { limit: most })));
  const subjects = new Set(held.flat().map(({ subject }) => subject));
  if (!subjects.delete(`user:${id}`)) return false;
  for (const subject of subjects) {
    const [, other] = /^user:(.+)$/.exec(subject) ?? [];
    if (other !== undefined && (await users.get(other))?.state === 'active') return false;
  }
  return true;
}
