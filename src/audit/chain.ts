import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { unavailable } from '../kernel/errors.ts';
import type { Collection } from '../store/port.ts';
import type { AuditKey, AuditKeys } from './keys.ts';
import { beginning, chains, type End, type Linked, linked, placeOf } from './link.ts';
import { type Ends, endOf, type Seal, type Seals } from './seal.ts';
import type { Recorded } from './trail.ts';

/** The events of the store, as far as chaining them goes. */
export type Events = Pick<Collection<Recorded, 'link'>, 'append' | 'find'>;

interface Waiting {
  readonly event: Recorded;
  resolve(event: Linked): void;
  reject(error: unknown): void;
}

/** Where the next event of a process goes. */
interface Tail {
  readonly chain: number;
  readonly end: End;
  readonly key: string;
}

const mostAtOnce = 200;
/** An event may wait so long while other processes are faster all the time (milliseconds). */
const patience = 10_000;
/** The seal is written so long after an event (milliseconds), so that it costs nothing that grows with their number. */
const sealAfter = 10_000;

/**
 * Chains the events of this process. What is recorded while a write is under way goes with the next one, in its order. Only
 * one process can take a place: whoever was slower goes to another chain.
 */
export class Chain {
  readonly #events: Events;
  readonly #keys: AuditKeys;
  readonly #seals: Seals;
  #waiting: Waiting[] = [];
  #serving: Promise<void> | undefined;
  /** Where this process goes on; undefined when it has to look. */
  #tail: Tail | undefined;
  #unsealed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ events, keys, seals }: { events: Events; keys: AuditKeys; seals: Seals }) {
    this.#events = events;
    this.#keys = keys;
    this.#seals = seals;
  }

  /** The event in its place, durable. */
  append(event: Recorded): Promise<Linked> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event, resolve, reject });
      this.#serving ??= this.#serve();
    });
  }

  /** Writes down how long the chains are, if this process has made one longer. */
  async settle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#serving;
    if (!this.#unsealed) return;
    this.#unsealed = false;
    try {
      await this.seal();
    } catch (error) {
      this.#unsealed = true;
      throw error;
    }
  }

  /** Writes down how long the chains are, and answers it; undefined where nothing was chained, or the seal is no good. */
  async seal(): Promise<Seal | undefined> {
    const seal = await this.#seals.read();
    return seal && this.#seals.advance({ to: await this.#ends(seal) });
  }

  async #ends(seal: Seal): Promise<Ends> {
    const found = await Promise.all(Array.from({ length: chains }, (_, chain) => this.#end(chain, seal)));
    const ends = found.map(({ seq, mac }, chain) => [String(chain), { seq, mac }] as const);
    return Object.fromEntries(ends.filter(([, { seq }]) => seq > 0));
  }

  async #serve(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Whoever was waiting for the last write has gone on by then, and what it records goes with this one.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      const batch = this.#waiting.splice(0, mostAtOnce);
      try {
        await this.#write(batch);
      } catch (error) {
        this.#tail = undefined;
        // The others have waited behind them, and would only wait once more.
        for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(error);
      }
    }
    // At once: whoever comes in between would wait for nobody.
    this.#serving = undefined;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const until = performance.now() + patience;
    for (let rest = batch; rest.length > 0; ) {
      const tail = await this.#place();
      const key = await this.#keyAfter(tail.key);
      const events = inPlaces(rest, tail, key);
      const count = await this.#events.append(events);
      for (const [index, { resolve }] of rest.slice(0, count).entries()) {
        const event = events[index];
        if (event) resolve(event);
      }
      if (count > 0) this.#sealLater();
      rest = rest.slice(count);
      const last = rest.length === 0 ? events.at(-1) : undefined;
      this.#tail = last && { chain: tail.chain, end: last.link, key: key.id };
      if (rest.length === 0) return;
      if (performance.now() > until) throw unavailable(new Error('the audit trail takes no event'));
      await pause(Math.random() * 5);
    }
  }

  async #place(): Promise<Tail> {
    if (this.#tail) return this.#tail;
    const chain = randomInt(chains);
    const seal = (await this.#seals.read()) ?? (await this.#begun());
    const { key = '', ...end } = await this.#end(chain, seal);
    this.#tail = { chain, end, key };
    return this.#tail;
  }

  /** A trail that has chained events already gets no new seal: that it lost the old one must be seen. */
  async #begun(): Promise<Seal | undefined> {
    const firsts = await Promise.all(
      Array.from({ length: chains }, (_, chain) => this.#events.find({ link: placeOf(chain, 1) }, { limit: 1 })),
    );
    return firsts.flat().length > 0 ? undefined : this.#seals.begin();
  }

  /** The last event of a chain: from the sealed end onwards in leaps, then halving the last one. */
  async #end(chain: number, seal: Seal | undefined): Promise<End & { key?: string }> {
    const at = async (seq: number) => (await this.#events.find({ link: placeOf(chain, seq) }, { limit: 1 }))[0]?.link;
    const sealed = seal ? endOf(seal.to, chain) : beginning;
    let found: End & { key?: string } = sealed;
    let beyond = Number.POSITIVE_INFINITY;
    for (let leap = 1; found.seq + 1 < beyond; ) {
      const seq = beyond === Number.POSITIVE_INFINITY ? found.seq + leap : Math.floor((found.seq + beyond) / 2);
      const link = await at(seq);
      if (link) found = link;
      else beyond = seq;
      leap *= 2;
    }
    return found.key === undefined && found.seq > 0 ? ((await at(found.seq)) ?? found) : found;
  }

  /** Keys only ever follow one another in a chain, also where this process has not heard of the newest yet. */
  async #keyAfter(last: string): Promise<AuditKey> {
    const own = await this.#keys.current();
    return last > own.id ? ((await this.#keys.get(last)) ?? own) : own;
  }

  #sealLater(): void {
    this.#unsealed = true;
    this.#timer ??= setTimeout(() => {
      // Not while the store is away: the next event tries again.
      void this.settle().catch(() => undefined);
    }, sealAfter).unref();
  }
}

function inPlaces(waiting: readonly Waiting[], { chain, end }: Tail, key: AuditKey): Linked[] {
  const events: Linked[] = [];
  for (const { event } of waiting) events.push(linked(event, chain, events.at(-1)?.link ?? end, key));
  return events;
}
