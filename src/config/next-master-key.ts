import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readKey } from './master-key.ts';

const name = 'master.key';

/** A master key that is about to take over, in a file of its own until the store is wrapped with it. */
export interface NextKey {
  readonly key: Buffer;
  /** The store opens with it: it becomes the master key. */
  takeOver(): void;
  /** The store was not wrapped with it. */
  discard(): void;
}

/**
 * Changing the master key of development takes two steps in two places, the store and the file. So the new key is on disk
 * before the store is wrapped with it, and whoever finds that the old one no longer fits tries those that wait here.
 */
export function writeNextKey(directory: string, key: Buffer): NextKey {
  const file = join(directory, `${name}.next-${randomBytes(6).toString('hex')}`);
  const draft = `${file}.draft`;
  writeFileSync(draft, `${key.toString('base64')}\n`, { flag: 'wx', mode: 0o600, flush: true });
  renameSync(draft, file);
  flush(directory);
  return nextKey(file, key);
}

/** The keys that were written and have not taken over yet. */
export function nextKeys(directory: string): NextKey[] {
  const files = readdirSync(directory).filter((file) => /^master\.key\.next-[\da-f]+$/.test(file));
  return files.flatMap((file) => {
    const key = readKey(join(directory, file));
    return key ? [nextKey(join(directory, file), key)] : [];
  });
}

const nextKey = (file: string, key: Buffer): NextKey => ({
  key,
  takeOver() {
    try {
      renameSync(file, join(dirname(file), name));
    } catch (error) {
      // Another process saw it first and did the same.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
    flush(dirname(file));
  },
  discard: () => rmSync(file, { force: true }),
});

function flush(directory: string): void {
  const handle = openSync(directory, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
