import { setImmediate } from 'node:timers/promises';
import { equalities, type Filter, pathsOf } from './filter.ts';
import { type GroupRecord, groupDocument, groupsShown, type ScimGroups } from './groups.ts';
import { type Found, pageOf, type Query } from './listing.ts';
import { matcher, type Resource } from './matching.ts';
import type { People } from './people.ts';
import { type Person, personDocument, type Tenant } from './person.ts';
import { invalidFilter, tooMany } from './problems.ts';
import { groupKind, type Kind, placeOf, userKind } from './schemas.ts';
import { isWanted, shown, type Wanted } from './shown.ts';
import { comparing } from './sorting.ts';

/** As many are tried against a filter that names nothing by which they could be looked up, or sorted. */
const mostTried = 10_000;
/** After so many of them others have their turn: what one organisation looks for is not felt by the next. */
const atOnce = 100;

/** What a filter wants to be equal, by attribute: `userName`, `emails.value`. The first that can be looked up is. */
function equal(kind: Kind, filter: Filter | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path, value } of filter ? equalities(filter) : []) {
    const { extension, attribute, sub } = placeOf(kind, path) ?? {};
    if (!attribute || extension !== undefined) continue;
    const bare = attribute.of && !sub ? 'value' : sub?.name;
    found.set([attribute.name, bare].filter(Boolean).join('.'), value);
  }
  return found;
}

/** One that is tried, and what it is shown as. */
interface Tried<T> {
  readonly one: T;
  readonly document: Resource;
}

/** Looks for people and groups of an organisation, by look-ups where the filter allows. */
export class Searching {
  readonly #people: People;
  readonly #groups: ScimGroups;

  constructor({ people, groups }: { people: People; groups: ScimGroups }) {
    this.#people = people;
    this.#groups = groups;
  }

  /** People as they are shown, with their groups where those are wanted. */
  async show(tenant: Tenant, people: readonly Person[], wanted: Wanted): Promise<Resource[]> {
    const document = isWanted(userKind, wanted, 'groups') ? this.#withGroups(tenant) : this.#alone(tenant);
    return Promise.all(people.map(async (person) => shown(userKind, await document(person), wanted)));
  }

  /** Throws `invalidFilter`, `invalidValue`, and `tooMany` for what would have to be tried on, or sorted among, too many. */
  async users(tenant: Tenant, query: Query): Promise<Found> {
    const { filter, sort, wanted } = query;
    if (!filter && !sort) {
      const { total, items } = pageOf(await this.#people.all(tenant), query);
      return { total, items: await this.show(tenant, await this.#people.load(items), wanted) };
    }
    const picks = picking<Person>(userKind, query);
    const near = await this.#near(tenant, filter);
    const groups = filter !== undefined && asksFor(userKind, filter, 'groups');
    if (groups && !near) {
      throw invalidFilter(
        'groups can be compared with the id of one group by eq, or beside userName, externalId or id',
      );
    }
    const tried = near ?? (await this.#people.load(bounded(await this.#people.all(tenant))));
    const { total, items } = await picks(tried, groups ? this.#withGroups(tenant) : this.#alone(tenant));
    return { total, items: await this.show(tenant, items, wanted) };
  }

  /** Throws the same. */
  async groups(tenant: Tenant, query: Query): Promise<Found> {
    const { filter, sort, wanted } = query;
    const show = (record: GroupRecord) =>
      shown(groupKind, groupDocument(record, tenant, isWanted(groupKind, wanted, 'members')), wanted);
    if (!filter && !sort) {
      const { total, items } = pageOf(await this.#groups.list(tenant), query);
      return { total, items: items.map(show) };
    }
    const picks = picking<GroupRecord>(groupKind, query);
    const members = filter !== undefined && asksFor(groupKind, filter, 'members');
    const tried = (await this.#nearGroups(tenant, filter)) ?? bounded(await this.#groups.list(tenant));
    const { total, items } = await picks(tried, (record) => groupDocument(record, tenant, members));
    return { total, items: items.map(show) };
  }

  #alone(tenant: Tenant): (person: Person) => Resource {
    return (person) => personDocument(person, tenant);
  }

  #withGroups(tenant: Tenant): (person: Person) => Promise<Resource> {
    const find = this.#groups.finding(tenant);
    return async (person) => {
      const groups = groupsShown(await find(person.user.id), tenant);
      return { ...personDocument(person, tenant), ...(groups.length === 0 ? {} : { groups }) };
    };
  }

  /** Those among whom the wanted ones are; undefined when all have to be tried. */
  async #near(tenant: Tenant, filter: Filter | undefined): Promise<Person[] | undefined> {
    const wanted = equal(userKind, filter);
    for (const what of ['id', 'userName', 'externalId'] as const) {
      const value = wanted.get(what);
      if (value !== undefined) return this.#people.equal(tenant, what, value);
    }
    const group = wanted.get('groups.value');
    if (group !== undefined) {
      const { members = [] } = (await this.#groups.get(tenant, group)) ?? {};
      const people = await Promise.all(bounded(members).map((id) => this.#people.get(tenant, id)));
      return people.filter((person) => person !== undefined);
    }
    const email = wanted.get('emails.value');
    const found = email === undefined ? [] : await this.#people.equal(tenant, 'email', email);
    // It may be an address that is not the first of somebody.
    return found.length > 0 ? found : undefined;
  }

  async #nearGroups(tenant: Tenant, filter: Filter | undefined): Promise<GroupRecord[] | undefined> {
    const wanted = equal(groupKind, filter);
    for (const what of ['id', 'displayName', 'externalId'] as const) {
      const value = wanted.get(what);
      if (value !== undefined) return this.#groups.equal(tenant, what, value);
    }
    const member = wanted.get('members.value');
    return member === undefined ? undefined : this.#groups.equal(tenant, 'member', member);
  }
}

const asksFor = (kind: Kind, filter: Filter, name: string): boolean =>
  pathsOf(filter).some((path) => placeOf(kind, path)?.attribute.name === name);

/** Of those that are tried the page that is asked for, of what fits and in its order. Throws `invalidFilter`, `invalidValue`. */
function picking<T>(kind: Kind, query: Query) {
  const fits = query.filter ? matcher(kind, query.filter) : () => true;
  const order = query.sort && comparing(kind, query.sort);
  return async (all: readonly T[], documentOf: (one: T) => Resource | Promise<Resource>): Promise<Found<T>> => {
    const found: Tried<T>[] = [];
    for (const [at, one] of all.entries()) {
      if (at % atOnce === atOnce - 1) await setImmediate();
      const document = await documentOf(one);
      if (fits(document)) found.push({ one, document });
    }
    if (order) found.sort((a, b) => order(a.document, b.document));
    const { total, items } = pageOf(found, query);
    return { total, items: items.map(({ one }) => one) };
  };
}

function bounded<T>(all: readonly T[]): readonly T[] {
  if (all.length <= mostTried) return all;
  throw tooMany(
    `More than ${mostTried} resources would have to be looked through; compare id, userName, externalId, displayName or emails.value by eq`,
  );
}
