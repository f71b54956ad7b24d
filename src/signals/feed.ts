import { isUnsettling, moment, type Trail, type UnsettlingEvent } from '../audit/trail.ts';
import { isSettled, type Signal, signalOf } from './signal.ts';

/** Hears a signal once, and must not throw. */
export type Hear = (signal: Signal) => void;

/** A signal that was read, and whether every process answers by it now. */
export interface Entry {
  signal: Signal;
  settled: boolean;
}

/** How often the trail is looked at for what other processes have recorded, while somebody listens (milliseconds). */
const look = 500;

/**
 * Ids are in the order of each process's own clock, and an event is readable only once it is written. So whoever reads on from
 * a place reads again what is this much older (milliseconds): clocks may differ, and writes take, so long together.
 */
export const overlap = 15_000;

/** Each process may answer by what it remembers for so long (milliseconds); store/port.ts promises it. */
const settling = 1000;

const mostAtOnce = 1000;

/**
 * The signals of all processes, in about the order in which they happened. One reader for all who listen in this process:
 * what this process records is heard at once, what others record within half a second; what processes may not know yet is
 * told a second later, so that nobody who asks anew gets the old answer. It reads only while somebody listens.
 */
export class Feed {
  readonly #trail: Trail;
  readonly #hearers = new Set<Hear>();
  /** Events that were seen lately, and when (performance.now()). */
  readonly #seen = new Map<string, number>();
  readonly #failed: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #reading = false;
  #away = false;
  #position = 0;

  constructor(trail: Trail, failed: (error: unknown) => void) {
    this.#trail = trail;
    this.#failed = failed;
    trail.listen((event) => {
      if (this.#hearers.size > 0 && isUnsettling(event)) this.#see(event);
      return undefined;
    }, failed);
  }

  /** Everything before this time (milliseconds) has been told, as far as clocks agree. */
  get position(): number {
    return this.#position;
  }

  /** Hears every signal from now on; answers how to stop. */
  listen(hear: Hear): () => void {
    this.#hearers.add(hear);
    if (!this.#reading) this.#start();
    return () => {
      this.#hearers.delete(hear);
      if (this.#hearers.size === 0) this.#stop();
    };
  }

  /** Signals after an event or a place; `end` is where the next page begins, undefined when there is none. */
  async page(after: string, limit: number): Promise<{ entries: Entry[]; end: string | undefined }> {
    const events = await this.#trail.unsettling({ after, limit });
    const entries = events.map((event) => ({ signal: signalOf(event), settled: this.#settled(event) }));
    return { entries, end: events.length < limit ? undefined : events.at(-1)?.id };
  }

  #start(): void {
    this.#reading = true;
    this.#position = Date.now();
    void this.#read();
  }

  #stop(): void {
    this.#reading = false;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    try {
      await this.#readAll();
      this.#away = false;
    } catch (error) {
      // Nothing is lost: the next look begins where the last good one did.
      if (!this.#away) this.#failed(error);
      this.#away = true;
    }
    if (!this.#reading) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#read(), look).unref();
  }

  async #readAll(): Promise<void> {
    const began = Date.now();
    const floor = moment(Math.min(this.#position, began) - overlap);
    for (let after: string | undefined = floor; after !== undefined; ) {
      const events: UnsettlingEvent[] = await this.#trail.unsettling({ after, limit: mostAtOnce });
      for (const event of events) this.#see(event);
      after = events.length < mostAtOnce ? undefined : events.at(-1)?.id;
    }
    this.#position = began;
    for (const id of this.#seen.keys()) if (id < floor) this.#seen.delete(id);
  }

  #see(event: UnsettlingEvent): void {
    if (this.#seen.has(event.id)) return;
    this.#seen.set(event.id, performance.now());
    const signal = signalOf(event);
    if (isSettled(signal)) this.#tell(signal);
    else setTimeout(() => this.#tell(signal), settling).unref();
  }

  #tell(signal: Signal): void {
    for (const hear of [...this.#hearers]) hear(signal);
  }

  /** Counted from when it was seen here, which is after it was written, whatever the writer's clock says. */
  #settled(event: UnsettlingEvent): boolean {
    if (isSettled({ reason: event.type }) || event.at < Date.now() - overlap) return true;
    this.#see(event);
    return performance.now() - (this.#seen.get(event.id) ?? 0) >= settling;
  }
}

/** Where a cursor or a time (seconds) stands in the trail, in milliseconds; undefined for what is neither. */
export function placeOf(cursor: string): number | undefined {
  if (/^\d{10}$/.test(cursor)) return Number(cursor) * 1000;
  const [, time] = /^([0-9a-z]{9})(?:-[0-9a-z]{4,8}-[\w-]{8})?$/.exec(cursor) ?? [];
  return time === undefined ? undefined : Number.parseInt(time, 36);
}
