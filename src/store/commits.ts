import { unavailable } from '../kernel/errors.ts';

/** The transaction of a database that only one caller at a time may hold. */
export interface Transaction {
  /** Answers false while somebody else holds it. */
  begin(): boolean;
  commit(): void;
  rollback(): void;
  /** Whether an error comes from the database, so that nothing of the transaction may be believed. */
  broken(error: unknown): boolean;
}

interface Step {
  /** Does its part and answers what to tell the caller once everything is on disk. */
  run(): () => void;
  fail(error: unknown): void;
  readonly until: number;
}

const mostSteps = 1000;
const pause = () => 1 + Math.random() * 4;

/**
 * Group commit: the writes of one turn of the event loop share one transaction, and so one wait for the disk. Each
 * caller hears only after the commit, also of a failure: a step may have failed because of one that was then lost.
 */
export class Commits {
  readonly #transaction: Transaction;
  readonly #timeoutMs: number;
  #queue: Step[] = [];
  #planned = false;

  constructor(transaction: Transaction, timeoutMs: number) {
    this.#transaction = transaction;
    this.#timeoutMs = timeoutMs;
  }

  /** Runs the step within the next transaction. An error of the step's own concerns its caller only. */
  write<T>(step: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = () => {
        try {
          const value = step();
          return () => resolve(value);
        } catch (error) {
          if (this.#transaction.broken(error)) throw error;
          return () => reject(error);
        }
      };
      this.#queue.push({ run, fail: reject, until: performance.now() + this.#timeoutMs });
      this.#plan();
    });
  }

  #flush(): void {
    this.#planned = false;
    if (this.#queue.length === 0) return;
    try {
      if (this.#transaction.begin()) this.#commit(this.#queue.splice(0, mostSteps));
      else this.#later();
    } catch (error) {
      this.#fail(this.#queue.splice(0), error);
    }
    if (this.#queue.length > 0) this.#plan();
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => this.#flush());
  }

  #later(): void {
    const now = performance.now();
    const [late, waiting] = [
      this.#queue.filter((step) => step.until <= now),
      this.#queue.filter((step) => step.until > now),
    ];
    this.#queue = waiting;
    this.#fail(late, new Error('another process holds the database'));
    if (waiting.length === 0) return;
    this.#planned = true;
    setTimeout(() => this.#flush(), pause());
  }

  #commit(steps: Step[]): void {
    try {
      const outcomes = steps.map((step) => step.run());
      this.#transaction.commit();
      for (const tell of outcomes) tell();
    } catch (error) {
      this.#fail(steps, error);
      this.#transaction.rollback();
    }
  }

  #fail(steps: Step[], cause: unknown): void {
    for (const step of steps) step.fail(unavailable(cause));
  }
}
