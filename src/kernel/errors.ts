/**
 * An error that a caller may see: a stable code, an HTTP status and one sentence that says what to change.
 * The cause stays private and goes to the log only.
 */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  /** Seconds after which trying again makes sense (RFC 9110 §10.2.3). */
  readonly retryAfter: number | undefined;

  constructor(what: { code: string; status: number; sentence: string; cause?: unknown; retryAfter?: number }) {
    super(what.sentence, { cause: what.cause });
    this.name = 'Problem';
    this.code = what.code;
    this.status = what.status;
    this.retryAfter = what.retryAfter;
  }
}

/** Declares a kind of Problem next to the code that throws it: `throw taken('this e-mail address')`. */
export const problem =
  <A extends unknown[]>(code: string, status: number, sentence: (...args: A) => string) =>
  (...args: A): Problem =>
    new Problem({ code, status, sentence: sentence(...args) });

/** The store, or something else we cannot answer without, is away: 503, and never a wrong answer. */
export const unavailable = (cause: unknown): Problem =>
  new Problem({
    code: 'unavailable',
    status: 503,
    sentence: 'A part of the service is not available right now; try again in a few seconds',
    cause,
    retryAfter: 5,
  });

/** Input that cannot be used as it is; the sentence says which part and what would do. */
export const invalid = problem('invalid', 400, (sentence: string) => sentence);

/** Nothing stands under this name. */
export const missing = problem('missing', 404, (what: string) => `${what} does not exist`);
