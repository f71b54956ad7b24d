import {
  type Argon2Parameters,
  argon2,
  createHash,
  hash,
  randomBytes,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto';
import { promisify } from 'node:util';
import { Problem } from './errors.ts';

const drawn = Buffer.alloc(4096);
let used = drawn.length;

/**
 * A fresh secret from the system's generator: `bytes` of it (32 = 256 bits), as base64url (43 characters for 32). The generator
 * is asked for many at once, which costs a tenth; each byte is given once, and wiped. Throws RangeError above 4096 bytes.
 */
export function randomToken(bytes = 32): string {
  if (bytes > drawn.length) throw new RangeError(`a token of ${bytes} bytes is too long`);
  if (bytes > drawn.length - used) {
    randomFillSync(drawn);
    used = 0;
  }
  const part = drawn.subarray(used, used + bytes);
  used += bytes;
  const token = part.toString('base64url');
  part.fill(0);
  return token;
}

/** Whether two secrets are equal, in a time that tells nothing about where they differ. */
export function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

const block = 64;

/**
 * HMAC-SHA-256 under one key of at most 64 bytes (RFC 2104 §2), as base64url. Written out on the one-shot hash, which costs
 * half of what an Hmac object does; every token that is shown to us is looked up by it.
 */
export function hmac(key: Buffer): (value: string) => string {
  const padded = (filler: number) => Buffer.alloc(block, filler).map((byte, index) => byte ^ (key[index] ?? 0));
  const [inner, outer] = [padded(0x36), padded(0x5c)];
  return (value) => {
    const digest = hash('sha256', Buffer.concat([inner, Buffer.from(value)]), 'buffer');
    return hash('sha256', Buffer.concat([outer, digest]), 'base64url');
  };
}

/** Keyed operations under the store's keyring, which the master key opens (store/keyring.ts). */
export interface Vault {
  /** Keyed fingerprint of a secret value (HMAC-SHA-256 cut to 192 bits, 32 characters base64url); `purpose` separates domains. */
  fingerprint(purpose: string, value: string): string;
  /** A value that only this installation can derive from the same input (256 bits, 43 characters base64url). */
  derive(purpose: string, value: string): string;
  /** AES-256-GCM; the envelope names the key. `bound` is authenticated too, so that a sealed value cannot move elsewhere. */
  seal(plain: string, bound: string): string;
  /** Undoes `seal`; throws when the envelope, the key or `bound` is not the same. */
  open(sealed: string, bound: string): string;
}

/** Argon2id as OWASP recommends it: 19 MiB, two passes, one lane (RFC 9106 §3.1). */
const cost = { memory: 19456, passes: 2, parallelism: 1 };
const tagBytes = 32;
/** A stored hash may ask for this much at most (KiB), so that a forged record cannot exhaust the machine. */
const mostMemory = 1024 * 1024;

const derive = promisify(argon2);
const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');

interface Hash {
  readonly parameters: Omit<Argon2Parameters, 'message'>;
  readonly tag: Buffer;
}

/** Reads `$argon2id$v=19$m=…,t=…,p=…$salt$tag`, the PHC string format. */
function parsed(hash: string): Hash | undefined {
  const [, memory, passes, parallelism, salt = '', tag = ''] =
    /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/.exec(
      hash,
    ) ?? [];
  if (memory === undefined || Number(memory) > mostMemory) return undefined;
  const bytes = Buffer.from(tag, 'base64');
  const costs = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  return { parameters: { ...costs, nonce: Buffer.from(salt, 'base64'), tagLength: bytes.length }, tag: bytes };
}

/** The hash of a new password as a PHC string; the password in NFC, so that every keyboard gives the same. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await inTurn(() =>
    derive('argon2id', { message: password.normalize('NFC'), nonce, tagLength: tagBytes, ...cost }),
  );
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${unpadded(nonce)}$${unpadded(tag)}`;
}

/** Whether the password belongs to the hash; false for a hash that cannot be read. */
export async function passwordFits(hash: string, password: string): Promise<boolean> {
  const known = parsed(hash);
  if (!known) return false;
  const tag = await inTurn(() => derive('argon2id', { message: password.normalize('NFC'), ...known.parameters }));
  return timingSafeEqual(tag, known.tag);
}

/** Whether a hash was made at another cost than new ones are: hash the password again when it is next seen. */
export function needsRehash(hash: string): boolean {
  const known = parsed(hash);
  if (!known) return true;
  const { memory, passes, parallelism } = known.parameters;
  return (
    memory !== cost.memory ||
    passes !== cost.passes ||
    parallelism !== cost.parallelism ||
    known.tag.length !== tagBytes
  );
}

const mostRunning = 2;
const mostWaiting = 64;
const waiting: (() => void)[] = [];
let running = 0;

const busy = () =>
  new Problem({
    code: 'busy',
    status: 503,
    sentence: 'Too many people are signing in at this moment; try again in a few seconds',
    retryAfter: 2,
  });

/** Each derivation takes 19 MiB and a core for some 30 ms: few run at once, a bounded number waits, the rest hears so at once. */
async function inTurn<R>(run: () => Promise<R>): Promise<R> {
  if (running < mostRunning) running += 1;
  else {
    if (waiting.length >= mostWaiting) throw busy();
    // Whoever leaves hands over the place.
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  try {
    return await run();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}
