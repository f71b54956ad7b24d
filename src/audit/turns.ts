import { randomToken } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

interface Turn extends Entity {
  holder: string;
  /** Nobody else does it before then (milliseconds). */
  until: number;
}

/** What one process at a time does for the trail; when it dies, another one goes on a little later. */
export class Turns {
  readonly #all: Collection<Turn>;
  readonly #holder = randomToken(9);
  readonly #held = new Map<string, number>();

  constructor(store: Store) {
    this.#all = store.collection<Turn>({ name: 'audit-turns', indexes: {} });
  }

  /** Whether it is this process's turn for so long (milliseconds) from now on. */
  async take(id: string, length: number): Promise<boolean> {
    if ((this.#held.get(id) ?? 0) - Date.now() > length / 2) return true;
    const free = ({ holder, until }: Turn): boolean => holder === this.#holder || until <= Date.now();
    const now = (await this.#all.get(id)) ?? (await this.#made(id));
    if (!free(now)) return false;
    const until = Date.now() + length;
    const turn = await this.#all.change(id, (one) => (free(one) ? { ...one, holder: this.#holder, until } : one));
    if (turn?.holder !== this.#holder) return false;
    this.#held.set(id, until);
    return true;
  }

  /** Leaves it to the others. */
  async release(id: string): Promise<void> {
    if (this.#held.delete(id)) {
      await this.#all.change(id, (one) => (one.holder === this.#holder ? { ...one, holder: '', until: 0 } : one));
    }
  }

  async #made(id: string): Promise<Turn> {
    const turn = { id, holder: '', until: 0 };
    try {
      await this.#all.insert(turn);
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'taken')) throw error;
    }
    return turn;
  }
}
