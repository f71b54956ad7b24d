import type { Access } from '../directory/access.ts';
import type { Groups } from '../directory/groups.ts';
import type { Identities, Identity } from '../directory/identities.ts';
import type { Organizations } from '../directory/organizations.ts';
import { newUserId, normalEmail, type User, type UserChange, type Users } from '../directory/users.ts';
import type { Connection } from '../federation/connection.ts';
import { refused } from '../federation/connector.ts';
import { domainName } from '../federation/mapping.ts';
import { Problem } from '../kernel/errors.ts';
import { taken } from '../store/port.ts';
import { givenBy } from './by-provider.ts';
import type { Proof } from './proof.ts';

interface Parts {
  users: Users;
  identities: Identities;
  access: Access;
  groups: Groups;
  organizations: Organizations;
  /** The organisation whose identity provider has pushed a person, and so may prove them. */
  scim: { managerOf(user: string): Promise<string | undefined> };
}

const isTaken = (error: unknown): boolean => error instanceof Problem && error.code === 'taken';

/**
 * Whom somebody at a provider is here. The key is (connection, subject) and nothing else: an address that fits another
 * account, verified or not, joins nobody to it. Who is connected to nobody is taken in where the connection says so and the
 * address is free; or else connects the two accounts by proving both.
 */
export class Joining {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The person, with profile, roles and groups as the provider says now; undefined when nobody is connected. `owner`: somebody who
   * is signed in wants to connect it, so nobody new is taken in. Throws `refused`, and `taken` when it is connected to somebody else.
   */
  async join(proof: Proof, connection: Connection, owner?: string): Promise<User | undefined> {
    const { identities } = this.#parts;
    const known = await identities.of(connection, proof.subject);
    const person = known && (await this.#personOf(known, proof));
    if (person && owner !== undefined && person.user.id !== owner) throw taken('This account at the provider');
    if (person) return this.#welcome(person, proof);
    if (owner !== undefined) return undefined;
    const pushed = await this.#pushed(proof, connection);
    if (pushed) return this.#welcome(pushed, proof);
    return connection.provision ? this.#provision(proof, connection) : undefined;
  }

  /** Connects an account that the person has proven with its password. Throws `taken`, and `refused` when it may not be. */
  async link(proof: Proof, user: User, at: Connection, from: { ip: string; requestId: string }): Promise<User> {
    if (!(await this.mayLink(user, at))) throw disabled(user);
    const { connection, subject, label } = proof;
    const actor = `user:${user.id}`;
    await this.#parts.identities.link({ connection, subject, label, user: user.id, origin: false }, { actor, ...from });
    return this.#refresh(user, { origin: false }, proof);
  }

  /**
   * Whether an account may be connected to this provider by its password. One that somebody has made for a single organisation
   * gets no hold of others by a page on which they might say yes: only of its members, and of addresses in its domains.
   */
  async mayLink(user: User, { id, confined, domains }: Connection): Promise<boolean> {
    if (!mayConnect(user) || !confined) return mayConnect(user);
    const { organizations } = this.#parts;
    const domain = domainName(user.email?.split('@')[1] ?? '');
    if (domains.some(({ name, verified }) => verified !== undefined && name === domain)) return true;
    const own = await organizations.ofConnection(id);
    return own !== undefined && organizations.isMember(own.id, `user:${user.id}`);
  }

  /**
   * Whom the connection's own organisation has pushed before they came first, with an address for which that organisation and this
   * connection both speak. One account of theirs there is enough: whoever has the address after them is somebody else.
   */
  async #pushed(proof: Proof, connection: Connection): Promise<{ user: User; identity: Identity } | undefined> {
    const { identities, organizations, scim, users } = this.#parts;
    const { email, emailVerified, subject, label } = proof;
    const user = email === undefined || !emailVerified ? undefined : await users.byEmail(email);
    const manager = user && (await scim.managerOf(user.id));
    if (!user || email === undefined || manager === undefined) return undefined;
    // A verified address is of a domain for which this very connection speaks; so the domain's organisation is the connection's.
    if ((await organizations.ofDomain(email.split('@')[1] ?? ''))?.id !== manager) return undefined;
    const linked = await identities.ofUser(user.id, { limit: 1000 });
    if (linked.some((one) => one.connection === connection.id && one.subject !== subject)) return undefined;
    const claim = { connection: connection.id, subject, label, user: user.id, origin: true };
    await identities.link(claim, { actor: `connection:${connection.id}` });
    const identity = await identities.of(connection, subject);
    return identity?.user === user.id ? { user, identity } : undefined;
  }

