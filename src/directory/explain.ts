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
    const { until, connection } = from;
    const role = await access.role(path.at(-1) ?? '');
    for (const text of role?.permissions ?? []) {
      const { audience: on, permission } = parsePermission(text);
      if (on !== audience || !api?.permissions.includes(permission)) continue;
      if (connection !== undefined && isAdministration(text)) continue;
      const source = { ...(until === undefined ? {} : { until }), ...(connection === undefined ? {} : { connection }) };
      found.push({ permission, roles: [...path], ...source });
    }
    for (const name of role?.includes ?? []) {
      if (path.includes(name) || (connection !== undefined && name === administrator)) continue;
      await follow([...path, name], from);
    }
  };
  for (const one of await access.assignments({ subject }, { limit: 1000 })) {
    if (one.until === undefined || one.until > now) await follow([one.role], one);
  }
  return found.sort((a, b) => compare(a.permission, b.permission) || compare(a.roles.join(), b.roles.join()));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
