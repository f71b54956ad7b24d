import type { Trail } from '../audit/trail.ts';
import { invalid, missing, problem } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import { circle } from './circles.ts';
import { Compiled } from './compiled.ts';
import { type Joining, lasts, type Membership, Memberships } from './memberships.ts';
import { observed } from './observed.ts';
import { checkedName } from './terms.ts';

/** A name that people, clients and other groups are in, so that roles can be given to all of them. */
export interface Group extends Entity {
  /** Groups whose members are members of this one too, sorted. */
  readonly includes: readonly string[];
}

/** The groups that somebody is in, nested ones too, with whether an administrator's word alone leads there. */
export type Reached = ReadonlyMap<string, boolean>;

interface Parts {
  store: Store;
  trail: Trail;
  /** Takes what was given to a group that goes. */
  forget(subject: string, actor: string): Promise<unknown>;
}

/** What a provider says, an administrator changes at the connection. */
const byProvider = problem(
  'in_use',
  409,
  (subject: string, group: string, connection: string) =>
    `${subject} is in the group ${group} by the word of the connection ${connection}; change its rules, or what the provider says`,
);

type Nesting = ReadonlyMap<string, readonly Membership[]>;

/** The memberships of somebody, and those of groups by the subject that a group is. */
export interface Ways {
  readonly own: readonly Membership[];
  readonly above: Nesting | undefined;
}

const nobody: Reached = new Map();
const seconds = (): number => Date.now() / 1000;
const subjectOf = (group: string): string => `group:${group}`;

/** The groups that somebody is in at a time (seconds), each with whether an administrator's word alone leads there. */
export function reachedFrom({ own, above }: Ways, now: number): Reached {
  if (own.length === 0) return nobody;
  const nested = (name: string): readonly Membership[] => above?.get(subjectOf(name)) ?? [];
  const found = new Map<string, boolean>();
  // What is certain comes first; two processes can make groups include each other, so each is looked at once.
  for (const certain of [true, false]) {
    const waiting = certain ? [...own] : [...own, ...[...found.keys()].flatMap(nested)];
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      if (found.has(one.of) || !lasts(one, now) || (certain && one.connection !== undefined)) continue;
      found.set(one.of, certain);
      waiting.push(...nested(one.of));
    }
  }
  return found;
}