  async #provision(proof: Proof, connection: Connection): Promise<User | undefined> {
    const { identities, users } = this.#parts;
    const { email, subject, label } = proof;
    if (email !== undefined && (await users.byEmail(email))) {
      // It may be this very person, taken in by another request since we looked: the identity is claimed before the person is made.
      const known = await identities.of(connection, subject);
      const person = known && (await this.#personOf(known, proof));
      return person && this.#welcome(person, proof);
    }
    const person = { connection: connection.id, subject, label, user: newUserId(), origin: true };
    const claim = await identities.reserve(person);
    const made = await this.#personOf(claim, proof);
    return made && this.#welcome(made, proof);
  }

  /** The person of an identity; makes the one that is being made. Undefined when there is none (any more). */
  async #personOf(identity: Identity, proof: Proof): Promise<{ user: User; identity: Identity } | undefined> {
    const { identities, users } = this.#parts;
    const user = identity.pending ? await this.#make(identity, proof) : await users.get(identity.user);
    if (user) return { user, identity };
    await identities.release(identity.id);
    return undefined;
  }

  async #make({ id, user }: Identity, { connection, email, emailVerified, profile }: Proof): Promise<User | undefined> {
    const { identities, users } = this.#parts;
    try {
      const made = await users.provision(user, { email, emailVerified, profile }, connection);
      await identities.settle(id);
      return made;
    } catch (error) {
      if (isTaken(error)) return undefined;
      throw error;
    }
  }

  async #welcome({ user, identity }: { user: User; identity: Identity }, proof: Proof): Promise<User> {
    if (user.state !== 'active') throw disabled(user);
    await this.#parts.identities.used(identity.id, proof.label);
    return this.#refresh(user, identity, proof);
  }

  /** Profile, roles and groups as the provider says now. */
  async #refresh(user: User, { origin }: Pick<Identity, 'origin'>, proof: Proof): Promise<User> {
    const { users } = this.#parts;
    const actor = `connection:${proof.connection}`;
    await givenBy(this.#parts, user.id, proof);
    const profile = Object.fromEntries(
      Object.entries(proof.profile).filter(([name, value]) => Reflect.get(user.profile, name) !== inNfc(value)),
    );
    const claims: UserChange = Object.keys(profile).length > 0 ? { profile } : {};
    const change = { ...claims, ...(origin ? addressOf(user, proof) : {}) };
    if (Object.keys(change).length === 0) return user;
    try {
      return await users.change(user.id, change, actor);
    } catch (error) {
      // Somebody else has the new address, or it is none: the old one stays.
      if (!isTaken(error) && !(error instanceof Problem && error.code === 'invalid')) throw error;
      return Object.keys(claims).length > 0 ? users.change(user.id, claims, actor) : user;
    }
  }
}

/** As a profile keeps texts. */
const inNfc = (value: unknown): unknown => (typeof value === 'string' ? value.normalize('NFC') : value);

/**
 * Whether an account may be connected by its password. One whose address was never confirmed may have been made by anybody
 * in somebody else's name, so it inherits nothing.
 */
export const mayConnect = ({ state, emailVerified }: User): boolean => state === 'active' && emailVerified;

/** What the provider through which a person came says of the address counts, as long as nobody else has it. */
function addressOf(user: User, { email, emailVerified }: Proof): UserChange {
  if (email === undefined) return {};
  const same = normalEmail(email) === user.email;
  if (same) return emailVerified === user.emailVerified ? {} : { emailVerified };
  return { email, emailVerified };
}

const disabled = ({ id, state }: User) =>
  refused({
    reason: state === 'active' ? 'unconfirmed_account' : 'person_disabled',
    check: 'the person here',
    came: `user:${id}`,
    advice: 'Nothing at the provider; an administrator here has to enable the person or confirm the address',
  });
