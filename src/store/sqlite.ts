import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { Problem, unavailable } from '../kernel/errors.ts';
import { Commits } from './commits.ts';
import { laid, lay } from './layout.ts';
import type { Collection, Entity, Spec, Store } from './port.ts';
import { Declared } from './records.ts';
import { Remembered, wholeWeight } from './remembered.ts';
import { CachedCollection, SqliteCollection } from './sqlite-collection.ts';
import { type Connection, Table } from './table.ts';

interface SqliteOptions {
  /** The clock, in milliseconds since the epoch. */
  now: () => number;
  /** How long a write waits for other processes, in milliseconds. */
  timeoutMs: number;
  /** How often expired records are removed, in milliseconds. */
  sweepMs?: number;
}

const cacheKibibytes = 10 * 1024;
const sweepLimit = 200;
/** Waiting blocks the process, so a write waits this long at once (milliseconds) and then lets others run. */
const busyMs = 2;
const startBusyMs = 5000;

const fromDriver = (error: unknown): error is Error & { code: string } =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ERR_SQLITE_ERROR' || error.code === 'ERR_INVALID_STATE');

const resultCode = (error: unknown): number =>
  fromDriver(error) && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : -1;

/** Runs a part that asks the database; an error of the driver means that the store is away. */
function asked<R>(run: () => R): R {
  try {
    return run();
  } catch (error) {
    throw fromDriver(error) ? unavailable(error) : error;
  }
}

/** Nobody but the owner may read the database: it holds personal data. */
function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

