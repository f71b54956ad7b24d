import type { IncomingMessage } from 'node:http';
import { Problem, problem } from '../kernel/errors.ts';
import { Places } from './places.ts';

/** The body is larger than this address takes. */
export const tooLarge = problem(
  'too_large',
  413,
  (limit: number) => `The request body may have at most ${limit} bytes`,
);

/** Compressed bodies are not taken: a small one could unpack to anything. */
const compressed = problem('compressed', 415, () => 'Send the request body without Content-Encoding');

/** More requests are in work than this process can answer in time. */
const overloaded = (): Problem =>
  new Problem({
    code: 'overloaded',
    status: 503,
    sentence: 'Too many requests are in work right now; try again in a second',
    retryAfter: 1,
  });

/** Too many failed attempts came from one place. */
export const tooManyFailures = (seconds: number): Problem =>
  new Problem({
    code: 'too_many_failures',
    status: 429,
    sentence: `Too many failed attempts; correct the credentials and try again in ${seconds} s`,
    retryAfter: seconds,
  });

/**
 * Refuses a body by what its headers say, and answers a promise that rejects when a body of unknown length grows over
 * the limit; from then on nobody is given any more of it, not even its end. With `read` false nobody reads it, and the
 * headers that describe it may be those of another.
 */
export function boundedBody(
  request: IncomingMessage,
  { limit, read = true }: { limit: number; read?: boolean },
): Promise<never> | undefined {
  const { headers } = request;
  const encoding = headers['content-encoding'];
  if (read && encoding !== undefined && encoding !== 'identity') throw compressed();
  if (headers['transfer-encoding'] === undefined) {
    if (Number(headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
    return undefined;
  }
  return new Promise((_resolve, reject) => {
    const push = request.push;
    let received = 0;
    request.push = (chunk, encoding) => {
      received += chunk?.length ?? 0;
      if (received <= limit) return push.call(request, chunk, encoding);
      reject(tooLarge(limit));
      return true;
    };
  });
}

/** Looking through all requests in work costs something, so it is done at most this often (milliseconds). */
const lookAgain = 50;

/**
 * The requests in work. Over `limit` new ones are refused at once (503) instead of making everybody wait; those that
 * still wait for their own body do not count, up to ten times the limit.
 */
export class InFlight {
  readonly #limit: number;
  readonly #all = new Places<IncomingMessage>();
  #waiting = 0;
  #looked = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the request in and answers its place, or throws `overloaded`; each one taken in must `leave` its place again. */
  enter(request: IncomingMessage): number {
    if (this.#all.size >= this.#limit && !this.#roomAfterAll()) throw overloaded();
    return this.#all.take(request);
  }

  leave(place: number): void {
    this.#all.leave(place);
  }

  #roomAfterAll(): boolean {
    if (Date.now() - this.#looked >= lookAgain) {
      this.#waiting = 0;
      for (const request of this.#all) if (!request.complete) this.#waiting += 1;
      this.#looked = Date.now();
    }
    return this.#all.size < this.#limit * 10 && this.#all.size - this.#waiting < this.#limit;
  }
}

interface Bucket {
  left: number;
  at: number;
}

/** How many failures are free at once, and how many more each second. */
export interface Allowance {
  burst: number;
  perSecond: number;
}

const mostBuckets = 10_000;

/** Counts failures per key in token buckets; successes cost nothing. Kept in this process: it slows down, it proves nothing. */
export class Failures {
  readonly #allowance: Allowance;
  readonly #buckets = new Map<string, Bucket>();

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /** How many keys have failed lately. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Seconds until this key may try again; 0 when it may now. */
  wait(key: string): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return 0;
    this.#refill(key, bucket);
    return bucket.left >= 1 ? 0 : Math.ceil((1 - bucket.left) / this.#allowance.perSecond);
  }

  /** Counts one failure. */
  count(key: string): void {
    const bucket = this.#buckets.get(key) ?? { left: this.#allowance.burst, at: Date.now() };
    this.#refill(key, bucket);
    bucket.left = Math.max(0, bucket.left - 1);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > mostBuckets) this.#forgetOldest();
  }

  #refill(key: string, bucket: Bucket): void {
    const now = Date.now();
    bucket.left += (Math.max(0, now - bucket.at) / 1000) * this.#allowance.perSecond;
    bucket.at = now;
    if (bucket.left < this.#allowance.burst) return;
    bucket.left = this.#allowance.burst;
    this.#buckets.delete(key);
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
