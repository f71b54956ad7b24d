import { Problem, problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

interface Count extends Entity {
  clients: number;
}

/** Somebody has registered as many clients as allowed. */
export const tooManyClients = problem(
  'too_many_clients',
  429,
  (limit: number) =>
    `${limit} clients are registered with this credential, which is its limit; delete those that are not used`,
);

/** Counts clients by whoever registered them, exactly, however many register at once. */
export class Quota {
  readonly #counts: Collection<Count>;
  /** The true number, for the rare moment in which the count says that the limit is reached. */
  readonly #recount: (owner: string) => Promise<number>;

  constructor(store: Store, recount: (owner: string) => Promise<number>) {
    this.#counts = store.collection<Count>({ name: 'client-counts', indexes: {} });
    this.#recount = recount;
  }

  /** Takes a place, or throws `too_many_clients`. */
  async claim(owner: string, limit: number): Promise<void> {
    if (await this.#claimed(owner, limit)) return;
    // A process that died between counting and storing leaves the count too high; only now it matters.
    const clients = await this.#recount(owner);
    if (clients >= limit) throw tooManyClients(limit);
    await this.#counts.put({ id: owner, clients });
    if (!(await this.#claimed(owner, limit))) throw tooManyClients(limit);
  }

  /** Gives a place back. */
  async release(owner: string): Promise<void> {
    await this.#counts.change(owner, (now) => ({ ...now, clients: Math.max(0, now.clients - 1) }));
  }

  async #claimed(owner: string, limit: number): Promise<boolean> {
    let free = true;
    const count = (now: Count): Count => {
      free = now.clients < limit;
      return free ? { ...now, clients: now.clients + 1 } : now;
    };
    if (!(await this.#counts.change(owner, count))) {
      await this.#begin(owner);
      await this.#counts.change(owner, count);
    }
    return free;
  }

  async #begin(owner: string): Promise<void> {
    try {
      await this.#counts.insert({ id: owner, clients: 0 });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
    }
  }
}
