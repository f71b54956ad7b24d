import { equalities, type Filter } from './filter.ts';
import { type GroupRecord, groupDocument, type ScimGroups } from './groups.ts';
import { type Found, pageOf, type Query } from './listing.ts';
import { matcher, type Resource } from './matching.ts';
import type { People } from './people.ts';
import { type Person, personDocument, type Tenant } from './person.ts';
import { tooMany } from './problems.ts';
import { groupKind, type Kind, placeOf, userKind } from './schemas.ts';
import { isWanted, shown } from './shown.ts';

/** As many are tried against a filter that names nothing by which they could be looked up. */
const mostTried = 10_000;

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

/** Looks for people and groups of an organisation, by look-ups where the filter allows. */
export class Searching {
  readonly #people: People;
  readonly #groups: ScimGroups;

  constructor({ people, groups }: { people: People; groups: ScimGroups }) {
    this.#people = people;
    this.#groups = groups;
  }

  /** Throws `invalidFilter`, and `tooMany` for a filter that would have to be tried on too many. */
  async users(tenant: Tenant, query: Query): Promise<Found> {
    const { filter, wanted } = query;
    const document = (person: Person) => personDocument(person, tenant);
    const show = (resource: Resource) => shown(userKind, resource, wanted);
    if (!filter) {
      const { total, items } = pageOf(await this.#people.all(tenant), query);
      return { total, items: (await this.#people.load(items)).map(document).map(show) };
    }
    const fits = matcher(userKind, filter);
    const near = await this.#near(tenant, filter);
    const tried = near ?? (await this.#people.load(bounded(await this.#people.all(tenant))));
    const { total, items } = pageOf(tried.map(document).filter(fits), query);
    return { total, items: items.map(show) };
  }

  /** Throws the same. */
  async groups(tenant: Tenant, query: Query): Promise<Found> {
    const { filter, wanted } = query;
    const show = (record: GroupRecord) =>
      shown(groupKind, groupDocument(record, tenant, isWanted(groupKind, wanted, 'members')), wanted);
    if (!filter) {
      const { total, items } = pageOf(await this.#groups.list(tenant), query);
      return { total, items: items.map(show) };
    }
    const fits = matcher(groupKind, filter);
    const near = await this.#nearGroups(tenant, filter);
    const tried = near ?? bounded(await this.#groups.list(tenant));
    const { total, items } = pageOf(
      tried.filter((record) => fits(groupDocument(record, tenant, true))),
      query,
    );
    return { total, items: items.map(show) };
  }

  /** Those among whom the wanted ones are; undefined when all have to be tried. */
  async #near(tenant: Tenant, filter: Filter): Promise<Person[] | undefined> {
    const wanted = equal(userKind, filter);
    for (const what of ['id', 'userName', 'externalId'] as const) {
      const value = wanted.get(what);
      if (value !== undefined) return this.#people.equal(tenant, what, value);
    }
    const email = wanted.get('emails.value');
    const found = email === undefined ? [] : await this.#people.equal(tenant, 'email', email);
    // It may be an address that is not the first of somebody.
    return found.length > 0 ? found : undefined;
  }

  async #nearGroups(tenant: Tenant, filter: Filter): Promise<GroupRecord[] | undefined> {
    const wanted = equal(groupKind, filter);
    for (const what of ['id', 'displayName', 'externalId'] as const) {
      const value = wanted.get(what);
      if (value !== undefined) return this.#groups.equal(tenant, what, value);
    }
    const member = wanted.get('members.value');
    return member === undefined ? undefined : this.#groups.equal(tenant, 'member', member);
  }
}

function bounded<T>(all: readonly T[]): readonly T[] {
  if (all.length <= mostTried) return all;
  throw tooMany(
    `This filter would have to be tried on more than ${mostTried} resources; compare id, userName, externalId, displayName or emails.value by eq`,
  );
}
