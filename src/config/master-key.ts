import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { problem } from '../kernel/errors.ts';

/** The key file holds something else than a key. */
const broken = problem(
  'broken_key',
  500,
  (file: string) =>
    `${file} does not hold 32 bytes in base64: put the right file back, or remove it together with the store to start anew`,
);

/** The store was opened with a key that is gone; a new one could read nothing in it. */
const lost = problem(
  'lost_key',
  500,
  (file: string) =>
    `The store is sealed with a master key, and ${file} is not there: put it back, set SALLYPORT_MASTER_KEY, or remove the store to start anew`,
);

/** Where development keeps what belongs to a store: beside a SQLite file, else in `data`. */
export const dataDirectory = (store: string): string =>
  store.startsWith('sqlite:') ? dirname(resolve(store.slice('sqlite:'.length))) : resolve('data');

/**
 * The master key of development: made at the first call, kept in `master.key` with mode 0600. Of several processes that
 * make it at once all get the same one. `sealed`: the store has a keyring already, so a new key would be a wrong one.
 */
export function developmentMasterKey(directory: string, sealed: boolean): Buffer {
  const file = join(directory, 'master.key');
  const found = readKey(file);
  if (found) return found;
  if (sealed) throw lost(file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  make(file);
  const made = readKey(file);
  if (!made) throw broken(file);
  return made;
}

/** The key in a file; undefined when there is no such file. */
export function readKey(file: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) throw broken(file);
  return Buffer.from(text, 'base64');
}

/** The file appears complete and on disk, or not at all; whoever was faster wins. */
function make(file: string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = openSync(draft, 'wx', 0o600);
  try {
    writeFileSync(handle, `${randomBytes(32).toString('base64')}\n`);
    fsyncSync(handle);
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    closeSync(handle);
    unlinkSync(draft);
  }
  const directory = openSync(dirname(file), 'r');
  fsyncSync(directory);
  closeSync(directory);
}
