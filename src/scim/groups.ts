import { isDeepStrictEqual } from 'node:util';
import type { Groups } from '../directory/groups.ts';
import { revised } from '../directory/revised.ts';
import { randomToken } from '../kernel/crypto.ts';
import { missing, Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import { complete } from './accepted.ts';
import { localName } from './local-name.ts';
import { isRecord, type Resource } from './matching.ts';
import type { People } from './people.ts';
import { actorOf, checkVersion, type Edit, moment, type Tenant, wordOf } from './person.ts';
import { invalidValue, uniqueness } from './problems.ts';
import { groupKind } from './schemas.ts';

/** A group that an organisation has pushed. */
export interface GroupRecord extends Entity {
  readonly organization: string;
  /** The group here that it is: roles are given to that one. It stays when the group is called otherwise there. */
  readonly name: string;
  /** `displayName` and `externalId`. */
  readonly resource: Resource;
  /** The ids of its people. What is in the directory follows this list, so of two who write at once one wins as a whole. */
  readonly members: readonly string[];
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly updated: number;
}

type LookUp = 'organization' | 'name' | 'display' | 'external';

interface Parts {
  store: Store;
  groups: Groups;
  people: Pick<People, 'get'>;
}

const isTaken = (error: unknown): boolean => error instanceof Problem && error.code === 'taken';
const displayKey = (organization: string, name: unknown): string =>
  `${organization}|${String(name).normalize('NFC').toLowerCase()}`;
const noGroup = (id: string): Problem => missing(`A group ${id.slice(0, 100)} of this organization`);
const nameTaken = (): Problem => uniqueness('This organization has a group with this displayName already');
const mostNames = 100;

const membersOf = ({ members }: Resource): string[] =>
  (Array.isArray(members) ? members : []).map((one) => {
    if (isRecord(one) && typeof one.value === 'string') return one.value;
    throw invalidValue('Each of members needs a value, which is the id of a user');
  });

/** The ETag of a group. */
export const groupVersion = ({ revision }: GroupRecord): string => `W/"${revision}"`;

/** All that can be pushed of a group, as it stands. */
const stateOf = ({ resource, members }: GroupRecord, { base }: Tenant): Resource => ({
  ...resource,
  members: members.map((value) => ({ value, $ref: `${base}/Users/${value}`, type: 'User' })),
});

/** A group as a resource (RFC 7643 §4.2); its members only where they are wanted, since they may be many. */
export function groupDocument(record: GroupRecord, tenant: Tenant, withMembers: boolean): Resource {
  const { members, ...rest } = stateOf(withMembers ? record : { ...record, members: [] }, tenant);
  return {
    schemas: [groupKind.schema.id],
    id: record.id,
    ...rest,
    ...(withMembers ? { members } : {}),
    meta: {
      resourceType: 'Group',
      created: moment(record.created),
      lastModified: moment(record.updated),
      location: `${tenant.base}/Groups/${record.id}`,
      version: groupVersion(record),
    },
  };
}

/** The `groups` of a person (RFC 7643 §4.1.2). */
export const groupsShown = (records: readonly GroupRecord[], { base }: Tenant): Resource[] =>
  records.map(({ id, resource: { displayName } }) => ({
    ...{ value: id, $ref: `${base}/Groups/${id}`, display: displayName, type: 'direct' },
  }));

/**
 * The groups that organisations push. Each is a group of the directory too, named after its organisation, with members by the
 * organisation's word: so roles that an administrator gives to it count, and never those of the administration.
 */
export class ScimGroups {
  readonly #all: Collection<GroupRecord, LookUp>;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#all = parts.store.collection<GroupRecord, LookUp>({
      name: 'scim-groups',
      indexes: {
        organization: { key: (one) => one.organization },
        name: { key: (one) => one.name, unique: true },
        display: { key: (one) => displayKey(one.organization, one.resource.displayName), unique: true },
        external: {
          key: ({ organization, resource: { externalId } }) =>
            typeof externalId === 'string' ? `${organization}|${externalId}` : undefined,
        },
      },
    });
  }

  async get({ organization }: Tenant, id: string): Promise<GroupRecord | undefined> {
    const found = await this.#all.get(id);
    return found?.organization === organization ? found : undefined;
  }

  /** Those of which something is equal to a value: `id`, `displayName`, `externalId`, or `member` for whom is in it. */
  async equal(
    tenant: Tenant,
    what: 'id' | 'displayName' | 'externalId' | 'member',
    value: string,
  ): Promise<GroupRecord[]> {
    const { organization } = tenant;
    if (what === 'id') return [await this.get(tenant, value)].filter((one) => one !== undefined);
    if (what === 'member') return this.#of(organization, value);
    const where =
      what === 'displayName' ? { display: displayKey(organization, value) } : { external: `${organization}|${value}` };
    return whole((page) => this.#all.find(where, page));
  }

  /** All of an organisation, in the order of their ids. */
  list({ organization }: Tenant): Promise<GroupRecord[]> {
    return whole((page) => this.#all.find({ organization }, page));
  }

  /** Throws `uniqueness`, `invalidValue`. */
  async add(tenant: Tenant, given: Resource): Promise<GroupRecord> {
    const { members: _list, ...resource } = complete(groupKind, given);
    const members = [...new Set(membersOf(given))];
    await this.#refuseStrangers(tenant, members);
    const now = Date.now();
    const common = { organization: tenant.organization, resource, members, revision: 1, created: now, updated: now };
    const record = await this.#insert({ id: `grp_${randomToken(16)}`, ...common });
    await this.#follow(tenant, record.id, members);
    return record;
  }

  /** Makes of a group what `edit` makes of what can be pushed; it may run again. Throws `missing`, `changed`, `uniqueness`, `invalidValue`. */
  async change(tenant: Tenant, id: string, edit: Edit, match?: string): Promise<GroupRecord> {
    let touched: string[] = [];
    const settle = async (record: GroupRecord): Promise<GroupRecord> => {
      if (record.organization !== tenant.organization) throw noGroup(id);
      checkVersion(match, groupVersion(record));
      const { members: list, ...resource } = complete(groupKind, await edit(stateOf(record, tenant)));
      const [before, after] = [new Set(record.members), new Set(membersOf({ members: list }))];
      const added = [...after].filter((one) => !before.has(one));
      await this.#refuseStrangers(tenant, added);
      touched = [...added, ...record.members.filter((one) => !after.has(one))];
      if (touched.length === 0 && isDeepStrictEqual(resource, record.resource)) return record;
      return { ...record, resource, members: [...after], revision: record.revision + 1, updated: Date.now() };
    };
    const next = await revised(this.#all, id, settle).catch((error: unknown) => {
      throw isTaken(error) ? nameTaken() : error;
    });
    if (!next) throw noGroup(id);
    await this.#follow(tenant, id, touched);
    return next;
  }

  /** With the roles that it was given. Throws `missing`, `changed`. */
  async remove(tenant: Tenant, id: string, match?: string): Promise<void> {
    const record = await this.get(tenant, id);
    if (!record) throw noGroup(id);
    checkVersion(match, groupVersion(record));
    await this.#removeLocal(record, actorOf(tenant));
    await this.#all.take(id);
    // Somebody may have added a member in between.
    await this.#removeLocal(record, actorOf(tenant));
  }

  /** Takes a person out of all groups that an organisation pushed. */
  async leave(organization: string, user: string): Promise<void> {
    for (const { id } of await this.#of(organization, user)) {
      await this.#all.change(id, (now) => ({
        ...now,
        members: now.members.filter((one) => one !== user),
        revision: now.revision + 1,
        updated: Date.now(),
      }));
    }
  }

  /** An organisation is gone, and its groups with it. */
  async forgetOrganization(organization: string, actor: string): Promise<void> {
    for (const record of await whole((page) => this.#all.find({ organization }, page))) {
      await this.#removeLocal(record, actor);
      await this.#all.take(record.id);
    }
  }

  #of(organization: string, user: string): Promise<GroupRecord[]> {
    return this.finding({ organization })(user);
  }

  /** Finds the groups that an organisation pushed a person into; of many people in the same ones each group is read once. */
  finding({ organization }: Pick<Tenant, 'organization'>): (user: string) => Promise<GroupRecord[]> {
    const read = new Map<string, Promise<GroupRecord[]>>();
    const named = (name: string): Promise<GroupRecord[]> => {
      const found = read.get(name) ?? this.#all.find({ name }, { limit: 1 });
      read.set(name, found);
      return found;
    };
    return async (user) => {
      const all = await this.#parts.groups.memberships(`user:${user}`);
      const names = all.filter(({ connection }) => connection === wordOf({ organization })).map((one) => one.of);
      const found = await Promise.all(names.map(named));
      return found.flat().filter((one) => one.organization === organization);
    };
  }

  async #refuseStrangers(tenant: Tenant, members: readonly string[]): Promise<void> {
    for (const id of members) {
      if (await this.#parts.people.get(tenant, id)) continue;
      throw invalidValue(
        `There is no user ${id.slice(0, 100)} of this organization to be a member; push the user first`,
      );
    }
  }

  /** Under the first name that nobody has here. Throws `uniqueness`. */
  async #insert(record: Omit<GroupRecord, 'name'>): Promise<GroupRecord> {
    const { organization, resource } = record;
    for (let attempt = 0; attempt < mostNames; attempt += 1) {
      const name = localName(organization, String(resource.displayName), attempt);
      if (await this.#parts.groups.get(name)) continue;
      try {
        await this.#all.insert({ ...record, name });
        return { ...record, name };
      } catch (error) {
        if (!isTaken(error)) throw error;
        const display = displayKey(organization, resource.displayName);
        if ((await this.#all.find({ display }, { limit: 1 })).length > 0) throw nameTaken();
      }
    }
    throw nameTaken();
  }

  /** Makes the directory what the record says of these people; of several who write at once the last record counts. */
  async #follow(tenant: Tenant, id: string, people: readonly string[]): Promise<void> {
    const stored = () => this.#all.change(id, (now) => now);
    let record = await stored();
    for (let done = -1; record && record.revision !== done; record = await stored()) {
      const fresh = !(await this.#parts.groups.get(record.name));
      if (fresh) await this.#parts.groups.save({ id: record.name, includes: [] }, actorOf(tenant));
      const members = new Set(record.members);
      for (const user of fresh ? new Set([...people, ...members]) : people) {
        await this.#settle(tenant, record.name, user, members.has(user));
      }
      done = record.revision;
    }
  }

  async #settle(tenant: Tenant, name: string, user: string, belongs: boolean): Promise<void> {
    const { groups } = this.#parts;
    const [subject, connection, actor] = [`user:${user}`, wordOf(tenant), actorOf(tenant)];
    // Whatever is remembered of memberships in this process, what is asked for is written.
    if (belongs) await groups.join(subject, name, actor, { connection });
    else await groups.end(subject, name, connection, actor);
  }

  async #removeLocal({ name }: GroupRecord, actor: string): Promise<void> {
    if (await this.#parts.groups.get(name)) await this.#parts.groups.remove(name, actor);
  }
}
