import type { Vault } from '../kernel/crypto.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

interface Count extends Entity {
  failures: number;
  /** When the last one happened, in seconds. */
  last: number;
}

/** Whether another attempt may be made now, or in how many seconds. */
export type Allowance = { ok: true } | { ok: false; retryAfter: number };

/** Free failures, then a delay that doubles with each, at most this long (seconds). */
interface Patience {
  free: number;
  longest: number;
}
const fromOneAddress: Patience = { free: 5, longest: 15 * 60 };
const fromEverywhere: Patience = { free: 50, longest: 5 * 60 };
const forgetAfter = 24 * 60 * 60;

const seconds = (): number => Math.floor(Date.now() / 1000);

function wait(count: Count | undefined, patience: Patience): number {
  const over = (count?.failures ?? 0) - patience.free;
  if (!count || over < 0) return 0;
  return Math.max(0, count.last + Math.min(patience.longest, 2 ** Math.min(over, 12)) - seconds());
}

/**
 * Slows down guessing at a person, by address and in all, in counters that all processes share. A person is never locked
 * for good, and one address cannot keep the others of this person out for long.
 */
export class Attempts {
  readonly #all: Collection<Count>;
  readonly #vault: Vault;

  constructor(store: Store, vault: Vault) {
    this.#all = store.collection<Count>({ name: 'attempts', indexes: {} });
    this.#vault = vault;
  }

  async allowed(person: string, ip: string): Promise<Allowance> {
    const [here, everywhere] = await Promise.all(this.#ids(person, ip).map((id) => this.#all.get(id)));
    const retryAfter = Math.max(wait(here, fromOneAddress), wait(everywhere, fromEverywhere));
    return retryAfter > 0 ? { ok: false, retryAfter } : { ok: true };
  }

  async failed(person: string, ip: string): Promise<void> {
    await Promise.all(this.#ids(person, ip).map((id) => this.#add(id)));
  }

  async succeeded(person: string, ip: string): Promise<void> {
    await Promise.all(this.#ids(person, ip).map((id) => this.#all.take(id)));
  }

  #ids(person: string, ip: string): [string, string] {
    return [this.#vault.fingerprint('attempts', `${person} ${ip}`), this.#vault.fingerprint('attempts', person)];
  }

  async #add(id: string): Promise<void> {
    const more = (now: Count): Count => ({ id, failures: now.failures + 1, last: seconds() });
    if (await this.#all.change(id, more)) return;
    try {
      await this.#all.insert({ id, failures: 1, last: seconds() }, forgetAfter);
    } catch {
      // Somebody else's failure was counted first; ours is added to it. If the store is away, this throws too.
      await this.#all.change(id, more);
    }
  }
}
