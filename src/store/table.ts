import { type Collection, type Entity, type Page, type Spec, taken } from './port.ts';
import { conditions, endOf, lookups, pageOf, recordOf } from './records.ts';

type Value = string | number | null;
type Row = Readonly<Record<string, unknown>>;

interface Statement {
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
  run(...values: Value[]): { changes: number | bigint };
}

/** The part of a database connection that a table needs; rows come as arrays. */
export interface Connection {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /** The table and column of a refused duplicate, when the error is one. */
  duplicate(error: unknown): string | undefined;
  now(): number;
}

/** Records that were found, with what a memory of them must know: when the first ends, and their size in characters. */
export interface Found<T> {
  values: T[];
  expires: number;
  weight: number;
}

const quoted = (name: string) => `"${name}"`;
const column = (lookup: string) => quoted(`k_${lookup}`);
const alive = '(expires IS NULL OR expires > ?)';

/** The verbs of one collection on one table, without transactions: body as JSON, a column for each look-up. */
export class Table<T extends Entity, K extends string> {
  readonly name: string;
  readonly #db: Connection;
  readonly #spec: Spec<T, K>;
  readonly #lookups: ReturnType<typeof lookups<T, K>>;
  readonly #statements = new Map<string, Statement>();
  readonly #read: Statement;
  readonly #insert: Statement;
  readonly #put: Statement;
  readonly #update: Statement;
  readonly #take: Statement;
  readonly #sweep: Statement;

  /** The table must stand as `lay` lays it. */
  constructor(db: Connection, spec: Spec<T, K>) {
    this.name = spec.name;
    this.#db = db;
    this.#spec = spec;
    this.#lookups = lookups(spec);
    const table = quoted(spec.name);
    const columns = this.#lookups.map(({ name }) => column(name));
    const all = ['id', 'body', 'expires', ...columns];
    const add = `INSERT INTO ${table} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})`;
    const replace = ['body', 'expires', ...columns].map((name) => `${name} = excluded.${name}`).join(', ');
    this.#read = db.prepare(`SELECT body, expires, id FROM ${table} WHERE id = ?`);
    this.#insert = db.prepare(add);
    this.#put = db.prepare(`${add} ON CONFLICT (id) DO UPDATE SET ${replace}`);
    this.#update = db.prepare(
      `UPDATE ${table} SET ${['body', ...columns].map((name) => `${name} = ?`).join(', ')} WHERE id = ?`,
    );
    this.#take = db.prepare(`DELETE FROM ${table} WHERE id = ? RETURNING body, expires`);
    this.#sweep = db.prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE expires <= ? LIMIT ?)`,
    );
  }

  get(id: string): T | undefined {
    const row = this.#read.get(id);
    return row && this.#lives(row) ? recordOf(this.name, id, String(row[0])) : undefined;
  }

  /** `get`, with what a memory of it must know. */
  look(id: string): Found<T> {
    const row = this.#read.get(id);
    return this.#found(row && this.#lives(row) ? [row] : []);
  }

  find(where: Parameters<Collection<T, K>['find']>[0], page?: Page): Found<T> {
    const asked = conditions(this.#spec, where);
    const { after, before, back, limit } = pageOf(page);
    const match = [...asked.map(([name]) => `${column(name)} = ? AND `), ''].join('');
    const place = back ? 'id > ? AND id < ?' : 'id > ?';
    const order = back ? 'id DESC' : 'id';
    const sql = `SELECT body, expires, id FROM ${quoted(this.name)} WHERE ${match}${place} AND ${alive} ORDER BY ${order} LIMIT ?`;
    const ends = before === undefined ? [after] : [after, before];
    return this.#found(this.#statement(sql).all(...asked.map(([, value]) => value), ...ends, this.#db.now(), limit));
  }

  insert(value: T, ttlSeconds?: number): void {
    this.#add(this.#insert, value, ttlSeconds);
  }

  /** Adds up to the first that is refused, and says how many. */
  append(values: readonly T[]): number {
    for (const [count, value] of values.entries()) {
      try {
        this.#insert.run(value.id, JSON.stringify(value), null, ...this.#keys(value));
      } catch (error) {
        if (this.#db.duplicate(error) === undefined) throw error;
        return count;
      }
    }
    return values.length;
  }

  put(value: T, ttlSeconds?: number): void {
    this.#add(this.#put, value, ttlSeconds);
  }

  change(id: string, edit: (value: T) => T): T | undefined {
    const before = this.get(id);
    if (before === undefined) return undefined;
    const next = edit(before);
    if (next === before) return before;
    if (next.id !== id) throw new Error(`an edit of ${this.name} must keep the id`);
    this.#unlessTaken(next, () => this.#update.run(JSON.stringify(next), ...this.#keys(next), id));
    return next;
  }

  take(id: string): T | undefined {
    const row = this.#take.get(id);
    return row && this.#lives(row) ? recordOf(this.name, id, String(row[0])) : undefined;
  }

  drop(where: Parameters<Collection<T, K>['drop']>[0]): number {
    const asked = conditions(this.#spec, where);
    if (asked.length === 0) throw new Error(`drop of ${this.name} needs a look-up`);
    const match = asked.map(([name]) => `${column(name)} = ?`).join(' AND ');
    const sql = `DELETE FROM ${quoted(this.name)} WHERE ${match} AND ${alive}`;
    return Number(this.#statement(sql).run(...asked.map(([, value]) => value), this.#db.now()).changes);
  }

  /** Removes at most `limit` expired records and says how many. */
  sweep(limit: number): number {
    return Number(this.#sweep.run(this.#db.now(), limit).changes);
  }

  #add(statement: Statement, value: T, ttlSeconds: number | undefined): void {
    const end = endOf(this.#db.now(), ttlSeconds);
    this.#unlessTaken(value, () => statement.run(value.id, JSON.stringify(value), end, ...this.#keys(value)));
  }

  /** An expired record has already given up its id and its keys, though it may still stand in the table. */
  #unlessTaken(value: T, write: () => void): void {
    try {
      write();
    } catch (error) {
      if (this.#db.duplicate(error) === undefined) throw error;
      this.#removeExpired(value);
      try {
        write();
      } catch (again) {
        const what = this.#db.duplicate(again);
        throw what === undefined ? again : taken(`This ${what.replace(/^.*\.(k_)?/, '')}`);
      }
    }
  }

  #removeExpired(value: T): void {
    const holders = this.#lookups.flatMap(({ name, key, unique }) =>
      unique ? [[column(name), key(value)] as const] : [],
    );
    for (const [name, key] of [['id', value.id] as const, ...holders]) {
      if (key === undefined) continue;
      this.#statement(`DELETE FROM ${quoted(this.name)} WHERE ${name} = ? AND expires <= ?`).run(key, this.#db.now());
    }
  }

  #keys(value: T): (string | null)[] {
    return this.#lookups.map(({ key }) => key(value) ?? null);
  }

  #lives(row: Row): boolean {
    return row[1] === null || Number(row[1]) > this.#db.now();
  }

  #found(rows: Row[]): Found<T> {
    const found: Found<T> = { values: [], expires: Number.POSITIVE_INFINITY, weight: 0 };
    for (const row of rows) {
      const body = String(row[0]);
      found.values.push(recordOf(this.name, String(row[2]), body));
      found.weight += body.length;
      if (row[1] !== null) found.expires = Math.min(found.expires, Number(row[1]));
    }
    return found;
  }

  #statement(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}
