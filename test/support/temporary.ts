import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let home: string | undefined;

/** A path for a file of its own, in a folder that does not exist yet; everything goes away when the process ends. */
export function temporaryPath(name = 'sallyport.db'): string {
  if (home === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    home = made;
  }
  return join(home, randomBytes(6).toString('hex'), name);
}
