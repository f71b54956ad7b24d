import { setTimeout as pause } from 'node:timers/promises';
import { randomToken } from '../kernel/crypto.ts';
import { Problem, unavailable } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

interface Turn extends Entity {
  id: 'administration';
  /** Empty when nobody is at it. */
  holder: string;
  /** Whoever is at it has died when this is over (milliseconds). */
  until: number;
  /** When somebody last took a deed back (milliseconds), and who. */
  undone?: { at: number; by: string };
}

const id = 'administration';
/** Whoever has not been heard of for so long has died (milliseconds); who is still at it says so three times as often. */
const silence = 10_000;
/** No deed takes so long (milliseconds): who is not done by then says nothing any more, and another one goes on. */
const longest = 60_000;
const patience = 15_000;
/** Another process may remember for a second what was taken back meanwhile; clocks differ a little (milliseconds). */
const forgotten = 1500;

/** Lets one process at a time do what may take the administration of this server from somebody. */
export class Alone {
  readonly #all: Collection<Turn>;
  readonly #holder = randomToken(9);

  constructor(store: Store) {
    this.#all = store.collection<Turn>({ name: 'administration-turns', indexes: {} });
  }

  /** Runs the deed while no other process runs one; it says by `undone` that it was taken back. Throws `unavailable`. */
  async run<T>(deed: (undone: () => void) => Promise<T>): Promise<T> {
    const { undone } = await this.#take();
    // What we remember may be from in between.
    const since = undone && undone.by !== this.#holder ? Date.now() - undone.at : forgotten;
    if (since < forgotten) await pause(Math.min(forgotten, forgotten - since));
    let back = false;
    const stop = this.#staying();
    try {
      return await deed(() => {
        back = true;
      });
    } finally {
      stop();
      // Where the store is away the turn ends by itself.
      await this.#release(back).catch(() => undefined);
    }
  }

  async #take(): Promise<Turn> {
    for (const until = performance.now() + patience; performance.now() < until; await pause(5 + Math.random() * 20)) {
      const now = Date.now();
      const turn = await this.#all.change(id, (one) =>
        one.holder === '' || one.until <= now ? { ...one, holder: this.#holder, until: now + silence } : one,
      );
      if (turn?.holder === this.#holder) return turn;
      if (!turn) await this.#make();
    }
    throw unavailable(new Error('another process is at the administration all the time'));
  }

  async #make(): Promise<void> {
    try {
      await this.#all.insert({ id, holder: '', until: 0 });
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'taken')) throw error;
    }
  }

  /** Says from time to time that somebody is still at it; answers how to stop. */
  #staying(): () => void {
    const began = performance.now();
    const timer = setInterval(() => {
      if (performance.now() - began > longest) clearInterval(timer);
      // Where the store is away, the deed hears of it too.
      else this.#stay().catch(() => undefined);
    }, silence / 3);
    return () => clearInterval(timer);
  }

  async #stay(): Promise<void> {
    const until = Date.now() + silence;
    await this.#all.change(id, (one) => (one.holder === this.#holder ? { ...one, until } : one));
  }

  async #release(back: boolean): Promise<void> {
    const undone = back ? { undone: { at: Date.now(), by: this.#holder } } : {};
    await this.#all.change(id, (one) =>
      one.holder === this.#holder ? { ...one, ...undone, holder: '', until: 0 } : one,
    );
  }
}
