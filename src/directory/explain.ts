import type { Access } from './access.ts';
import { parsePermission } from './terms.ts';

/** One way from an assignment to a permission: the role that is assigned, then each included role down to the one that holds it. */
export interface Path {
  permission: string;
  roles: string[];
  /** When the assignment ends, in seconds. */
  until?: number;
}

/** Why a subject (`user:ID`, `client:ID`, `group:NAME`) holds what it holds on an audience now: every path, sorted by permission. */
export async function explain(access: Access, subject: string, audience: string): Promise<Path[]> {
  const api = await access.api(audience);
  const now = Date.now() / 1000;
  const found: Path[] = [];
  const follow = async (path: readonly string[], until: number | undefined): Promise<void> => {
    const role = await access.role(path.at(-1) ?? '');
    for (const text of role?.permissions ?? []) {
      const { audience: on, permission } = parsePermission(text);
      if (on !== audience || !api?.permissions.includes(permission)) continue;
      found.push({ permission, roles: [...path], ...(until === undefined ? {} : { until }) });
    }
    for (const name of role?.includes ?? []) if (!path.includes(name)) await follow([...path, name], until);
  };
  for (const { role, until } of await access.assignments({ subject }, { limit: 1000 })) {
    if (until === undefined || until > now) await follow([role], until);
  }
  return found.sort((a, b) => compare(a.permission, b.permission) || compare(a.roles.join(), b.roles.join()));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
