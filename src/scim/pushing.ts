import { isDeepStrictEqual } from 'node:util';
import { type Decide, isAdministration } from '../directory/decide.ts';
import type { Groups } from '../directory/groups.ts';
import type { Organizations } from '../directory/organizations.ts';
import { revised } from '../directory/revised.ts';
import { newUserId, type User, type Users } from '../directory/users.ts';
import { missing, Problem } from '../kernel/errors.ts';
import { complete } from './accepted.ts';
import type { Resource } from './matching.ts';
import { nameKey, type People } from './people.ts';
import {
  actorOf,
  checkVersion,
  type Edit,
  type Person,
  type PersonRecord,
  personVersion,
  resourceOf,
  stateOf,
  type Tenant,
  wordOf,
} from './person.ts';
import { lastAdministrator, mutability, uniqueness } from './problems.ts';
import { type Account, accountOf, changeOf } from './profile.ts';
import { userKind } from './schemas.ts';

interface Parts {
  people: People;
  users: Users;
  groups: Groups;
  organizations: Organizations;
  decide: Decide;
  /** Removes a person and everything of theirs, what was pushed too. */
  forget(user: User, actor: string): Promise<void>;
  /** Takes a person out of the groups that an organisation pushed. */
  leaveGroups(organization: string, user: string): Promise<void>;
}

const isTaken = (error: unknown): boolean => error instanceof Problem && error.code === 'taken';
const noPerson = (id: string): Problem => missing(`A user ${id.slice(0, 100)} of this organization`);
const nameTaken = (): Problem => uniqueness('This organization has a user with this userName already');
const foreign = (): Problem =>
  uniqueness(
    'Somebody with this e-mail address has an account here that this organization does not manage: it takes over confirmed addresses of its verified domains only; ask an administrator here',
  );

