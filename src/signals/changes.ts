import { moment } from '../audit/trail.ts';
import { Problem } from '../kernel/errors.ts';
import { type Feed, overlap, placeOf } from './feed.ts';
import { audibleTo, type Signal } from './signal.ts';

/** What a listener is told; `cursor` is where it may read on later. `reset`: it may have missed something and drops all it keeps. */
export type Message =
  | { kind: 'signal'; cursor: string; signal: Signal }
  | { kind: 'reset'; cursor: string }
  | { kind: 'beat'; cursor: string };

/** Somebody who listens. */
export interface Listening {
  /** The client; so many of its streams may be open. */
  client: string;
  /** The APIs whose tokens it may introspect at this moment; undefined when it may not listen any more. */
  introspects(): Promise<'all' | readonly string[] | undefined>;
  /** Takes a message; false when too much waits for it. */
  write(message: Message): boolean;
  /** Resolves when it takes more, or has left. */
  room(): Promise<void>;
  /** It is over. */
  end(): void;
}

interface Limits {
  mostEach: number;
  most: number;
  /** Milliseconds between two beats, at which it is also looked whether the listener still may listen. */
  beat: number;
}

const usual: Limits = { mostEach: 20, most: 500, beat: 15_000 };

/** Whoever was away for longer than this (milliseconds), or missed more signals, drops everything instead. */
const longest = 60 * 60 * 1000;
const mostMissed = 5000;
/** Clocks of listeners and ours may differ by this much (milliseconds). */
const ahead = 60_000;

const tooMany = (sentence: string): Problem =>
  new Problem({ code: 'too_many_streams', status: 429, sentence, retryAfter: 30 });

const leaving = (): Problem =>
  new Problem({
    code: 'leaving',
    status: 503,
    sentence: 'This process is leaving; connect again, and another one goes on where you left off',
    retryAfter: 1,
  });

/** The streams of changes that are open in this process. */
export class Changes {
  readonly #feed: Feed;
  readonly #limits: Limits;
  readonly #open = new Set<Stream>();
  #timer: NodeJS.Timeout | undefined;
  #leaving = false;

  constructor(feed: Feed, limits: Partial<Limits> = {}) {
    this.#feed = feed;
    this.#limits = { ...usual, ...limits };
  }

  /**
   * Tells everything since the cursor, or from now on without one, until the answered function is called. At least once: what
   * was told shortly before the cursor comes again. Throws `too_many_streams`, and `leaving` once all were ended.
   */
  open(listening: Listening, since?: string): () => void {
    if (this.#leaving) throw leaving();
    const own = [...this.#open].filter(({ client }) => client === listening.client).length;
    if (own >= this.#limits.mostEach || this.#open.size >= this.#limits.most) {
      throw tooMany('Too many streams of changes are open; let one process listen for several, or try again later');
    }
    const stream = new Stream(this.#feed, listening, () => this.#close(stream));
    this.#open.add(stream);
    this.#timer ??= setInterval(() => {
      for (const one of this.#open) void one.beat();
    }, this.#limits.beat).unref();
    void stream.begin(since);
    return () => this.#close(stream);
  }

  /** Ends all of them, for good: listeners come back to another process, where they left off. */
  close(): void {
    this.#leaving = true;
    for (const stream of [...this.#open]) this.#close(stream);
  }

  #close(stream: Stream): void {
    if (!this.#open.delete(stream)) return;
    stream.close();
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** One listener: first what it missed, then what happens. */
class Stream {
  readonly client: string;
  readonly #feed: Feed;
  readonly #listening: Listening;
  readonly #leave: () => void;
  readonly #stop: () => void;
  /** Live signals that came while it was told what it missed. */
  #waiting: Signal[] | undefined = [];
  /** What it was told of the time in which live signals begin. */
  #told: Set<string> | undefined = new Set();
  #introspects: 'all' | readonly string[] = [];
  #over = false;

  constructor(feed: Feed, listening: Listening, leave: () => void) {
    this.client = listening.client;
    this.#feed = feed;
    this.#listening = listening;
    this.#leave = leave;
    this.#stop = feed.listen((signal) => this.#hear(signal));
  }

  async begin(since: string | undefined): Promise<void> {
    try {
      await this.#look();
      const place = since === undefined ? Date.now() : placeOf(since);
      if (place === undefined || place < Date.now() - longest || place > Date.now() + ahead) this.#reset();
      else await this.#catchUp(place);
      for (let one = this.#waiting?.shift(); one !== undefined && !this.#over; one = this.#waiting?.shift()) {
        if (!this.#tell(one)) await this.#listening.room();
      }
      this.#waiting = undefined;
      // By then the live reader is past everything that was read here.
      setTimeout(() => {
        this.#told = undefined;
      }, 2 * overlap).unref();
    } catch {
      // The store is away: the listener comes back with the cursor that it had.
      this.#leave();
    }
  }

  /** Keeps the connection, moves the cursor of a listener to whom nothing happens, and ends one that may not listen any more. */
  async beat(): Promise<void> {
    try {
      await this.#look();
    } catch {
      // The store is away; the cursor stays.
    }
    if (this.#waiting === undefined && !this.#write({ kind: 'beat', cursor: moment(this.#feed.position) }))
      this.#leave();
  }

  close(): void {
    this.#over = true;
    this.#stop();
    this.#listening.end();
  }

  async #look(): Promise<void> {
    const introspects = await this.#listening.introspects();
    if (introspects === undefined) this.#leave();
    else this.#introspects = introspects;
  }

  /** At the reader's pace: there may be much more than may wait for it. */
  async #catchUp(place: number): Promise<void> {
    let count = 0;
    for (let after: string | undefined = moment(place - overlap); after !== undefined && !this.#over; ) {
      const { entries, end } = await this.#feed.page(after, 1000);
      count += entries.length;
      if (count > mostMissed) return this.#reset();
      for (const { signal, settled } of entries) {
        // What is not settled comes once more, when it is.
        if (settled) this.#told?.add(signal.id);
        if (!this.#send(signal)) await this.#listening.room();
      }
      after = end;
    }
  }

  #hear(signal: Signal): void {
    if (this.#waiting) {
      if (this.#waiting.push(signal) > mostMissed) this.#leave();
    } else if (!this.#tell(signal)) this.#leave();
  }

  /** What happens, unless it was told as missed; whether there is room for more. */
  #tell(signal: Signal): boolean {
    if (this.#told?.has(signal.id)) return true;
    if (signal.client === this.client && signal.type.startsWith('client.')) void this.#look().catch(() => undefined);
    return this.#send(signal);
  }

  #send(signal: Signal): boolean {
    const audible = audibleTo(signal, this.#introspects);
    return audible === undefined || this.#write({ kind: 'signal', cursor: signal.id, signal: audible });
  }

  #reset(): void {
    this.#write({ kind: 'reset', cursor: moment(Date.now()) });
  }

  #write(message: Message): boolean {
    return this.#over || this.#listening.write(message);
  }
}
