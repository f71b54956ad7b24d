/** What came of an attempt: whether it went through, and when another makes sense (milliseconds since the epoch). */
interface Attempt {
  allowed: boolean;
  ends: number;
}

/** One who may have to wait. */
interface Turn<A extends Attempt> {
  /** Until when it waits (milliseconds since the epoch). */
  until: number;
  /** Tries to go through now. */
  attempt(): Promise<A>;
  /** What is answered to whoever cannot wait, without trying. */
  refusal(): A;
  /** How many more can go through until then; whoever stands behind them would wait in vain. */
  places(): number;
}

/** Those who wait hold a connection each: so many in this process, and so many in one line. */
const mostWaiting = 256;
const mostInLine = 64;

interface End {
  last: Promise<unknown>;
  length: number;
}

/** Lines of calls that wait for the next period, each in the order of arrival, all together bounded. */
export class Lines<A extends Attempt> {
  readonly #ends = new Map<string, End>();
  #waiting = 0;

  /** Goes through at once where nobody waits and nothing is used up; else waits, or is refused. */
  async pass(key: string, turn: Turn<A>): Promise<A> {
    if (!this.#ends.has(key)) {
      const first = await turn.attempt();
      if (first.allowed || first.ends > turn.until) return first;
    }
    const ahead = this.#ends.get(key)?.length ?? 0;
    if (this.#waiting >= mostWaiting || ahead >= Math.min(mostInLine, turn.places())) return turn.refusal();
    return this.#stand(key, turn);
  }

  async #stand(key: string, turn: Turn<A>): Promise<A> {
    const line = this.#ends.get(key) ?? { last: Promise.resolve(), length: 0 };
    this.#ends.set(key, line);
    line.length += 1;
    this.#waiting += 1;
    // Whoever came before has less time left, so nobody is kept longer than its own patience.
    const mine = line.last.then(() => untilThen(turn));
    line.last = mine.catch(() => {});
    try {
      return await mine;
    } finally {
      this.#waiting -= 1;
      line.length -= 1;
      if (line.length === 0) this.#ends.delete(key);
    }
  }
}

async function untilThen<A extends Attempt>({ attempt, until }: Turn<A>): Promise<A> {
  for (;;) {
    const now = await attempt();
    if (now.allowed || now.ends > until) return now;
    const pause = Math.max(1, now.ends - Date.now());
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