function connect(path: string): DatabaseSync {
  if (path !== ':memory:') prepareFile(path);
  const db = new DatabaseSync(path, { timeout: startBusyMs });
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -${cacheKibibytes}; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF;
    CREATE TABLE IF NOT EXISTS _changes (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID`);
  return db;
}

/** Opens the database, made where it is missing; `:memory:` is one that goes away with the process. */
export function openSqlite(path: string, options: SqliteOptions): Store {
  try {
    return new SqliteStore(connect(path === ':memory:' ? path : resolve(path)), options);
  } catch (cause) {
    const sentence = `The database ${path} cannot be opened; check that the file is a Sallyport database and may be written`;
    throw new Problem({ code: 'unavailable', status: 503, sentence, cause });
  }
}

class SqliteStore implements Store {
  readonly #db: DatabaseSync;
  readonly #options: SqliteOptions;
  readonly #declared = new Declared();
  readonly #commits: Commits;
  readonly #statements;
  readonly #connection: Connection;
  readonly #sweeper: NodeJS.Timeout;
  readonly #tables = new Map<string, Pick<Table<Entity, never>, 'sweep'>>();
  /** What to forget when a collection changes, for the cached ones. */
  readonly #memories = new Map<string, (() => void)[]>();
  /** Cached collections that the open transaction changes. */
  readonly #dirty = new Set<string>();
  readonly #counts = new Map<string, number>();
  #version = 0;
  #looked = { real: Number.NEGATIVE_INFINITY, clock: 0 };
  #sweeping = false;

  constructor(db: DatabaseSync, options: SqliteOptions) {
    this.#db = db;
    this.#options = options;
    this.#connection = {
      exec: (sql) => db.exec(sql),
      prepare: (sql) => rows(db.prepare(sql)),
      duplicate: (error) => (resultCode(error) === 19 && error instanceof Error ? error.message : undefined),
      now: options.now,
    };
    this.#statements = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      version: rows(db.prepare('PRAGMA data_version')),
      counts: rows(db.prepare('SELECT name, count FROM _changes')),
      count: db.prepare('INSERT INTO _changes VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET count = count + 1'),
    };
    const transaction = {
      begin: () => this.#begin(),
      commit: () => this.#commit(),
      rollback: () => this.#rollback(),
      broken: fromDriver,
    };
    this.#commits = new Commits(transaction, options.timeoutMs);
    db.exec(`PRAGMA busy_timeout = ${busyMs}`);
    this.#sweeper = setInterval(() => void this.#sweep(), options.sweepMs ?? 15_000).unref();
  }

  collection<T extends Entity, K extends string = never>(spec: Spec<T, K>): Collection<T, K> {
    this.#declared.add(spec);
    asked(() => this.#lay(spec));
    const table = asked(() => new Table(this.#connection, spec));
    this.#tables.set(spec.name, table);
    const write = <R>(step: () => R) => this.#commits.write(step);
    if (!spec.cached) return new SqliteCollection({ table, write, asked });
    const memory = new Remembered<T[]>(Number.POSITIVE_INFINITY, spec.cached === 'whole' ? wholeWeight : undefined);
    this.#memories.set(spec.name, [...(this.#memories.get(spec.name) ?? []), () => memory.forget()]);
    const change = <R>(step: () => R) =>
      write(() => {
        const result = step();
        this.#dirty.add(spec.name);
        return result;
      });
    const { now } = this.#options;
    return new CachedCollection({ spec, table, write: change, asked, memory, now, look: () => this.#look() });
  }

  async ping(): Promise<void> {
    asked(() => this.#statements.counts.all());
  }

  async close(): Promise<void> {
    if (!this.#db.isOpen) return;
    clearInterval(this.#sweeper);
    await this.#commits.write(() => undefined).catch(() => undefined);
    if (this.#db.isOpen) this.#db.close();
  }

  #lay<T extends Entity, K extends string>(spec: Spec<T, K>): void {
    if (laid(this.#connection, spec)) return;
    // Not waited for on the disk: the next record's commit waits for all that was written before it, and without one nothing is lost.
    this.#db.exec(`PRAGMA busy_timeout = ${startBusyMs}; PRAGMA synchronous = NORMAL`);
    try {
      this.#statements.begin.run();
      lay(this.#connection, spec);
      this.#statements.commit.run();
    } finally {
      this.#rollback();
      this.#db.exec(`PRAGMA busy_timeout = ${busyMs}; PRAGMA synchronous = FULL`);
    }
  }

  #begin(): boolean {
    try {
      this.#statements.begin.run();
      return true;
    } catch (error) {
      if (resultCode(error) === 5) return false;
      throw error;
    }
  }

  #commit(): void {
    for (const name of this.#dirty) this.#statements.count.run(name);
    this.#statements.commit.run();
    for (const name of this.#dirty) this.#forget(name);
    this.#dirty.clear();
  }

  #rollback(): void {
    this.#dirty.clear();
    if (this.#db.isOpen && this.#db.isTransaction) this.#db.exec('ROLLBACK');
  }

  #forget(name: string): void {
    for (const forget of this.#memories.get(name) ?? []) forget();
  }

  /** Forgets what other processes changed; looks at most once in a millisecond, by real time and by the clock of the records. */
  #look(): void {
    const [real, clock] = [performance.now(), this.#options.now()];
    if (real - this.#looked.real < 1 && clock === this.#looked.clock) return;
    this.#looked = { real, clock };
    const version = Number(this.#statements.version.get()?.[0]);
    if (version !== this.#version) {
      for (const row of this.#statements.counts.all()) {
        const [name, count] = [String(row[0]), Number(row[1])];
        if (this.#counts.get(name) !== count) this.#forget(name);
        this.#counts.set(name, count);
      }
      this.#version = version;
    }
  }

  /** Removes expired records a few at a time, so that nobody waits for it. */
  async #sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      for (const table of this.#tables.values()) {
        while ((await this.#commits.write(() => table.sweep(sweepLimit))) === sweepLimit) {
          await pause(20, undefined, { ref: false });
        }
      }
    } catch {
      // The store is away, which every other caller hears; the next round comes by itself.
    } finally {
      this.#sweeping = false;
    }
  }
}

/** Rows as arrays cost a microsecond less than objects. */
function rows(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true);
  return statement;
}
