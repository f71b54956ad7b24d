import type { Held } from '../directory/decide.ts';

/** What a subject may do, in the names of RFC 9068 §2.2.3.1; the texts are for gateways that pass on scalars only. */
export interface Rights {
  roles: string[];
  groups: string[];
  entitlements: string[];
  roles_str: string;
  entitlements_str: string;
  /** The list of that name is not the whole. */
  roles_overage?: true;
  groups_overage?: true;
  entitlements_overage?: true;
}

/**
 * What a list may take (bytes of JSON), and how many groups there may be at most: NGINX reads 16 KiB of an answer, and roles
 * and entitlements stand in it twice.
 */
const room = { roles: 1024, groups: 2048, entitlements: 3072 };
const mostGroups = 100;

/** One question is asked some thousand times, and `Decide` answers it with the same object as long as it is the same. */
const known = new WeakMap<Held, Rights>();

/** What is held, as tokens and introspection say it, in a size that no gateway breaks on. */
export function rightsOf(held: Held): Rights {
  const before = known.get(held);
  if (before) return before;
  const roles = fitting(held.roles, room.roles);
  const groups = fitting(held.groups.slice(0, mostGroups), room.groups);
  const entitlements = fitting(held.entitlements, room.entitlements);
  const rights: Rights = {
    roles,
    groups,
    entitlements,
    roles_str: roles.join(' '),
    entitlements_str: entitlements.join(' '),
    ...(roles.length < held.roles.length ? { roles_overage: true } : {}),
    ...(groups.length < held.groups.length ? { groups_overage: true } : {}),
    ...(entitlements.length < held.entitlements.length ? { entitlements_overage: true } : {}),
  };
  known.set(held, rights);
  return rights;
}

/** The first names that fit; every name is ASCII (directory/terms.ts). */
function fitting(names: readonly string[], bytes: number): string[] {
  let left = bytes;
  const end = names.findIndex((name) => {
    left -= name.length + 3;
    return left < 0;
  });
  return end === -1 ? [...names] : names.slice(0, end);
}
