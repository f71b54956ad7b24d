import type { Vault } from '../kernel/crypto.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Memo } from './connector.ts';

/** A sign-out that has gone on to a provider. */
export interface SignOut {
  connection: string;
  /** Where the browser goes on when it is back: an address that was checked before. */
  goOn: string;
  memo: Memo;
}

interface Pending extends Entity {
  /** `SignOut`. */
  readonly sealed: string;
}

/** What waits while a browser signs out at a provider; a ticket is the `state` or RelayState of one way there, and counts once. */
export class SignOuts {
  readonly #all: Collection<Pending>;
  readonly #vault: Vault;
  readonly #ttl: number;

  /** `ttl` in seconds: how long a way to a provider and back may take. */
  constructor(store: Store, vault: Vault, ttl: number) {
    this.#vault = vault;
    this.#ttl = ttl;
    this.#all = store.collection<Pending>({ name: 'federation-sign-outs', indexes: {} });
  }

  async begin(ticket: string, signOut: SignOut): Promise<void> {
    const id = this.#id(ticket);
    await this.#all.insert({ id, sealed: this.#vault.seal(JSON.stringify(signOut), id) }, this.#ttl);
  }

  /** What was begun under this ticket through this connection, once; undefined for any other ticket. */
  async take(ticket: string, connection: string): Promise<SignOut | undefined> {
    const id = this.#id(ticket);
    const seen = await this.#all.get(id);
    if (seen === undefined || this.#opened(seen).connection !== connection) return undefined;
    const taken = await this.#all.take(id);
    return taken && this.#opened(taken);
  }

  #id(ticket: string): string {
    return this.#vault.fingerprint('federation sign-out', ticket);
  }

  #opened({ id, sealed }: Pending): SignOut {
    return JSON.parse(this.#vault.open(sealed, id)) as SignOut;
  }
}
