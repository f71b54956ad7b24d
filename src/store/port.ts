import { Problem, problem } from '../kernel/errors.ts';

/** Whatever a collection keeps: JSON values only, found again under its id. */
export interface Entity {
  readonly id: string;
}

/** A look-up that a collection declares; values without a key are not found by it. `unique` refuses a second holder. */
export interface Index<T> {
  key(value: T): string | undefined;
  unique?: boolean;
}

/** What a capability says of a collection, where it uses it; the same everywhere, since each writer keeps the look-ups. */
export interface Spec<T extends Entity, K extends string = never> {
  name: string;
  indexes: Record<K, Index<T>>;
  /**
   * Answers of `get` and `find` may come from memory. A change made by this process is seen at once; a change made by
   * another process within one second. For what is read at every request and rarely written; never for what counts once.
   * `whole`: all of it is read at every request, so more of it is remembered.
   */
  cached?: boolean | 'whole';
}

/**
 * One page of a listing: ids after `after`, at most `limit` (default 100, at most 1000). With `before` it goes backwards:
 * the last ids before that one, the last first; the empty text is after every id.
 */
export interface Page {
  after?: string;
  before?: string;
  limit?: number;
}

/**
 * One kind of record. Every promise holds on every store and between processes; each write is durable when its
 * promise resolves. Every verb throws `unavailable` when the store does not answer, and `Damaged` for a record that cannot be read.
 */
export interface Collection<T extends Entity, K extends string = never> {
  /** The record, unless it is missing or expired. The caller must not modify it. */
  get(id: string): Promise<T | undefined>;
  /** Records by declared look-ups (all must match), in id order, or backwards where the page says so. */
  find(where?: { readonly [index in K]?: string }, page?: Page): Promise<T[]>;
  /** Adds; throws `taken` when the id or a unique key is in use. `ttlSeconds` is the time to live in seconds. */
  insert(value: T, ttlSeconds?: number): Promise<void>;
  /**
   * Adds these in their order, up to the first whose id or unique key is in use, and answers how many it added. When the
   * store fails, some of the first may be there, and none without those before it. For records that live for ever.
   */
  append(values: readonly T[]): Promise<number>;
  /** Adds or replaces; throws `taken` when a unique key belongs to another record. */
  put(value: T, ttlSeconds?: number): Promise<void>;
  /**
   * One atomic step: reads, edits, writes, and keeps the time to live. `edit` is synchronous and may run again;
   * when it throws, nothing changes and the error reaches the caller. Answers the new record, or undefined.
   */
  change(id: string, edit: (value: T) => T): Promise<T | undefined>;
  /** Removes and answers the record; of many callers exactly one gets it. */
  take(id: string): Promise<T | undefined>;
  /** Removes all that match (at least one look-up must be given) and says how many. */
  drop(where: { readonly [index in K]?: string }): Promise<number>;
}

/** Where everything is kept; a database file or a server behind it. */
export interface Store {
  collection<T extends Entity, K extends string = never>(spec: Spec<T, K>): Collection<T, K>;
  /** Resolves when the store answers; throws `unavailable` otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The id or a unique key is in use. */
export const taken = problem('taken', 409, (what: string) => `${what} is already in use; choose another`);

/** A record that is not as the store wrote it, since it cannot be read any more: somebody else has, or the disk. */
export class Damaged extends Problem {
  readonly id: string;

  constructor(collection: string, id: string) {
    const sentence = `The record ${id.slice(0, 200)} of ${collection} is damaged and cannot be read; restore a backup from before`;
    super({ code: 'damaged', status: 500, sentence });
    this.id = id;
  }
}

/** A look-up became unique, and there are records that it does not fit. */
export const duplicates = problem(
  'duplicates',
  500,
  (collection: string, lookup: string) =>
    `Several records of ${collection} have the same ${lookup}, which has to be unique from this version on; change them with the version before`,
);
