import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A fresh secret from the system's generator: `bytes` of it (32 = 256 bits), as base64url (43 characters for 32). */
export const randomToken = (bytes = 32): string => randomBytes(bytes).toString('base64url');

/** Whether two secrets are equal, in a time that tells nothing about where they differ. */
export function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
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
