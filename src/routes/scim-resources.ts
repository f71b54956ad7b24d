import { setImmediate } from 'node:timers/promises';
import { accepted } from '../scim/accepted.ts';
import { groupDocument, groupVersion, type ScimGroups } from '../scim/groups.ts';
import type { Found, Query } from '../scim/listing.ts';
import type { Resource } from '../scim/matching.ts';
import { type PatchOperation, patched, readOperations } from '../scim/patch.ts';
import type { People } from '../scim/people.ts';
import { type Person, personVersion, type Tenant } from '../scim/person.ts';
import type { Pushing } from '../scim/pushing.ts';
import { groupKind, type Kind, userKind } from '../scim/schemas.ts';
import type { Searching } from '../scim/searching.ts';
import { isWanted, shown, type Wanted } from '../scim/shown.ts';

/** What SCIM works on. */
export interface ScimParts {
  people: People;
  groups: ScimGroups;
  pushing: Pushing;
  searching: Searching;
  /** Puts on the trail what is to be changed now; when it throws, it is not. */
  asked(tenant: Tenant, operation: string, on: string): Promise<void>;
}

/** One resource as it is answered, where it is and its version. */
export interface Answered {
  readonly resource: Resource;
  readonly version: string;
  readonly location: string;
}

/** What can be done with one kind of resources; `match` is If-Match. */
export interface Door {
  readonly kind: Kind;
  /** A change answers without the resource, which may be long, unless parts of it are asked for. */
  readonly quiet: boolean;
  get(tenant: Tenant, id: string, wanted: Wanted): Promise<Answered | undefined>;
  find(tenant: Tenant, query: Query): Promise<Found>;
  add(tenant: Tenant, body: unknown, wanted: Wanted): Promise<Answered>;
  replace(tenant: Tenant, id: string, body: unknown, how: How): Promise<Answered>;
  patch(tenant: Tenant, id: string, body: unknown, how: How): Promise<Answered>;
  remove(tenant: Tenant, id: string, match: string | undefined): Promise<void>;
}

interface How {
  readonly wanted: Wanted;
  readonly match: string | undefined;
}

/** One operation after the other; between two of them others have their turn, since a group may have many members. */
const inTurns =
  (kind: Kind, operations: readonly PatchOperation[]) =>
  async (resource: Resource): Promise<Resource> => {
    let now = resource;
    for (const one of operations) {
      now = patched(kind, now, [one]);
      await setImmediate();
    }
    return now;
  };

/** People. */
export function users({ people, pushing, searching }: ScimParts): Door {
  const told = async (tenant: Tenant, person: Person, wanted: Wanted): Promise<Answered> => ({
    resource: (await searching.show(tenant, [person], wanted))[0] ?? {},
    version: personVersion(person),
    location: `${tenant.base}/Users/${person.user.id}`,
  });
  return {
    kind: userKind,
    quiet: false,
    find: (tenant, query) => searching.users(tenant, query),
    async get(tenant, id, wanted) {
      const person = await people.get(tenant, id);
      return person && told(tenant, person, wanted);
    },
    async add(tenant, body, wanted) {
      return told(tenant, await pushing.add(tenant, accepted(userKind, body)), wanted);
    },
    async replace(tenant, id, body, { wanted, match }) {
      const next = accepted(userKind, body);
      // Whoever does not say whether somebody may sign in lets nobody in, and keeps nobody out.
      const edit = ({ active }: Resource): Resource => ({ active, ...next });
      return told(tenant, await pushing.change(tenant, id, edit, match), wanted);
    },
    async patch(tenant, id, body, { wanted, match }) {
      const edit = inTurns(userKind, readOperations(body));
      return told(tenant, await pushing.change(tenant, id, edit, match), wanted);
    },
    remove: (tenant, id, match) => pushing.remove(tenant, id, match),
  };
}

/** Groups. */
export function groups({ groups: all, searching }: ScimParts): Door {
  const told = (tenant: Tenant, record: Parameters<typeof groupDocument>[0], wanted: Wanted): Answered => ({
    resource: shown(groupKind, groupDocument(record, tenant, isWanted(groupKind, wanted, 'members')), wanted),
    version: groupVersion(record),
    location: `${tenant.base}/Groups/${record.id}`,
  });
  return {
    kind: groupKind,
    quiet: true,
    find: (tenant, query) => searching.groups(tenant, query),
    async get(tenant, id, wanted) {
      const record = await all.get(tenant, id);
      return record && told(tenant, record, wanted);
    },
    async add(tenant, body, wanted) {
      return told(tenant, await all.add(tenant, accepted(groupKind, body)), wanted);
    },
    async replace(tenant, id, body, { wanted, match }) {
      const next = accepted(groupKind, body);
      return told(tenant, await all.change(tenant, id, () => next, match), wanted);
    },
    async patch(tenant, id, body, { wanted, match }) {
      const edit = inTurns(groupKind, readOperations(body));
      return told(tenant, await all.change(tenant, id, edit, match), wanted);
    },
    remove: (tenant, id, match) => all.remove(tenant, id, match),
  };
}
