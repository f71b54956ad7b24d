import { guardedFetch } from '../kernel/fetch.ts';

/** What bounds requests to addresses that somebody else chose. */
export interface Outgoing {
  allowPrivate: boolean;
  maxBytes: number;
}

/** One message for one receiver. */
export interface Letter {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Whether the last one was not taken. */
  troubled?: boolean | undefined;
}

/** The answer, or why there was none. */
export type Posted = { status: number; text: string } | { reason: string };

/** A receiver has so long to answer (milliseconds); Standard Webhooks ask for 15 to 30 s, a lease is 30 s. */
const patience = 15_000;
/** While others wait for a place, it has only so long (milliseconds): who hangs is tried again beside them. */
const fair = 2000;
/** All outgoing requests share 20 places (kernel/fetch.ts): signing in at providers keeps most of them. */
const mostAtOnce = 8;
/** Of them, so many are for receivers that did not take the last message: however many hang, others get through. */
const mostTroubled = 3;

interface Turn {
  troubled: boolean;
  /** By real time (performance.now()). */
  began: number;
  stop: AbortController;
}

interface Waiting {
  troubled: boolean;
  go(turn: Turn): void;
}

/** Sends messages to the receivers of webhooks and streams, a few at once, and so that slow ones hold up no others. */
export class Posting {
  readonly #outgoing: Outgoing;
  readonly #running = new Set<Turn>();
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(outgoing: Outgoing) {
    this.#outgoing = outgoing;
  }

  /** Whether receivers may have any address, over http too: development, and an operator who knows why. */
  get allowsPrivate(): boolean {
    return this.#outgoing.allowPrivate;
  }

  /** Posts it when its turn has come; `begin` is asked then, and may call it off by false. */
  async post(letter: Letter, begin: () => Promise<boolean>): Promise<Posted | undefined> {
    const turn = await this.#turn(letter.troubled === true);
    try {
      return (await begin()) ? await this.#send(letter, turn.stop.signal) : undefined;
    } finally {
      this.#running.delete(turn);
      this.#next();
    }
  }

  async #send({ url, headers, body }: Letter, signal: AbortSignal): Promise<Posted> {
    const init = { method: 'POST', headers, body, redirect: 'manual', signal } as const;
    try {
      const answer = await guardedFetch(url, init, { ...this.#outgoing, timeoutMs: patience });
      return { status: answer.status, text: await answer.text() };
    } catch (error) {
      if (signal.aborted) return { reason: `it did not answer within ${fair / 1000} s, while others waited` };
      return { reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #turn(troubled: boolean): Promise<Turn> {
    const { promise, resolve } = Promise.withResolvers<Turn>();
    this.#waiting.push({ troubled, go: resolve });
    this.#next();
    return promise;
  }

  /** Lets in whoever there is a place for, in the order in which they came. */
  #next(): void {
    for (;;) {
      const at = this.#waiting.findIndex(({ troubled }) => this.#hasPlace(troubled));
      const [next] = at === -1 ? [] : this.#waiting.splice(at, 1);
      if (!next) break;
      const turn = { troubled: next.troubled, began: performance.now(), stop: new AbortController() };
      this.#running.add(turn);
      next.go(turn);
    }
    clearTimeout(this.#timer);
    const slowest = [...this.#running].find(({ troubled, stop }) => !troubled && !stop.signal.aborted);
    if (!slowest || this.#waiting.every(({ troubled }) => troubled)) return;
    this.#timer = setTimeout(
      () => {
        slowest.stop.abort();
        this.#next();
      },
      Math.max(0, slowest.began + fair - performance.now()),
    ).unref();
  }

  #hasPlace(troubled: boolean): boolean {
    if (this.#running.size >= mostAtOnce) return false;
    return !troubled || [...this.#running].filter((turn) => turn.troubled).length < mostTroubled;
  }
}
