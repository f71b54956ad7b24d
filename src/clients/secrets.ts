import { timingSafeEqual } from 'node:crypto';

/** A secret of a client, known by its fingerprint only. Times in seconds; `expires` once another has taken over. */
export interface Secret {
  fingerprint: string;
  created: number;
  expires?: number;
}

const isLive =
  (now: number) =>
  ({ expires }: Secret): boolean =>
    expires === undefined || expires > now;

/** Those that still count. */
export const liveSecrets = (secrets: readonly Secret[], now: number): Secret[] => secrets.filter(isLive(now));

/** The newest two: the one before ends after `overlap` seconds, or earlier if it had to anyway. */
export function rotated(secrets: readonly Secret[], next: Secret, overlap: number): Secret[] {
  const end = next.created + overlap;
  const before = liveSecrets(secrets, next.created).slice(-1);
  return [...before.map((one) => ({ ...one, expires: Math.min(one.expires ?? end, end) })), next].filter(
    isLive(next.created),
  );
}

/** Whether a live secret has this fingerprint. */
export function knows(secrets: readonly Secret[], fingerprint: string, now: number): boolean {
  const live = isLive(now);
  return secrets.some((secret) => live(secret) && sameFingerprint(secret.fingerprint, fingerprint));
}

/** Compared in constant time, though a fingerprint is keyed and tells nothing about what it was made from. */
export function sameFingerprint(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));
}
