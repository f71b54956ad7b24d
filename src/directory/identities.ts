import type { Trail } from '../audit/trail.ts';
import type { Vault } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';

/** An account that a person has at a provider: (connection, subject) belongs to one person here. Times in seconds. */
export interface Identity extends Entity {
  readonly connection: string;
  readonly subject: string;
  /** The id of the person. */
  readonly user: string;
  /** The person was taken in through it, so what it says of the address counts. */
  readonly origin: boolean;
  /** The person is being made at this moment. */
  readonly pending?: true;
  /** What the provider called the person when it was last used; to show, nothing more. */
  readonly label: string;
  readonly created: number;
  readonly lastUsed: number;
}

/** What an identity is made of. */
export type NewIdentity = Pick<Identity, 'connection' | 'subject' | 'user' | 'origin' | 'label'>;

const seconds = (): number => Math.floor(Date.now() / 1000);
const isTaken = (error: unknown): boolean => error instanceof Problem && error.code === 'taken';
const most = 1000;

/** Which accounts at providers belong to whom. Never found by an e-mail address, in either direction. */
export class Identities {
  readonly #all: Collection<Identity, 'user' | 'connection'>;
  readonly #vault: Vault;
  readonly #trail: Trail;

  constructor(store: Store, vault: Vault, trail: Trail) {
    this.#vault = vault;
    this.#trail = trail;
    this.#all = store.collection<Identity, 'user' | 'connection'>({
      name: 'identities',
      indexes: { user: { key: (one) => one.user }, connection: { key: (one) => one.connection } },
    });
  }

  /** `since`: when the connection was made (seconds); what belonged to an earlier one of the same id counts for nothing. */
  async of({ id: connection, created: since }: { id: string; created: number }, subject: string) {
    const found = await this.#all.get(this.#id(connection, subject));
    if (found === undefined || found.created >= since) return found;
    await this.#all.take(found.id);
    return undefined;
  }

  ofUser(user: string, page?: Page): Promise<Identity[]> {
    return this.#all.find({ user }, page);
  }

  ofConnection(connection: string, page?: Page): Promise<Identity[]> {
    return this.#all.find({ connection }, page);
  }

  /** Claims the identity for a person who is made next; of many at once all get the claim of the first. */
  async reserve(input: NewIdentity): Promise<Identity> {
    const one = { ...this.#made(input), pending: true as const };
    try {
      await this.#all.insert(one);
      return one;
    } catch (error) {
      if (!isTaken(error)) throw error;
      return (await this.#all.get(one.id)) ?? this.reserve(input);
    }
  }

  /** The person who was made for it is there. */
  async settle(id: string): Promise<void> {
    await this.#all.change(id, ({ pending: _done, ...one }) => one);
  }

  /** Gives a claim up whose person could not be made, or is no more. */
  async release(id: string): Promise<void> {
    await this.#all.take(id);
  }

  /** Connects it to a person who has proven both sides. Throws `taken` when it belongs to somebody else. */
  async link(input: NewIdentity, from: { actor: string; ip?: string; requestId?: string }): Promise<void> {
    const one = this.#made(input);
    try {
      await this.#all.insert(one);
    } catch (error) {
      const holder = isTaken(error) ? await this.#all.get(one.id) : undefined;
      if (holder?.user === input.user) return;
      throw error;
    }
    const detail = { connection: input.connection };
    await this.#trail.record({ type: 'identity.linked', target: `user:${input.user}`, ...from, detail });
  }

  async used(id: string, label: string): Promise<void> {
    await this.#all.change(id, (one) => ({ ...one, label, lastUsed: seconds() }));
  }

  /** Answers whether there was one. */
  async unlink(id: string, actor: string): Promise<boolean> {
    const one = await this.#all.take(id);
    if (!one) return false;
    const detail = { connection: one.connection };
    await this.#trail.record({ type: 'identity.unlinked', actor, target: `user:${one.user}`, detail });
    return true;
  }

  /** Takes all identities from a person who is removed, or all of a connection that is; says whose they were. */
  async forget(where: { user: string } | { connection: string }, actor: string): Promise<string[]> {
    const people = new Set<string>();
    for (let page = await this.#all.find(where, { limit: most }); page.length > 0; ) {
      for (const { id, user } of page) if (await this.unlink(id, actor)) people.add(user);
      page = page.length < most ? [] : await this.#all.find(where, { limit: most });
    }
    return [...people];
  }

  #made(input: NewIdentity): Identity {
    const { connection, subject } = input;
    return { id: this.#id(connection, subject), ...input, created: seconds(), lastUsed: seconds() };
  }

  /** One place for each (connection, subject), so that there cannot be two. */
  #id(connection: string, subject: string): string {
    return this.#vault.fingerprint('identity', JSON.stringify([connection, subject]));
  }
}
