import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** A sign-in of the command line at one server; times in seconds. */
export interface KeptSignIn {
  accessToken: string;
  expires: number;
  refreshToken?: string | undefined;
}

type Kept = Record<string, KeptSignIn>;

/** Beside what other programs of this person keep; nobody else may read it. */
const file = (): string => join(homedir(), '.config', 'sallyport', 'sign-ins.json');

function read(): Kept {
  try {
    return JSON.parse(readFileSync(file(), 'utf8'));
  } catch {
    // No file, or one that cannot be used: nobody is signed in.
    return {};
  }
}

function write(kept: Kept): void {
  const path = file();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.${process.pid}`;
  writeFileSync(next, JSON.stringify(kept, undefined, 2), { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, path);
}

/** The sign-in at a server (its origin), if there is one. */
export const keptSignIn = (server: string): KeptSignIn | undefined => read()[server];

/** Keeps a sign-in in the place of the one before; undefined forgets it. */
export function keepSignIn(server: string, signIn: KeptSignIn | undefined): void {
  const { [server]: _before, ...others } = read();
  write(signIn ? { ...others, [server]: signIn } : others);
}
