import { moment } from '../audit/trail.ts';
import { missing } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import { type Entry, type Feed, overlap, placeOf } from './feed.ts';
import { type Progress, passed, type Refusal, type Step } from './progress.ts';
import { eventIn, keeping, type StreamSet, setOf, verificationSet, type WriteSet } from './stream-sets.ts';
import type { Stream, Streams } from './streams.ts';

/** What a receiver asks when it polls (RFC 8936 §2.2). */
export interface Poll {
  /** At most so many SETs; 0 when it only acknowledges. */
  most: number;
  /** Does not wait for something to happen. */
  immediately: boolean;
  /** Ids of SETs that were taken. */
  acknowledged: readonly string[];
  /** SETs that were refused, by id. */
  refused: Readonly<Record<string, { err: string; description: string }>>;
}

/** What it gets: SETs by id, and whether there are more. */
export interface Polled {
  sets: Record<string, string>;
  more: boolean;
}

interface Parts {
  streams: Streams;
  feed: Feed;
  write: WriteSet;
  log: Log;
}

/** A poll waits so long for something to happen, and looks at the store at least this often meanwhile (milliseconds). */
const patience = 30_000;
const look = 5000;
/** What processes may not answer by yet is looked at again after this (milliseconds). */
const settling = 250;
/** Waits of one stream, and of all together in this process: whoever comes later ends the oldest of its stream. */
const mostEach = 2;
const most = 200;
/** So many acknowledgements beyond one that is missing are remembered; then it counts as given. */
const mostBeyond = 2000;
const pageSize = 100;
/** So many signals are read for one answer at most. */
const mostRead = 5000;
/** A cursor that has moved by this much (milliseconds) is written down; read again, the rest costs little. */
const worthWriting = 60_000;

interface Collected {
  sets: StreamSet[];
  more: boolean;
  /** Something is there that may not be told yet. */
  soon: boolean;
}