/** What an organisation's identity provider does to its people. */
export class Pushing {
  readonly #parts: Parts;
  readonly #people: People;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#people = parts.people;
  }

  /** Makes a person, or takes in an account with a confirmed address of a verified domain. Throws `uniqueness`, `invalid`. */
  async add(tenant: Tenant, given: Resource): Promise<Person> {
    const { active, ...resource } = complete(userKind, given);
    const { userName } = resource;
    if ((await this.#people.equal(tenant, 'userName', String(userName))).length > 0) throw nameTaken();
    const account = accountOf(resource);
    const known = account.email === undefined ? undefined : await this.#parts.users.byEmail(account.email);
    const id = known ? await this.#takeIn(tenant, known, resource) : await this.#make(tenant, resource, account);
    if (active === false) await this.#switch(tenant, id, false);
    return this.#now(tenant, id);
  }

  /**
   * Makes of a person what `edit` makes of what can be pushed; it may run again. An administrator here who disabled somebody is
   * not overruled: then `active` stays false. Throws `missing`, `changed`, `uniqueness`, `mutability`, `access_denied`.
   */
  async change(tenant: Tenant, id: string, edit: Edit, match?: string): Promise<Person> {
    await this.#ensureRecord(tenant, id, match);
    let before: PersonRecord | undefined;
    let wanted: unknown;
    const next = await this.#unlessNameTaken(
      revised(this.#people.records, id, async (record) => {
        const user = await this.#parts.users.get(id);
        if (!user || record.organization !== tenant.organization || record.pending) throw noPerson(id);
        checkVersion(match, personVersion({ user, record }));
        const { active, ...resource } = complete(userKind, await edit(stateOf({ user, record })));
        await this.#refuseAddress(user, accountOf(record.resource), accountOf(resource));
        before = record;
        wanted = active === (user.state === 'active') ? undefined : active;
        if (isDeepStrictEqual(resource, record.resource)) return record;
        // Who is let in again by an administrator is the administrator's to keep out.
        const { off, ...kept } = record;
        const still = off && user.state !== 'active' ? { off } : {};
        return { ...kept, ...still, resource, revision: record.revision + 1, updated: Date.now() };
      }),
    );
    if (!next || !before) throw noPerson(id);
    if (next.revision !== before.revision) await this.#follow(tenant, before, next.revision);
    if (typeof wanted === 'boolean') await this.#switch(tenant, id, wanted);
    return this.#now(tenant, id);
  }

  /**
   * Removes a person who belongs to no other organisation; else only the membership ends, and what came with it. Throws
   * `missing`, `changed`, `access_denied`.
   */
  async remove(tenant: Tenant, id: string, match?: string): Promise<void> {
    const { groups, organizations } = this.#parts;
    const person = await this.#people.get(tenant, id);
    if (!person) throw noPerson(id);
    checkVersion(match, personVersion(person));
    const [subject, actor] = [`user:${id}`, actorOf(tenant)];
    const elsewhere = (await organizations.of(subject)).some((one) => one !== tenant.organization);
    if (!elsewhere) return unlessLast(this.#parts.forget(person.user, actor));
    await this.#parts.leaveGroups(tenant.organization, id);
    await groups.sync(subject, wordOf(tenant), [], actor);
    if (await organizations.isMember(tenant.organization, subject)) {
      await organizations.leave(tenant.organization, subject, actor);
    }
    await this.#people.records.take(id);
  }

  async #now(tenant: Tenant, id: string): Promise<Person> {
    const person = await this.#people.get(tenant, id);
    if (!person) throw noPerson(id);
    return person;
  }

  async #make(tenant: Tenant, resource: Resource, account: Account): Promise<string> {
    const { users } = this.#parts;
    const record = await this.#reserve(tenant, resource);
    const emailVerified = await this.#people.speaksFor(tenant.organization, account.email);
    let made = false;
    try {
      made = await users.bring(record.id, { ...account, emailVerified }, actorOf(tenant));
    } catch (error) {
      await this.#people.records.take(record.id);
      throw isTaken(error) ? foreign() : error;
    }
    await this.#join(tenant, record.id);
    let mine = false;
    await this.#people.records.change(record.id, ({ pending, ...now }) => {
      mine = pending === true;
      return mine ? { ...now, resource } : now;
    });
    if (!mine) throw nameTaken();
    // Somebody else's words made the account, before they were interrupted or overtaken.
    if (!made) await this.#follow(tenant, record, record.revision);
    return record.id;
  }

  /** Claims the user name for a person who is made next; whoever was interrupted there is made now. Throws `uniqueness`. */
  async #reserve({ organization }: Tenant, resource: Resource): Promise<PersonRecord> {
    const now = Date.now();
    const made = { organization, resource, revision: 1, created: now, updated: now };
    const record: PersonRecord = { id: newUserId(), ...made, pending: true };
    try {
      await this.#people.records.insert(record);
      return record;
    } catch (error) {
      if (!isTaken(error)) throw error;
      const [holder] = await this.#people.records.find(
        { name: nameKey(organization, resource.userName) },
        { limit: 1 },
      );
      if (holder?.pending) return holder;
      throw nameTaken();
    }
  }

  async #takeIn(tenant: Tenant, user: User, resource: Resource): Promise<string> {
    const { organizations, users } = this.#parts;
    const ours = await this.#people.speaksFor(tenant.organization, user.email);
    const member = await organizations.isMember(tenant.organization, `user:${user.id}`);
    if (!ours || !(member || (user.emailVerified && !(await this.#administers(user.id))))) throw foreign();
    await this.#record(tenant, user.id, resource);
    await this.#join(tenant, user.id);
    const change = changeOf({ profile: {} }, accountOf(resource));
    if (change.profile) await users.change(user.id, { profile: change.profile }, actorOf(tenant));
    return user.id;
  }

  async #record({ organization }: Pick<Tenant, 'organization'>, id: string, resource: Resource): Promise<void> {
    const now = Date.now();
    try {
      await this.#people.records.insert({ id, organization, resource, revision: 0, created: now, updated: now });
    } catch (error) {
      if (!isTaken(error)) throw error;
      const holder = await this.#people.records.get(id);
      if (!holder) throw nameTaken();
      if (holder.organization === organization || !(await this.#people.isLeft(holder))) throw foreign();
      await this.#people.records.take(id);
      await this.#record({ organization }, id, resource);
    }
  }

  async #join(tenant: Tenant, id: string): Promise<void> {
    const how = { connection: wordOf(tenant) };
    await this.#parts.organizations.join(tenant.organization, `user:${id}`, actorOf(tenant), how);
  }

  async #ensureRecord(tenant: Tenant, id: string, match: string | undefined): Promise<void> {
    const person = await this.#people.get(tenant, id);
    if (!person) throw noPerson(id);
    if (person.record) return;
    checkVersion(match, personVersion(person));
    await this.#record(tenant, id, resourceOf(person.user));
  }

  /** Throws `uniqueness` for somebody else's address, and `mutability` where a new one could take the administration over. */
  async #refuseAddress({ id }: User, before: Account, after: Account): Promise<void> {
    if (after.email === undefined || after.email === before.email) return;
    const holder = await this.#parts.users.byEmail(after.email);
    if (holder && holder.id !== id) throw foreign();
    if (!(await this.#administers(id))) return;
    throw mutability('This person administers the server, so only an administrator there can change the address');
  }

  async #administers(id: string): Promise<boolean> {
    return [...(await this.#parts.decide.permissions(`user:${id}`))].some(isAdministration);
  }

  /** Makes the account what the record says; of several at once the last record counts. Puts the record back when it cannot be. */
  async #follow(tenant: Tenant, before: PersonRecord, revision: number): Promise<void> {
    const { id } = before;
    const stored = () => this.#people.records.change(id, (now) => now);
    let said = accountOf(before.resource);
    for (let record = await stored(), done = -1; record && record.revision !== done; record = await stored()) {
      const next = accountOf(record.resource);
      const { email, ...change } = changeOf(said, next);
      const verified =
        email === undefined ? {} : { email, emailVerified: await this.#people.speaksFor(tenant.organization, email) };
      try {
        const all = { ...change, ...verified };
        if (Object.keys(all).length > 0) await this.#parts.users.change(id, all, actorOf(tenant));
      } catch (error) {
        const back = { resource: before.resource, revision: revision + 1 };
        await this.#people.records.change(id, (now) => (now.revision === revision ? { ...now, ...back } : now));
        throw isTaken(error) ? foreign() : error;
      }
      said = next;
      done = record.revision;
    }
  }

  /** `off` is written first: who is interrupted in between may still let the person in again. */
  async #switch(tenant: Tenant, id: string, active: boolean): Promise<void> {
    const { users } = this.#parts;
    if (active) {
      if (!(await this.#people.records.get(id))?.off) return;
      await users.enable(id, actorOf(tenant));
      await this.#mark(id, false);
    } else {
      await this.#mark(id, true);
      try {
        await this.#disable(tenant, id);
      } catch (error) {
        await this.#mark(id, false);
        throw error;
      }
    }
  }

  async #mark(id: string, off: boolean): Promise<void> {
    await this.#people.records.change(id, ({ off: _was, ...now }) => ({
      ...now,
      ...(off ? { off } : {}),
      revision: now.revision + 1,
      updated: Date.now(),
    }));
  }

  #disable(tenant: Tenant, id: string): Promise<unknown> {
    return unlessLast(this.#parts.users.disable(id, actorOf(tenant)));
  }

  async #unlessNameTaken<R>(write: Promise<R>): Promise<R> {
    try {
      return await write;
    } catch (error) {
      throw isTaken(error) ? nameTaken() : error;
    }
  }
}

/** Without the last administrator nobody could look after this server, and that is no organisation's to decide. */
async function unlessLast<R>(deed: Promise<R>): Promise<R> {
  try {
    return await deed;
  } catch (error) {
    throw error instanceof Problem && error.code === 'last_administrator' ? lastAdministrator(error.message) : error;
  }
}
