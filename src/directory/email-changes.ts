import type { Trail } from '../audit/trail.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import { checkedEmail, type User, type Users } from './users.ts';

/** A new address that waits for its confirmation, or an old one that can be had back. */
interface Kept extends Entity {
  readonly user: string;
  /** The address. */
  readonly sealed: string;
  /** Milliseconds; what came later. */
  readonly at: number;
}

/** From where it was done, for the audit trail. */
interface Seen {
  ip: string;
  requestId: string;
}

/** What a confirmation has changed: the address before it, and the secret that takes it back. */
export interface Confirmed {
  before?: { email: string; undo: string };
}

const day = 24 * 60 * 60;
/** How long a new address may wait, and how long an old one can be had back (seconds). */
const confirmWithin = day;
const undoWithin = 7 * day;

/**
 * Changes of e-mail addresses by the people themselves: the new address is theirs once a secret that was sent there comes
 * back in their own session, and whoever reads the old one can take it back for a week. Secrets are kept under fingerprints.
 */
export class EmailChanges {
  readonly #pending: Collection<Kept, 'user'>;
  readonly #undos: Collection<Kept, 'user'>;
  readonly #vault: Vault;
  readonly #users: Users;
  readonly #trail: Trail;

  constructor(store: Store, vault: Vault, { users, trail }: { users: Users; trail: Trail }) {
    const indexes = { user: { key: (one: Kept) => one.user } };
    this.#pending = store.collection<Kept, 'user'>({ name: 'email-changes', indexes });
    this.#undos = store.collection<Kept, 'user'>({ name: 'email-undos', indexes });
    this.#vault = vault;
    this.#users = users;
    this.#trail = trail;
  }

  /**
   * Begins a change, in the place of one that was begun before. Answers the secret for the new address; none when it is
   * somebody's already, which must look the same to whoever asked. Throws `invalid` for what is no address.
   */
  async begin({ id: user }: User, address: string, seen: Seen): Promise<{ email: string; secret?: string }> {
    const email = checkedEmail(address);
    const secret = randomToken();
    const id = this.#pendingId(user, secret);
    const free = (await this.#users.byEmail(email)) === undefined;
    await this.#pending.drop({ user });
    await this.#pending.insert({ id, user, at: Date.now(), sealed: this.#vault.seal(email, id) }, confirmWithin);
    const actor = `user:${user}`;
    await this.#trail.record({ type: 'user.email-change-asked', actor, target: actor, ...seen });
    return free ? { email, secret } : { email };
  }

  /** The address that waits, if one does. */
  async pending(user: string): Promise<string | undefined> {
    const [one] = await this.#pending.find({ user }, { limit: 1 });
    return one && this.#vault.open(one.sealed, one.id);
  }

  /** Nothing waits any more: the person has changed their mind, or the password was changed or reset. */
  async forget(user: string): Promise<void> {
    await this.#pending.drop({ user });
  }

  /** Forgets also what could be undone, of a person who is removed. */
  async forgetAll(user: string): Promise<void> {
    await Promise.all([this.#pending.drop({ user }), this.#undos.drop({ user })]);
  }

  /** Makes the address that waits the person's, once; undefined when this secret confirms nothing. Throws `taken`. */
  async confirm(
    { id: user, email: old, emailVerified }: User,
    secret: string,
    seen: Seen,
  ): Promise<Confirmed | undefined> {
    const one = await this.#pending.take(this.#pendingId(user, secret));
    if (!one) return undefined;
    const email = this.#vault.open(one.sealed, one.id);
    const actor = `user:${user}`;
    // An address that was never confirmed may be anybody's, and gets no power over the account.
    const undo = old !== undefined && emailVerified ? await this.#keepUndo(user, old) : undefined;
    await this.#users.change(user, { email, emailVerified: true }, actor);
    await this.#trail.record({ type: 'user.email-changed', actor, target: actor, ...seen });
    return old !== undefined && undo !== undefined ? { before: { email: old, undo } } : {};
  }

  /** The address that this secret brings back. */
  async undoable(secret: string): Promise<string | undefined> {
    const one = await this.#undos.get(this.#undoId(secret));
    return one && this.#vault.open(one.sealed, one.id);
  }

  /**
   * Gives the account its old address back and ends all that is open, once; whoever could undo a later change can no more,
   * while earlier ones stay. Answers the address; undefined when this secret undoes nothing. Throws `taken`.
   */
  async undo(secret: string, seen: Seen): Promise<string | undefined> {
    const one = await this.#undos.get(this.#undoId(secret));
    const user = one && (await this.#users.get(one.user));
    if (!one || !user) return undefined;
    const email = this.#vault.open(one.sealed, one.id);
    const actor = `user:${user.id}`;
    await this.#users.change(user.id, { email, emailVerified: true }, actor);
    if (!(await this.#undos.take(one.id))) return undefined;
    const all = await this.#undos.find({ user: user.id }, { limit: 1000 });
    await Promise.all(all.filter(({ at }) => at >= one.at).map(({ id }) => this.#undos.take(id)));
    await this.forget(user.id);
    await this.#trail.record({ type: 'user.email-change-undone', actor, target: actor, ...seen });
    await this.#users.signOut(user.id, actor);
    return email;
  }

  async #keepUndo(user: string, email: string): Promise<string> {
    const secret = randomToken();
    const id = this.#undoId(secret);
    await this.#undos.insert({ id, user, at: Date.now(), sealed: this.#vault.seal(email, id) }, undoWithin);
    return secret;
  }

  /** With the person in it, so that a secret confirms nothing for anybody else. */
  #pendingId(user: string, secret: string): string {
    return this.#vault.fingerprint('email change', `${user} ${secret}`);
  }

  #undoId(secret: string): string {
    return this.#vault.fingerprint('email undo', secret);
  }
}
