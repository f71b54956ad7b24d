import { frozen } from './records.ts';

interface Entry<V> {
  readonly value: V;
  /** When the first of the records in it ends, in milliseconds. */
  readonly expires: number;
  readonly since: number;
  readonly weight: number;
}

/** What a read of the store found, and from when: `generation` and `since` are taken before the read begins. */
export interface Reading<V> {
  readonly value: V;
  readonly expires: number;
  readonly since: number;
  readonly generation: number;
  /** About how much memory it takes, in characters. */
  readonly weight: number;
}

const mostWeight = 4_000_000;
/** For a collection that is read whole at every request: what does not fit would be read again each time. */
export const wholeWeight = 40_000_000;
const leastWeight = 300;

/** Answers of earlier reads, for a bounded time and in a bounded space; the oldest goes first. */
export class Remembered<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #maxAge: number;
  readonly #most: number;
  #weight = 0;
  /** Counts the changes: a read that began before a change must not be kept after it. */
  generation = 0;

  /** `maxAge` in milliseconds; `most` in characters. */
  constructor(maxAge: number, most = mostWeight) {
    this.#maxAge = maxAge;
    this.#most = most;
  }

  recall(key: string, now: number): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const age = now - entry.since;
    if (entry.expires > now && age < this.#maxAge && age >= 0) return entry.value;
    this.#remove(key, entry);
    return undefined;
  }

  /** Keeps and answers the value, unchangeable from now on. */
  keep(key: string, { value, expires, since, generation, weight }: Reading<V>): V {
    frozen(value);
    if (generation !== this.generation) return value;
    const before = this.#entries.get(key);
    if (before) this.#remove(key, before);
    // The key counts too: whoever asks in vain may ask for something long.
    const total = weight + key.length + leastWeight;
    this.#entries.set(key, { value, expires, since, weight: total });
    this.#weight += total;
    for (const [oldest, entry] of this.#entries) {
      if (this.#weight <= this.#most) break;
      this.#remove(oldest, entry);
    }
    return value;
  }

  forget(): void {
    this.generation += 1;
    this.#entries.clear();
    this.#weight = 0;
  }

  #remove(key: string, entry: Entry<V>): void {
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }
}