/** Polls of receivers. Any process answers; what was acknowledged is in the store. */
export class Polls {
  readonly #parts: Parts;
  readonly #waits = new Set<{ stream: string; wake(over: boolean): void }>();
  #unlisten: (() => void) | undefined;
  #leaving = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.streams.onChange(() => this.#wake());
  }

  /** Takes what was acknowledged, and tells what is not; waits for it where the receiver wants that. Throws `missing`. */
  async poll(stream: Stream, asked: Poll): Promise<Polled> {
    await this.#acknowledge(stream, asked);
    if (asked.most === 0) return { sets: {}, more: false };
    const until = performance.now() + patience;
    for (;;) {
      const now = await this.#parts.streams.get(stream.id);
      if (now?.client !== stream.client || now.delivery.method !== 'poll') throw missing('This stream');
      const { sets, more, soon } = await this.#collect(now, asked.most);
      const left = until - performance.now();
      const enough = sets.length > 0 || asked.immediately || left <= 0;
      if (enough || (await this.#wait(stream.id, Math.min(left, soon ? settling : look))))
        return this.#answer(sets, more);
    }
  }

  /** Ends all that wait, for good: receivers come back to another process. */
  close(): void {
    this.#leaving = true;
    for (const { wake } of [...this.#waits]) wake(true);
  }

  async #answer(sets: readonly StreamSet[], more: boolean): Promise<Polled> {
    const written = await Promise.all(sets.map(async (set) => [set.jti, await this.#parts.write(set)] as const));
    return { sets: Object.fromEntries(written), more };
  }

  async #acknowledge(stream: Stream, { acknowledged, refused }: Poll): Promise<void> {
    const errors = Object.entries(refused).map(([id, why]): Refusal => ({ id, at: Date.now(), ...why }));
    const taken = new Set([...acknowledged, ...Object.keys(refused)].flatMap((jti) => eventIn(jti, stream) ?? []));
    const last = errors.filter(({ id }) => eventIn(id, stream) !== undefined).at(-1);
    if (taken.size === 0) return;
    for (const { id, err, description } of errors) {
      this.#parts.log.warn({ stream: stream.id, set: id, err, description }, 'a receiver refused a security event');
    }
    const ahead = moment(Date.now() + overlap);
    await this.#parts.streams.progress.change(stream.id, (now) => ({
      ...beyond(
        now,
        [...taken].filter((id) => id > now.cursor && id < ahead),
      ),
      notes: (now.notes ?? []).filter(({ id }) => !taken.has(id)),
      delivered: Date.now(),
      ...(last === undefined ? {} : { refused: last }),
    }));
  }

  async #collect(stream: Stream, limit: number): Promise<Collected> {
    const nothing = { sets: [], more: false, soon: false };
    const progress = await this.#parts.streams.progress.get(stream.id);
    if (!progress || stream.status !== 'enabled') return nothing;
    const sets = (progress.notes ?? []).map((note) => verificationSet(stream, note));
    const { found, cursor, soon, more } = await this.#read(stream, progress, limit + 1);
    sets.push(...found);
    if ((placeOf(cursor) ?? 0) - (placeOf(progress.cursor) ?? 0) > worthWriting) {
      await this.#parts.streams.progress.change(stream.id, (now) => passed(now, cursor));
    }
    return { sets: sets.slice(0, limit), more: more || sets.length > limit, soon };
  }

  /** The oldest that are not acknowledged, and the place up to which nothing is left. */
  async #read(stream: Stream, progress: Progress, limit: number) {
    const began = Date.now();
    const done = new Set(progress.done);
    const found: StreamSet[] = [];
    let { cursor } = passed(progress, moment(began - keeping));
    let read = 0;
    for await (const { signal, settled } of this.#entries(cursor)) {
      // In order: nothing is told before what came earlier.
      if (!settled) return { found, cursor, soon: true, more: false };
      const set = done.has(signal.id) ? undefined : setOf(stream, signal);
      if (set) found.push(set);
      else if (found.length === 0 && signal.at < began - overlap) cursor = signal.id;
      read += 1;
      if (found.length === limit || read === mostRead) return { found, cursor, soon: false, more: true };
    }
    const end = found.length === 0 ? moment(began - overlap) : cursor;
    return { found, cursor: passed({ ...progress, cursor }, end).cursor, soon: false, more: false };
  }

  async *#entries(place: string): AsyncGenerator<Entry> {
    for (let after: string | undefined = place; after !== undefined; ) {
      const { entries, end }: { entries: Entry[]; end: string | undefined } = await this.#parts.feed.page(
        after,
        pageSize,
      );
      yield* entries;
      after = end;
    }
  }

  /** Answers whether the wait is over for good. */
  #wait(stream: string, milliseconds: number): Promise<boolean> {
    const own = [...this.#waits].filter((one) => one.stream === stream);
    if (own.length >= mostEach) own[0]?.wake(true);
    if (this.#leaving || this.#waits.size >= most) return Promise.resolve(true);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => wait.wake(false), milliseconds).unref();
    const wait = {
      stream,
      wake: (over: boolean): void => {
        clearTimeout(timer);
        this.#waits.delete(wait);
        resolve(over);
        if (this.#waits.size > 0) return;
        this.#unlisten?.();
        this.#unlisten = undefined;
      },
    };
    this.#waits.add(wait);
    this.#unlisten ??= this.#parts.feed.listen(() => this.#wake());
    return promise;
  }

  #wake(): void {
    for (const { wake } of [...this.#waits]) wake(false);
  }
}

/** Remembers what is acknowledged. Whoever leaves one out while thousands follow will not take it any more. */
function beyond(now: Progress, taken: readonly string[]): Step {
  const done = [...new Set([...now.done, ...taken])].sort();
  if (done.length <= mostBeyond) return { done };
  const place = done[done.length - mostBeyond - 1];
  return place === undefined ? { done } : passed({ ...now, done }, place);
}
