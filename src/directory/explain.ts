import type { Access } from './access.ts';
import { administrator } from './built-in.ts';
import { isAdministration } from './decide.ts';
import { type Assignment, parsePermission } from './terms.ts';

/** One way from an assignment to a permission: the role that is assigned, then each included role down to the one that holds it. */
export interface Path {
  permission: string;
  roles: string[];
  /** When the assignment ends, in seconds. */
  until?: number;
  /** The connection whose provider gave the role. */
  connection?: string;
}

/** Why a subject (`user:ID`, `client:ID`, `group:NAME`) holds what it holds on an audience now: every path, sorted by permission. */
export async function explain(access: Access, subject: string, audience: string): Promise<Path[]> {
  const api = await access.api(audience);
  const now = Date.now() / 1000;
  const found: Path[] = [];
  const follow = async (path: readonly string[], from: Assignment): Promise<void> => {
    const role = await access.role(path.at(-1) ?? '');
    for (const text of role?.permissions ?? []) {
      const { audience: on, permission } = parsePermission(text);
      if (on === audience && api?.permissions.includes(permission) && mayGive(from, text)) {
        found.push({ permission, roles: [...path], ...sourceOf(from) });
      }
    }
    for (const name of role?.includes ?? []) {
      if (!path.includes(name) && mayGive(from, name)) await follow([...path, name], from);
    }
  };
  for (const one of await access.assignments({ subject }, { limit: 1000 })) {
    if (one.until === undefined || one.until > now) await follow([one.role], one);
  }
  return found.sort((a, b) => compare(a.permission, b.permission) || compare(a.roles.join(), b.roles.join()));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** By the word of a provider nobody gets the administrator's role, or a permission on the administration. */
const mayGive = ({ connection }: Assignment, what: string): boolean =>
  connection === undefined || (what !== administrator && !isAdministration(what));

const sourceOf = ({ until, connection }: Assignment): Pick<Path, 'until' | 'connection'> => ({
  ...(until === undefined ? {} : { until }),
  ...(connection === undefined ? {} : { connection }),
});