/** Groups, and who is in them. */
export class Groups {
  readonly #all: Collection<Entity>;
  readonly #members: Memberships;
  readonly #parts: Parts;
  /** What groups are in: by the subject that a group is, and by the group that it is in. */
  readonly #nesting: Compiled<Membership, { above: Nesting; below: Nesting }>;
  /** Counts the changes that this process has made, as `Access.version` does. */
  version = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    const changed = (): void => {
      this.version += 1;
    };
    this.#all = observed(parts.store.collection<Entity>({ name: 'groups', indexes: {}, cached: true }), changed);
    this.#members = new Memberships({
      ...{ store: parts.store, kind: 'group', changed },
      tell: (type, { member, of: group, until, connection }, actor) =>
        type === 'group.joined'
          ? parts.trail.record({ type, actor, target: member, detail: { group, until, connection } })
          : parts.trail.record({ type: 'group.left', actor, target: member, detail: { group, connection } }),
    });
    this.#nesting = new Compiled(
      (page) => this.#members.nested(page),
      (all) => ({ above: Map.groupBy(all, ({ member }) => member), below: Map.groupBy(all, (one) => one.of) }),
    );
  }

  async get(id: string): Promise<Group | undefined> {
    return (await this.#all.get(id)) && { id, includes: await this.#includesOf(id) };
  }

  /** In the order of their names. */
  async list(page?: Page): Promise<Group[]> {
    return Promise.all(
      (await this.#all.find({}, page)).map(async ({ id }) => ({ id, includes: await this.#includesOf(id) })),
    );
  }

  /** Makes a group, or changes which groups it includes. Throws `invalid` for a group that does not exist, and for a circle. */
  async save({ id, includes }: Group, actor: string): Promise<Group> {
    checkedName('group', id);
    const wanted = [...new Set(includes)].sort();
    for (const name of wanted) await this.#refuseNesting(name, id);
    await this.#all.put({ id });
    const now = (await whole((page) => this.#members.in(id, page))).filter(({ member }) => member.startsWith('group:'));
    for (const { id: one, member } of now)
      if (!wanted.some((name) => subjectOf(name) === member)) await this.#members.take(one, actor);
    for (const name of wanted) {
      if (!now.some(({ member }) => member === subjectOf(name))) await this.#members.join(subjectOf(name), id, actor);
    }
    const detail = { includes: wanted.join(' ') };
    await this.#parts.trail.record({ type: 'group.saved', actor, target: subjectOf(id), detail });
    return { id, includes: wanted };
  }

  /** Takes everybody out of it, and from it what it was given. Throws `missing`. */
  async remove(id: string, actor: string): Promise<void> {
    if (!(await this.#all.get(id))) throw missing(`The group ${id}`);
    await this.#parts.forget(subjectOf(id), actor);
    await this.#members.forget({ member: subjectOf(id) }, actor);
    const members = await this.#members.clear(id);
    if (!(await this.#all.take(id))) throw missing(`The group ${id}`);
    await this.#parts.trail.record({ type: 'group.removed', actor, target: subjectOf(id), detail: { members } });
  }

  /**
   * Takes a subject in; whether it exists is the caller's to know, unless it is a group. Throws `missing`, and `invalid` for
   * a circle of groups and for a time that has come.
   */
  async join(subject: string, group: string, actor: string, how: Joining = {}): Promise<Membership> {
    if (!(await this.#all.get(group))) throw missing(`The group ${group}`);
    const [, nested] = /^group:(.+)$/s.exec(subject) ?? [];
    if (nested !== undefined) await this.#refuseNesting(nested, group);
    return this.#members.join(subject, group, actor, how);
  }

  /** Throws `missing`, and `in_use` where only a provider says that the subject is in it. */
  async leave(subject: string, group: string, actor: string): Promise<Membership> {
    const left = await this.#members.leave(subject, group, actor);
    if (left) return left;
    const given = (await this.#members.of(subject)).find((one) => one.of === group);
    if (given?.connection !== undefined) throw byProvider(subject, group, given.connection);
    throw missing(`This membership of the group ${group}`);
  }

  /** Who is in a group directly, in the order of ids. */
  members(group: string, page?: Page): Promise<Membership[]> {
    return this.#members.in(group, page);
  }

  /** Whether a membership is in the store itself, whatever is remembered of it. */
  stands(id: string): Promise<boolean> {
    return this.#members.stands(id);
  }

  /** Puts back what was taken. */
  restore(one: Membership, actor: string): Promise<void> {
    return this.#members.restore(one, actor);
  }

  /** Ends what a connection, or whoever else speaks like one, has said of a subject; undefined when that was nothing. */
  end(subject: string, group: string, connection: string, actor: string): Promise<Membership | undefined> {
    return this.#members.leave(subject, group, actor, connection);
  }

  /** Ends a membership by whoever's word; undefined when it had ended. */
  take(id: string, actor: string): Promise<Membership | undefined> {
    return this.#members.take(id, actor);
  }

  /** One membership by its id. */
  membership(id: string): Promise<Membership | undefined> {
    return this.#members.get(id);
  }

  /** The groups that a subject is in directly now, and by whose word. */
  async memberships(subject: string): Promise<Membership[]> {
    const now = seconds();
    return (await this.#members.of(subject)).filter((one) => lasts(one, now));
  }

  /** The names of all groups that a subject is in now, nested ones too, sorted. */
  async of(subject: string): Promise<string[]> {
    return [...(await this.reached(subject)).keys()].sort();
  }

  /** The same, each with whether a provider's word is needed to get there: then it is false. */
  async reached(subject: string): Promise<Reached> {
    return reachedFrom(await this.ways(subject), seconds());
  }

  /** What `reachedFrom` needs to know; the same objects until something changes. */
  async ways(subject: string): Promise<Ways> {
    const own = await this.#members.of(subject);
    return { own, above: own.length === 0 ? undefined : (await this.#nesting.get()).above };
  }

  /**
   * Makes these the groups that a subject is in by the word of a connection's provider, as `Access.sync` does for roles.
   * Groups that do not exist are left out.
   */
  async sync(subject: string, connection: string, groups: readonly string[], actor: string): Promise<void> {
    const held = (await this.#members.of(subject)).filter((one) => one.connection === connection);
    for (const one of held) if (!groups.includes(one.of)) await this.#members.take(one.id, actor);
    for (const group of new Set(groups)) {
      if (held.some((one) => one.of === group) || !(await this.#all.get(group))) continue;
      await this.#members.join(subject, group, actor, { connection });
    }
  }

  /** Takes a subject that is removed out of every group; says how many. */
  forget(subject: string, actor: string): Promise<number> {
    return this.#members.forget({ member: subject }, actor);
  }

  /** Ends every membership that a connection gave, because it is removed; says how many. */
  forgetConnection(connection: string, actor: string): Promise<number> {
    return this.#members.forget({ connection }, actor);
  }

  async #includesOf(id: string): Promise<string[]> {
    const { below } = await this.#nesting.get();
    const now = seconds();
    const live = (below.get(id) ?? []).filter((one) => lasts(one, now));
    return [...new Set(live.map(({ member }) => member.slice('group:'.length)))].sort();
  }

  async #refuseNesting(name: string, group: string): Promise<void> {
    if (!(await this.#all.get(name))) throw invalid(`There is no group ${name} to include; add it first`);
    const found = await circle(group, [name], (one) => this.#includesOf(one));
    if (found) throw invalid(`Groups would include each other in a circle: ${found.join(' → ')}`);
  }
}
