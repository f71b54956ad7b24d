import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mongodbUrl } from './mongodb.ts';

let home: string | undefined;

/** A path for a database file of its own; the files go away when the process ends. */
export function temporaryPath(name = 'sallyport.db'): string {
  if (home === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    home = made;
  }
  return join(home, randomBytes(6).toString('hex'), name);
}

/** The URL of a fresh, empty store of the kind that this run tests (`SALLYPORT_TEST_STORE`: sqlite or mongodb). */
export async function storeUrl(): Promise<string> {
  return process.env.SALLYPORT_TEST_STORE === 'mongodb' ? mongodbUrl() : `sqlite:${temporaryPath()}`;
}
