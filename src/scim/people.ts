import type { Organizations } from '../directory/organizations.ts';
import { normalEmail, type User, type Users, userIdPrefix } from '../directory/users.ts';
import type { Collection, Store } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import type { Person, PersonRecord, Tenant } from './person.ts';
import { accountOf } from './profile.ts';

type LookUp = 'organization' | 'name' | 'external' | 'email';

interface Parts {
  store: Store;
  users: Users;
  organizations: Organizations;
}

/** Where an organisation's user names are looked up; they have no case. */
export const nameKey = (organization: string, name: unknown): string =>
  `${organization}|${String(name).normalize('NFC').toLowerCase()}`;
const keyed = (organization: string, value: unknown): string | undefined =>
  typeof value === 'string' ? `${organization}|${value}` : undefined;

/** Somebody in a list; without a record nothing was said of them yet. */
export type Listed = Pick<PersonRecord, 'id'> & { readonly record?: PersonRecord };

/**
 * The people whom an organisation manages: those whom it has pushed, and members whose address is in one of its verified
 * domains. To all others it is as if they did not exist, and nobody has two managers.
 */
export class People {
  /** What was said of them; `pushing.ts` writes it. */
  readonly records: Collection<PersonRecord, LookUp>;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.records = parts.store.collection<PersonRecord, LookUp>({
      name: 'scim-people',
      indexes: {
        organization: { key: (one) => one.organization },
        name: { key: (one) => nameKey(one.organization, one.resource.userName), unique: true },
        external: { key: (one) => keyed(one.organization, one.resource.externalId) },
        email: { key: (one) => keyed(one.organization, normalEmail(accountOf(one.resource).email ?? '')) },
      },
    });
  }

  async get({ organization }: Tenant, id: string): Promise<Person | undefined> {
    if (!id.startsWith(userIdPrefix)) return undefined;
    const [user, record] = await Promise.all([this.#parts.users.get(id), this.records.get(id)]);
    if (!user) return undefined;
    if (record && !(await this.isLeft(record))) {
      return record.organization === organization && !record.pending ? { user, record } : undefined;
    }
    return (await this.#isOurs(organization, user)) ? { user } : undefined;
  }

  /** Whether whoever pushed a person has no say any more: an administrator has moved the person to another organisation. */
  async isLeft({ id, organization, pending }: PersonRecord): Promise<boolean> {
    const all = pending ? [] : await this.#parts.organizations.of(`user:${id}`);
    return all.length > 0 && !all.includes(organization);
  }

  /** The organisation that has pushed a person. */
  async managerOf(user: string): Promise<string | undefined> {
    const record = await this.records.get(user);
    return record?.pending ? undefined : record?.organization;
  }

  /** What an organisation has said of a person, for the person to have. */
  async said(user: string): Promise<Pick<PersonRecord, 'organization' | 'resource'> | undefined> {
    const record = await this.records.get(user);
    return record && { organization: record.organization, resource: record.resource };
  }

  /** Those of whom something is equal to a value: `id`, `userName`, `externalId` or `email`. */
  async equal(tenant: Tenant, what: 'id' | 'userName' | 'externalId' | 'email', value: string): Promise<Person[]> {
    const { organization } = tenant;
    const where = {
      id: { organization, name: '' },
      userName: { name: nameKey(organization, value) },
      externalId: { external: `${organization}|${value}` },
      email: { email: `${organization}|${normalEmail(value)}` },
    }[what];
    const found = what === 'id' ? [] : await whole((page) => this.records.find(where, page));
    const ids = what === 'id' ? [value] : found.map(({ id }) => id);
    if (what === 'userName' || what === 'email') {
      const user = await this.#parts.users.byEmail(value);
      // Of whom nothing was said yet, the address is the user name; else what was said counts.
      if (user && (what === 'email' || !(await this.records.get(user.id)))) ids.push(user.id);
    }
    const people = await Promise.all([...new Set(ids)].map((id) => this.get(tenant, id)));
    return people.filter((person) => person !== undefined);
  }

  /** All, in the order of their ids, with what was said of them. */
  async all(tenant: Tenant): Promise<Listed[]> {
    const { organization } = tenant;
    const records = await whole((page) => this.records.find({ organization }, page));
    const found = new Map<string, Listed>();
    const members = await whole((page) => this.#parts.organizations.members(organization, page));
    const ids = new Set(members.map(({ member }) => member.replace(/^user:/, '')));
    for (const record of records) {
      const ours = !record.pending && (ids.has(record.id) || !(await this.isLeft(record)));
      if (ours) found.set(record.id, { id: record.id, record });
    }
    for (const id of ids) {
      if (!found.has(id) && (await this.get(tenant, id))) found.set(id, { id });
    }
    return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Those of a list who are still there. */
  async load(listed: readonly Listed[]): Promise<Person[]> {
    const users = await Promise.all(listed.map(({ id }) => this.#parts.users.get(id)));
    return users.flatMap((user, at) => (user ? [{ user, record: listed[at]?.record }] : []));
  }

  /** A person is gone, by whoever's word. */
  async forget(id: string): Promise<void> {
    await this.records.take(id);
  }

  /** An organisation is gone: nobody manages its people any more. */
  async forgetOrganization(organization: string): Promise<void> {
    await this.records.drop({ organization });
  }

  /** Whether a person of whom nothing was said is the organisation's: a member, with an address of a verified domain. */
  async #isOurs(organization: string, { id, email }: User): Promise<boolean> {
    const { organizations } = this.#parts;
    return (await this.speaksFor(organization, email)) && (await organizations.isMember(organization, `user:${id}`));
  }

  /** Whether the domain of an address is verified for the organisation. */
  async speaksFor(organization: string, email: string | undefined): Promise<boolean> {
    const domain = email?.split('@')[1];
    return domain !== undefined && (await this.#parts.organizations.ofDomain(domain))?.id === organization;
  }
}
