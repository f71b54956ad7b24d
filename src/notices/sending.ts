import type { Log } from '../kernel/log.ts';
import type { Deliver, Outbox } from './outbox.ts';

interface Parts {
  outbox: Outbox;
  deliver: Deliver;
  /** Puts in what others owe. */
  catchUp: () => Promise<void>;
  log: Log;
}

/** How often this process looks for mail that others put in, or that is due again (milliseconds). */
const look = 10_000;

/** Every so many looks it also puts in what a process that died did not come to. */
const looksUntilCatchUp = 60;

/** Sends what waits in the outbox: at once when this process put it in, and every few seconds. */
export class Sending {
  readonly #parts: Parts;
  readonly #timer: NodeJS.Timeout;
  #round: Promise<void> | undefined;
  #again = false;
  #leaving = false;
  #looks = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      this.#looks += 1;
      this.look();
    }, look).unref();
    parts.outbox.onPut(() => this.look());
    this.look();
  }

  /** Begins a round, or sees to it that another one follows the one that is under way. */
  look(): void {
    if (this.#leaving) return;
    this.#again = this.#round !== undefined;
    this.#round ??= this.#tend().finally(() => {
      this.#round = undefined;
      if (this.#again) this.look();
    });
  }

  /** Takes no further mail into its hands; resolves when the one that is under way is sent or back. */
  async close(): Promise<void> {
    this.#leaving = true;
    clearInterval(this.#timer);
    await this.#round;
  }

  async #tend(): Promise<void> {
    const { catchUp, outbox, deliver, log } = this.#parts;
    try {
      if (this.#looks % looksUntilCatchUp === 0) {
        this.#looks = 1;
        await catchUp();
      }
      await outbox.tend(deliver, log, () => this.#leaving);
    } catch (error) {
      log.warn({ err: error }, 'the outbox could not be looked after; trying again');
    }
  }
}
