import type { Vault } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

interface Pending extends Entity {
  /** What waits here, bound to the id. */
  sealed: string;
}

/** What a ceremony belongs to: its kind, whose it is, and where it was begun. Nobody else finds it. */
export interface Occasion {
  kind: 'totp' | 'create' | 'get' | 'passkey';
  /** The id of the user, where it is known. */
  user?: string;
  binding: string;
}

/** So long a challenge is good, and so long a secret that was offered waits for its first code (seconds). */
const life = { challenge: 5 * 60, secret: 10 * 60 };

/** What was offered and waits for its answer, in the store, so that any process can take it; each is good once. */
export class Ceremonies {
  readonly #all: Collection<Pending>;
  readonly #vault: Vault;

  constructor(store: Store, vault: Vault) {
    this.#all = store.collection<Pending>({ name: 'factor-ceremonies', indexes: {} });
    this.#vault = vault;
  }

  /** The secret that waits on this occasion, else `made`, which waits from now on. */
  async secret(occasion: Occasion, made: string): Promise<string> {
    const id = this.#id(occasion);
    try {
      await this.#all.insert({ id, sealed: this.#vault.seal(made, bound(id)) }, life.secret);
      return made;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
      // It may have run out between the two steps; then the next look makes a new one.
      return (await this.waiting(occasion)) ?? this.secret(occasion, made);
    }
  }

  /** The secret that waits on this occasion. */
  async waiting(occasion: Occasion): Promise<string | undefined> {
    const found = await this.#all.get(this.#id(occasion));
    return found && this.#vault.open(found.sealed, bound(found.id));
  }

  /** Whether a secret was still waiting; of many who ask at once, one hears yes. */
  async finish(occasion: Occasion): Promise<boolean> {
    return (await this.#all.take(this.#id(occasion))) !== undefined;
  }

  /** This challenge may be answered on this occasion, once. */
  async challenge(occasion: Occasion, challenge: string): Promise<void> {
    const id = this.#id(occasion, challenge);
    await this.#all.put({ id, sealed: this.#vault.seal('', bound(id)) }, life.challenge);
  }

  /** Whether this challenge waited on this occasion; it does no more. */
  async answered(occasion: Occasion, challenge: string): Promise<boolean> {
    return (await this.#all.take(this.#id(occasion, challenge))) !== undefined;
  }

  #id({ kind, user = '', binding }: Occasion, challenge = ''): string {
    return this.#vault.fingerprint('factor-ceremony', JSON.stringify([kind, user, binding, challenge]));
  }
}

const bound = (id: string): string => `factor-ceremony ${id}`;
