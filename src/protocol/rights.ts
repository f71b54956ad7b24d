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
 * What a list may take (bytes of JSON), and how many groups there may be at most. NGINX reads 16 KiB of an answer; a JWT
 * comes in a header, of which many servers read 8 KiB. Roles and entitlements stand there twice, in some profiles thrice.
 */
const rooms = {
  answer: { roles: 1024, groups: 2048, entitlements: 2560 },
  jwt: { roles: 512, groups: 768, entitlements: 768 },
};
const mostGroups = 100;

/** One question is asked some thousand times, and `Decide` answers it with the same object as long as it is the same. */
const known = { answer: new WeakMap<Held, Rights>(), jwt: new WeakMap<Held, Rights>() };
/** The same rights as members of a JSON object, by their entitlements. */
const texts = new WeakMap<readonly string[], { rights: Rights; text: string }>();

/** What is held, as a JWT or everything else says it, in a size that no gateway breaks on. */
export function rightsOf(held: Held, where: 'answer' | 'jwt' = 'answer'): Rights {
  const before = known[where].get(held);
  if (before) return before;
  const room = rooms[where];
  const roles = fitting(held.roles, room.roles);
  const groups = fitting(held.groups.slice(0, mostGroups), room.groups);
  const entitlements = fitting(held.entitlements, room.entitlements);
  const all = { roles, groups, entitlements, roles_str: roles.join(' '), entitlements_str: entitlements.join(' ') };
  const rights: Rights = {
    ...all,
    ...(roles.length < held.roles.length ? { roles_overage: true } : {}),
    ...(groups.length < held.groups.length ? { groups_overage: true } : {}),
    ...(entitlements.length < held.entitlements.length ? { entitlements_overage: true } : {}),
  };
  known[where].set(held, rights);
  texts.set(entitlements, { rights, text: JSON.stringify(all).slice(1, -1) });
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

/** An answer of introspection as JSON. The rights in it are most of it and seldom change, so they are written once. */
export function answerText(answer: Partial<Rights> & object): string {
  const { roles, groups, entitlements, roles_str, entitlements_str, ...others } = answer;
  const known = entitlements && texts.get(entitlements);
  if (!known || known.rights.roles !== roles || known.rights.groups !== groups) return JSON.stringify(answer);
  return `${JSON.stringify(others).slice(0, -1)},${known.text}}`;
}
