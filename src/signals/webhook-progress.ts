import { moment } from '../audit/trail.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

/** How far the deliveries of a webhook are. Times in milliseconds; 0 is never. */
export interface Progress extends Entity {
  /** The process that delivers, and until when nobody else does. */
  holder: string;
  lease: number;
  /** All up to this place in the feed is delivered, or does not concern it. */
  cursor: string;
  /** What is delivered after that place, where late events may still turn up in between. */
  done: readonly string[];
  /** Not before then, after a failure. */
  due: number;
  /** Failures in a row, since when, and why the last time. */
  tries: number;
  since: number;
  reason: string;
  /** The last success. */
  delivered: number;
}

/** What a holder writes down. */
export type Step = Partial<Omit<Progress, 'id' | 'holder' | 'lease'>>;

/** Whoever holds a webhook has so long (milliseconds), far more than one delivery is given. */
export const lease = 30_000;

const untroubled = { due: 0, tries: 0, since: 0, reason: '' };

/** Where each webhook stands; of all processes one at a time holds it. */
export class ProgressOfWebhooks {
  readonly #all: Collection<Progress>;

  constructor(store: Store) {
    this.#all = store.collection<Progress>({ name: 'webhook-progress', indexes: {} });
  }

  get(id: string): Promise<Progress | undefined> {
    return this.#all.get(id);
  }

  /** From now on. Throws `taken`. */
  async begin(id: string): Promise<void> {
    const cursor = moment(Date.now());
    await this.#all.insert({ id, holder: '', lease: 0, cursor, done: [], delivered: 0, ...untroubled });
  }

  /** Tries again at once. */
  async refresh(id: string): Promise<void> {
    await this.#all.change(id, (now) => ({ ...now, ...untroubled }));
  }

  async forget(id: string): Promise<void> {
    await this.#all.take(id);
  }

  /** Makes somebody the holder if nobody is; undefined when another one is. */
  async take(id: string, holder: string): Promise<Progress | undefined> {
    const found = await this.#all.get(id);
    if (!found || !isFree(found, holder)) return undefined;
    const progress = await this.#all.change(id, (now) =>
      isFree(now, holder) ? { ...now, holder, lease: Date.now() + lease } : now,
    );
    return progress?.holder === holder ? progress : undefined;
  }

  /** Writes a step down and holds it longer; undefined when another one has it meanwhile. */
  async step(id: string, holder: string, step: Step): Promise<Progress | undefined> {
    const progress = await this.#all.change(id, (now) =>
      now.holder === holder ? { ...now, ...step, lease: Date.now() + lease } : now,
    );
    return progress?.holder === holder ? progress : undefined;
  }

  /** Leaves it to the others. */
  async release(id: string, holder: string): Promise<void> {
    await this.#all.change(id, (now) => (now.holder === holder ? { ...now, holder: '', lease: 0 } : now));
  }
}

const isFree = (progress: Progress, holder: string): boolean =>
  progress.holder === '' || progress.holder === holder || progress.lease <= Date.now();
