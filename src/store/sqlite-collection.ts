import type { Collection, Entity, Page, Spec } from './port.ts';
import type { Remembered } from './remembered.ts';
import type { Found, Table } from './table.ts';

interface Parts<T extends Entity, K extends string> {
  readonly table: Table<T, K>;
  /** Runs a step within the next transaction. */
  write<R>(step: () => R): Promise<R>;
  /** Runs a read; an error of the driver means that the store is away. */
  asked<R>(read: () => R): R;
}

/** The verbs of one collection: reads at once, writes in the next transaction. */
export class SqliteCollection<T extends Entity, K extends string> implements Collection<T, K> {
  protected readonly parts: Parts<T, K>;
  readonly #table: Table<T, K>;

  constructor(parts: Parts<T, K>) {
    this.parts = parts;
    this.#table = parts.table;
  }

  async get(id: string): Promise<T | undefined> {
    return this.parts.asked(() => this.#table.get(id));
  }

  async find(where?: { readonly [index in K]?: string }, page?: Page): Promise<T[]> {
    return this.parts.asked(() => this.#table.find(where, page).values);
  }

  insert(value: T, ttlSeconds?: number): Promise<void> {
    return this.parts.write(() => this.#table.insert(value, ttlSeconds));
  }

  append(values: readonly T[]): Promise<number> {
    return this.parts.write(() => this.#table.append(values));
  }

  put(value: T, ttlSeconds?: number): Promise<void> {
    return this.parts.write(() => this.#table.put(value, ttlSeconds));
  }

  change(id: string, edit: (value: T) => T): Promise<T | undefined> {
    return this.parts.write(() => this.#table.change(id, edit));
  }

  take(id: string): Promise<T | undefined> {
    return this.parts.write(() => this.#table.take(id));
  }

  drop(where: { readonly [index in K]?: string }): Promise<number> {
    return this.parts.write(() => this.#table.drop(where));
  }
}

interface CachedParts<T extends Entity, K extends string> extends Parts<T, K> {
  readonly spec: Spec<T, K>;
  readonly memory: Remembered<T[]>;
  now(): number;
  /** Forgets what other processes have changed since. */
  look(): void;
}

/** The same, with `get` and `find` out of memory where nothing has changed. */
export class CachedCollection<T extends Entity, K extends string> extends SqliteCollection<T, K> {
  readonly #cached: CachedParts<T, K>;

  constructor(parts: CachedParts<T, K>) {
    super(parts);
    this.#cached = parts;
  }

  override async get(id: string): Promise<T | undefined> {
    return this.#recall(`=${id}`, () => this.parts.table.look(id), false)[0];
  }

  override async find(where?: { readonly [index in K]?: string }, page?: Page): Promise<T[]> {
    const nothing = !this.#isName(where);
    return this.#recall(`?${JSON.stringify([where, page])}`, () => this.parts.table.find(where, page), nothing);
  }

  /** Anybody can ask for names at random, so that nothing has such a name is not remembered; that somebody has nothing is. */
  #isName(where: { readonly [index in K]?: string } = {}): boolean {
    const { indexes } = this.#cached.spec;
    return Object.entries<{ unique?: boolean }>(indexes).some(([name, { unique }]) => unique === true && name in where);
  }

  #recall(key: string, read: () => Found<T>, nothing: boolean): T[] {
    return this.parts.asked(() => {
      const { memory, now, look } = this.#cached;
      look();
      const since = now();
      const known = memory.recall(key, since);
      if (known) return known;
      const { values, expires, weight } = read();
      if (values.length === 0 && !nothing) return values;
      return memory.keep(key, { value: values, expires, weight, since, generation: memory.generation });
    });
  }
}
