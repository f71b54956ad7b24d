import { timingSafeEqual } from 'node:crypto';

/** A secret of a client, known by its fingerprint only. Times in seconds; `expires` once another has taken over. */
export interface Secret {
  fingerprint: string;
  created: number;
  expires?: number;
}

/** Whether it still counts. */
export const isLive = ({ expires }: Secret, now: number): boolean => expires === undefined || expires > now;

/** Those that still count. */
export const liveSecrets = (secrets: readonly Secret[], now: number): Secret[] =>
  secrets.filter((secret) => isLive(secret, now));

/** Those that do not end because another has taken over. */
export const lasting = (secrets: readonly Secret[]): Secret[] => secrets.filter(({ expires }) => expires === undefined);

/** The newest two: the one before ends after `overlap` seconds, or earlier if it had to anyway. */
export function rotated(secrets: readonly Secret[], next: Secret, overlap: number): Secret[] {
  const end = next.created + overlap;
  const before = liveSecrets(secrets, next.created).slice(-1);
  const both = [...before.map((one) => ({ ...one, expires: Math.min(one.expires ?? end, end) })), next];
  return liveSecrets(both, next.created);
}

/** The live secret that has this fingerprint. */
export const matching = (secrets: readonly Secret[], fingerprint: string, now: number): Secret | undefined =>
  secrets.find((secret) => isLive(secret, now) && sameFingerprint(secret.fingerprint, fingerprint));

/** Compared in constant time, though a fingerprint is keyed and tells nothing about what it was made from. */
export function sameFingerprint(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));
}
