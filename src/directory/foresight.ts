import type { Entity, Page } from '../store/port.ts';
import type { Decide, Ground } from './decide.ts';
import { lasts } from './memberships.ts';
import type { Role } from './terms.ts';

/** What somebody or something would hold that they do not, and no longer hold that they do: each `AUDIENCE#PERMISSION`, sorted. */
export interface Difference {
  gained: string[];
  lost: string[];
}

/** How many people and clients something comes to; `more`: there are more than these. */
export interface Holders {
  people: number;
  clients: number;
  more: boolean;
}

/** What would come of a change of a role. */
export interface RoleForesight extends Difference, Holders {
  /** The role as it would be. */
  role: Role;
  /** The roles that include it, at whatever depth, with what it would be for each. */
  above: (Difference & { id: string })[];
}

/** What would come of giving a role. */
export interface AssignmentForesight extends Holders {
  gained: string[];
  /** What of the role the subject holds already. */
  held: string[];
  /** Whether it would count at once: within an organisation it does while the subject is a member. */
  counts: boolean;
}

type Roles = ReadonlyMap<string, Role>;

/** Nobody needs to know more exactly; looking through all members of a large group would take seconds. */
const most = 10_000;
const perPage = 1000;

/** The permissions of a role and of all that it includes. */
function permissionsOf(roles: Roles, name: string): Set<string> {
  const [seen, found, waiting] = [new Set<string>(), new Set<string>(), [name]];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const role = seen.has(id) ? undefined : roles.get(id);
    seen.add(id);
    for (const text of role?.permissions ?? []) found.add(text);
    waiting.push(...(role?.includes ?? []));
  }
  return found;
}

const difference = (before: ReadonlySet<string>, after: ReadonlySet<string>): Difference => ({
  gained: [...after].filter((text) => !before.has(text)).sort(),
  lost: [...before].filter((text) => !after.has(text)).sort(),
});

/** The names of all roles that include this one, sorted. */
function above(roles: Roles, name: string): string[] {
  const found = new Set([name]);
  for (const one of found) for (const { id, includes } of roles.values()) if (includes.includes(one)) found.add(id);
  found.delete(name);
  return [...found].sort();
}

async function* each<T extends Entity>(find: (page: Page) => Promise<T[]>): AsyncGenerator<T> {
  for (let after = ''; ; ) {
    const some = await find({ limit: perPage, after });
    yield* some;
    if (some.length < perPage) return;
    after = some.at(-1)?.id ?? '';
  }
}

/** Counts whom subjects stand for: themselves, or all who are in a group now, at whatever depth. */
class Count {
  readonly #ground: Ground;
  readonly #found = new Set<string>();
  readonly #seen = new Set<string>();
  constructor(ground: Ground) {
    this.#ground = ground;
  }

  get #full(): boolean {
    return this.#found.size > most;
  }

  /** `place`: only those who are members of that organisation. */
  async add(subject: string, place: string | undefined): Promise<void> {
    const key = `${subject} ${place ?? ''}`;
    if (this.#full || this.#seen.has(key)) return;
    this.#seen.add(key);
    const { groups, organizations } = this.#ground;
    if (!subject.startsWith('group:')) {
      if (place === undefined || (await organizations.isMember(place, subject))) this.#found.add(subject);
      return;
    }
    const now = Date.now() / 1000;
    for await (const one of each((page) => groups.members(subject.slice('group:'.length), page))) {
      if (lasts(one, now)) await this.add(one.member, place);
      if (this.#full) return;
    }
  }

  async addHolders(role: string): Promise<void> {
    const now = Date.now() / 1000;
    for await (const one of each((page) => this.#ground.access.assignments({ role }, page))) {
      if (lasts(one, now)) await this.add(one.subject, one.organization);
      if (this.#full) return;
    }
  }

  get holders(): Holders {
    const counted = [...this.#found].slice(0, most);
    const people = counted.filter((subject) => subject.startsWith('user:')).length;
    return { people, clients: counted.length - people, more: this.#full };
  }
}

/** What would come of making a role this; that it can be made is the caller's to know. */
export async function foreseeRole(ground: Ground, next: Role): Promise<RoleForesight> {
  const before = await ground.access.rolesByName();
  const after = new Map(before).set(next.id, next);
  const changeOf = (id: string) => difference(permissionsOf(before, id), permissionsOf(after, id));
  const including = above(before, next.id);
  const count = new Count(ground);
  for (const name of [next.id, ...including]) await count.addHolders(name);
  return {
    role: next,
    ...changeOf(next.id),
    above: including.map((id) => ({ id, ...changeOf(id) })),
    ...count.holders,
  };
}

/** What is given, and to whom. */
interface Gift {
  subject: string;
  role: string;
  organization?: string | undefined;
  /** Whoever looks after an organisation is told nothing of what is held outside of it. */
  discreet: boolean;
}

/** What would come of giving a role to a subject; that it can be given is the caller's to know. */
export async function foreseeAssignment(
  ground: Ground & { decide: Decide },
  { subject, role, organization, discreet }: Gift,
): Promise<AssignmentForesight> {
  const { access, decide, organizations } = ground;
  const roles = await access.rolesByName();
  const given = [...permissionsOf(roles, role)].sort();
  const within = async () =>
    (await access.assignmentsOf(subject))
      .filter((one) => one.organization === organization && lasts(one, Date.now() / 1000))
      .flatMap((one) => [...permissionsOf(roles, one.role)]);
  const mine = discreet ? new Set(await within()) : await decide.permissions(subject, organization);
  const count = new Count(ground);
  await count.add(subject, organization);
  const member = organization === undefined || subject.startsWith('group:');
  return {
    gained: given.filter((text) => !mine.has(text)),
    held: given.filter((text) => mine.has(text)),
    counts: member || (await organizations.isMember(organization ?? '', subject)),
    ...count.holders,
  };
}
