import { closeSync, constants, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { invalid, Problem, problem } from '../kernel/errors.ts';

const exists = problem('taken', 409, (file: string) => `${file} is there already; choose another name`);
const noDatabase = problem(
  'missing',
  404,
  (file: string) => `There is no database ${file}; start Sallyport once to make it`,
);
const inUse = (file: string, cause: unknown): Problem =>
  new Problem({
    code: 'store_in_use',
    status: 409,
    sentence: `A process has the database ${file} open; stop every server and command on it, and try again`,
    cause,
  });
const broken = (file: string, cause?: unknown): Problem =>
  new Problem({
    code: 'broken_backup',
    status: 400,
    sentence: `${file} is not a whole Sallyport backup; nothing was changed, so try an earlier one`,
    cause,
  });

/** How long a backup waits for a writer, and a restore for whoever still has the database open (milliseconds). */
const patienceMs = 5000;

/**
 * Writes a consistent copy of a SQLite database, which servers go on using meanwhile: complete and on disk when it
 * returns, or not there at all. Nobody but the owner may read it. Throws `taken` and `missing`.
 */
export function backUp(database: string, file: string): void {
  if (!existsSync(database)) throw noDatabase(database);
  if (existsSync(file)) throw exists(file);
  const draft = `${resolve(file)}.part`;
  try {
    // SQLite takes a file that is there and empty; so it has its mode before anything is in it.
    closeSync(openSync(draft, 'wx', 0o600));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    throw invalid(`${draft} cannot be written (${code})`);
  }
  try {
    const db = new DatabaseSync(database, { timeout: patienceMs });
    try {
      db.prepare('VACUUM INTO ?').run(draft);
    } finally {
      db.close();
    }
    checkWhole(draft, file);
    settle(draft, resolve(file));
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Puts a backup in the place of a SQLite database that nobody has open. `prepare` sees the copy first and refuses it by
 * throwing; then nothing has changed. What was there stays beside it, under the name that is answered. Throws
 * `store_in_use` and `broken_backup`.
 */
export async function restore(
  backup: string,
  database: string,
  prepare: (copy: string) => Promise<void>,
): Promise<string | undefined> {
  if (!existsSync(backup)) throw invalid(`There is no file ${backup}`);
  const target = resolve(database);
  const draft = `${target}.part`;
  try {
    copyFileSync(backup, draft, constants.COPYFILE_EXCL);
    checkWhole(draft, backup);
    await prepare(draft);
    const before = existsSync(target) ? setAside(target) : undefined;
    settle(draft, target);
    return before;
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${draft}${suffix}`, { force: true });
  }
}

/** Forgets every record of these collections. Only for a copy that nobody uses: no cache hears of it. */
export function empty(database: string, collections: readonly string[]): void {
  const db = new DatabaseSync(database);
  try {
    const standing = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    const known = new Set(standing.map(({ name }) => name));
    for (const name of collections.filter((one) => known.has(one))) db.exec(`DELETE FROM "${name}"`);
  } finally {
    db.close();
  }
}

function checkWhole(database: string, shownAs: string): void {
  let seen: unknown;
  try {
    const db = new DatabaseSync(database);
    try {
      seen = db.prepare('PRAGMA integrity_check').get()?.integrity_check;
      db.prepare('SELECT 1 FROM meta, keyring').get();
    } finally {
      db.close();
    }
  } catch (cause) {
    throw broken(shownAs, cause);
  }
  if (seen !== 'ok') throw broken(shownAs, seen);
}

/** Only the last one to have a database open can leave its write-ahead log, so this tells whether there are others. */
function setAside(database: string): string {
  const db = new DatabaseSync(database, { timeout: 250 });
  try {
    db.exec('PRAGMA journal_mode = DELETE');
  } catch (error) {
    throw inUse(database, error);
  } finally {
    db.close();
  }
  const aside = `${database}.replaced-${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}`;
  renameSync(database, aside);
  return aside;
}

/** Gives a finished file its name; it is on disk before and after. */
function settle(draft: string, name: string): void {
  sync(draft);
  renameSync(draft, name);
  sync(dirname(name));
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
