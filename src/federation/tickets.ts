import { randomToken, type Vault } from '../kernel/crypto.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Login, Memo, Reply } from './connector.ts';

/** What a way to a provider is for: a sign-in (its uid) or a run of the doctor. */
export interface Purpose {
  readonly for: 'signin' | 'doctor';
  readonly id: string;
}

/** A way to a provider that was begun. */
export interface Begun {
  connection: string;
  purpose: Purpose;
  /** The path where the browser that began it picks the reply up. */
  returnTo: string;
  /** When, in seconds. */
  began: number;
  login: Login;
  memo: Memo;
}

/** The same with what came back. */
export interface Filed extends Begun {
  reply: Reply;
}

interface Pending extends Entity {
  readonly connection: string;
  /** `Begun`. */
  readonly sealed: string;
  /** `Reply`, sealed; the first one that came. */
  readonly reply?: string;
}

/** A fresh ticket: 256 bits, and short enough for RelayState (SAML 2.0 Bindings §3.4.3: 80 bytes). */
export const newTicket = (): string => randomToken();

/**
 * What waits while a browser is at a provider. A ticket is the `state` or RelayState of one way there: an opaque random
 * value, and never an address. Whatever comes back is only filed under it; who may pick it up is for the browser that
 * began it to show, and of many that pick it up one gets it. Any process can finish what another one began.
 */
export class Tickets {
  readonly #all: Collection<Pending, 'connection'>;
  readonly #vault: Vault;
  readonly #ttl: number;

  /** `ttl` in seconds: how long a way to a provider and back may take. */
  constructor(store: Store, vault: Vault, ttl: number) {
    this.#vault = vault;
    this.#ttl = ttl;
    this.#all = store.collection<Pending, 'connection'>({
      name: 'federation-tickets',
      indexes: { connection: { key: (one) => one.connection } },
    });
  }

  async begin(begun: Begun): Promise<void> {
    const id = this.#id(begun.login.ticket);
    await this.#all.insert({ id, connection: begun.connection, sealed: this.#seal(begun, id) }, this.#ttl);
  }

  /**
   * Files what came back for this connection; answers where the browser goes on, or undefined for a ticket that is not
   * known, not of this connection, not for this purpose where one is named, or used. Of several replies the first one counts.
   */
  async file(ticket: string, connection: string, reply: Reply, only?: Purpose['for']): Promise<string | undefined> {
    const id = this.#id(ticket);
    if (only !== undefined && (await this.#purpose(id))?.for !== only) return undefined;
    const sealed = this.#seal(reply, `${id} reply`);
    const pending = await this.#all.change(id, (one) =>
      one.connection === connection && one.reply === undefined ? { ...one, reply: sealed } : one,
    );
    if (pending?.connection !== connection) return undefined;
    return `${this.#opened<Begun>(pending.sealed, id).returnTo}?${new URLSearchParams({ ticket })}`;
  }

  /** Picks the reply up, once; undefined when there is none (yet), or the ticket is for something else. */
  async take(ticket: string, purpose: Purpose): Promise<Filed | undefined> {
    const id = this.#id(ticket);
    const seen = await this.#all.get(id);
    if (seen?.reply === undefined) return undefined;
    const begun = this.#opened<Begun>(seen.sealed, id);
    if (begun.purpose.for !== purpose.for || begun.purpose.id !== purpose.id) return undefined;
    const taken = await this.#all.take(id);
    return taken?.reply === undefined ? undefined : { ...begun, reply: this.#opened(taken.reply, `${id} reply`) };
  }

  async #purpose(id: string): Promise<Purpose | undefined> {
    const seen = await this.#all.get(id);
    return seen && this.#opened<Begun>(seen.sealed, id).purpose;
  }

  #id(ticket: string): string {
    return this.#vault.fingerprint('federation ticket', ticket);
  }

  #seal(value: Begun | Reply, bound: string): string {
    return this.#vault.seal(JSON.stringify(value), bound);
  }

  #opened<T extends Begun | Reply>(sealed: string, bound: string): T {
    return JSON.parse(this.#vault.open(sealed, bound)) as T;
  }
}
