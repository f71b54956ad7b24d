import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Recorded } from './trail.ts';

const counted = ['signIns', 'failures', 'tokens'] as const;
/** What is counted: sign-ins that succeeded, that failed, and access tokens. */
type Counted = (typeof counted)[number];
type Counts = Record<Counted, number>;

/** What happened in one hour; the id is its first moment (`2026-11-26T08`). */
interface Hour extends Entity, Counts {}

const hour = 3600;
/** So long counts are kept (seconds): a week, and the day that is not over. */
const kept = 8 * 24 * hour;
/** Counts of a process are written so long after the first (milliseconds): that costs the same for one event and a million. */
const writeAfter = 10_000;

const none: Counts = { signIns: 0, failures: 0, tokens: 0 };
const kinds: Readonly<Record<string, Counted>> = { 'signin.succeeded': 'signIns', 'signin.failed': 'failures' };
const hourOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 13);

/** How much was going on, hour by hour: what charts are made of, without reading the trail. A process that is killed loses what it counted last. */
export class Activity {
  readonly #all: Collection<Hour>;
  #waiting = new Map<string, Counts>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store) {
    this.#all = store.collection<Hour>({ name: 'activity', indexes: {} });
  }

  /** One more, now. */
  count(what: Counted): void {
    const id = hourOf(Date.now() / 1000);
    const counts = this.#waiting.get(id) ?? { ...none };
    counts[what] += 1;
    this.#waiting.set(id, counts);
    this.#timer ??= setTimeout(() => {
      // Not while the store is away: the next one tries again.
      void this.settle().catch(() => undefined);
    }, writeAfter).unref();
  }

  /** Counts an event of the trail, if it is one of those. */
  async hear({ type }: Recorded): Promise<void> {
    const what = kinds[type];
    if (what !== undefined) this.count(what);
  }

  /** Writes what this process has counted. */
  async settle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const [id, counts] of waiting) {
      try {
        await this.#add(id, counts);
        waiting.delete(id);
      } finally {
        if (waiting.has(id)) this.#keep(waiting);
      }
    }
  }

  /** The last so many hours, the oldest first, with the time at which each began (seconds). */
  async lately(hours: number): Promise<(Counts & { from: number })[]> {
    const now = Math.floor(Date.now() / 1000 / hour) * hour;
    const first = now - (hours - 1) * hour;
    const found = await this.#all.find({}, { after: hourOf(first - hour), limit: 1000 });
    const byId = new Map(found.map((one) => [one.id, one]));
    return Array.from({ length: hours }, (_, index) => {
      const from = first + index * hour;
      const { signIns, failures, tokens } = byId.get(hourOf(from)) ?? none;
      return { from, signIns, failures, tokens };
    });
  }

  #keep(failed: ReadonlyMap<string, Counts>): void {
    for (const [id, counts] of failed) this.#waiting.set(id, sum(counts, this.#waiting.get(id) ?? none));
  }

  async #add(id: string, counts: Counts): Promise<void> {
    const more = () => this.#all.change(id, (now) => ({ ...now, ...sum(now, counts) }));
    if (await more()) return;
    try {
      await this.#all.insert({ id, ...counts }, kept);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
      // Another process was faster.
      await more();
    }
  }
}

const sum = (one: Counts, other: Counts): Counts => ({
  signIns: one.signIns + other.signIns,
  failures: one.failures + other.failures,
  tokens: one.tokens + other.tokens,
});
