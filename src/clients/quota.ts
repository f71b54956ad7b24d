import { Problem, problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

interface Count extends Entity {
  clients: number;
  /** When a place was last taken, in seconds. */
  claimed: number;
}

/** Somebody has registered as many clients as allowed. */
export const tooManyClients = problem(
  'too_many_clients',
  429,
  (limit: number) =>
    `${limit} clients are registered with this credential, which is its limit; delete those that are not used`,
);

const seconds = (): number => Math.floor(Date.now() / 1000);
/** Whoever took a place has stored the client by then, or never will (seconds). */
const settled = 60;

/** Counts clients by whoever registered them, exactly, however many register at once. */
export class Quota {
  readonly #counts: Collection<Count>;
  readonly #recount: (owner: string) => Promise<number>;

  /** `recount` says how many clients there really are. */
  constructor(store: Store, recount: (owner: string) => Promise<number>) {
    this.#counts = store.collection<Count>({ name: 'client-counts', indexes: {} });
    this.#recount = recount;
  }

  /** Takes a place, or throws `too_many_clients`. */
  async claim(owner: string, limit: number): Promise<void> {
    if (await this.#claimed(owner, limit)) return;
    if (!(await this.#corrected(owner)) || !(await this.#claimed(owner, limit))) throw tooManyClients(limit);
  }

  /** Gives a place back. */
  async release(owner: string): Promise<void> {
    await this.#counts.change(owner, (now) => ({ ...now, clients: Math.max(0, now.clients - 1) }));
  }

  async #claimed(owner: string, limit: number): Promise<boolean> {
    let free = false;
    const count = (now: Count): Count => {
      free = now.clients < limit;
      return free ? { ...now, clients: now.clients + 1, claimed: seconds() } : now;
    };
    if (await this.#counts.change(owner, count)) return free;
    try {
      await this.#counts.insert({ id: owner, clients: 0, claimed: 0 });
    } catch (error) {
      // Somebody else began to count at the same moment.
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
    }
    await this.#counts.change(owner, count);
    return free;
  }

  /** A process that died between counting and storing leaves the count too high, which matters when nothing is free. */
  async #corrected(owner: string): Promise<boolean> {
    const seen = await this.#counts.get(owner);
    if (!seen || seen.claimed > seconds() - settled) return false;
    const clients = await this.#recount(owner);
    await this.#counts.change(owner, (now) => (now.claimed === seen.claimed ? { ...now, clients } : now));
    return true;
  }
}
