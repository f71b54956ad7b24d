import { moment } from '../audit/trail.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

/** How far the deliveries to a receiver are. Times in milliseconds; 0 is never. */
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
  /** Verifications that wait to be sent. */
  notes?: readonly Note[];
  /** What the receiver refused last. */
  refused?: Refusal;
}

/** A verification of a stream that its receiver asked for (SSF 1.0 §8.1.4.2). */
export interface Note {
  id: string;
  at: number;
  state?: string;
}

/** Why a receiver did not want a SET (RFC 8935 §2.4). */
export interface Refusal {
  id: string;
  at: number;
  err: string;
  description: string;
}

/** What a holder writes down. */
export type Step = Partial<Omit<Progress, 'id' | 'holder' | 'lease'>>;

/** Whoever holds a receiver has so long (milliseconds), far more than one delivery is given. */
export const lease = 30_000;

const untroubled = { due: 0, tries: 0, since: 0, reason: '' };

/** Where each receiver stands; of all processes one at a time holds it. */
export class Progresses {
  readonly #all: Collection<Progress>;

  constructor(store: Store, name: 'webhook-progress' | 'stream-progress') {
    this.#all = store.collection<Progress>({ name, indexes: {} });
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

  /** All go on from now, whatever was not delivered yet: in a restored store that is long past, or was delivered since. */
  async restart(): Promise<void> {
    const cursor = moment(Date.now());
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: Progress[] = await this.#all.find({}, { after, limit: 1000 });
      for (const { id } of page) {
        const fresh = { holder: '', lease: 0, cursor, done: [], notes: [], ...untroubled };
        await this.#all.change(id, (now) => ({ ...now, ...fresh }));
      }
      after = page.length < 1000 ? undefined : page.at(-1)?.id;
    }
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
  async step(id: string, holder: string, step: Step | ((now: Progress) => Step)): Promise<Progress | undefined> {
    const progress = await this.#all.change(id, (now) =>
      now.holder === holder
        ? { ...now, ...(typeof step === 'function' ? step(now) : step), lease: Date.now() + lease }
        : now,
    );
    return progress?.holder === holder ? progress : undefined;
  }

  /** Writes down what does not depend on who delivers. Throws what `edit` throws. */
  change(id: string, edit: (now: Progress) => Step): Promise<Progress | undefined> {
    return this.#all.change(id, (now) => ({ ...now, ...edit(now) }));
  }

  /** Leaves it to the others. */
  async release(id: string, holder: string): Promise<void> {
    await this.#all.change(id, (now) => (now.holder === holder ? { ...now, holder: '', lease: 0 } : now));
  }
}

const isFree = (progress: Progress, holder: string): boolean =>
  progress.holder === '' || progress.holder === holder || progress.lease <= Date.now();

/** Moves the cursor to a place behind which nothing is left to do. */
export const passed = ({ cursor, done }: Progress, place: string): Pick<Progress, 'cursor' | 'done'> =>
  place <= cursor ? { cursor, done } : { cursor: place, done: done.filter((one) => one > place) };
