import { setTimeout as delay } from 'node:timers/promises';

/**
 * Tokens and sessions know their beginning in whole seconds only (RFC 7519 §2), so a person is signed out as of the next
 * one, and whoever asks for it has the answer once it has come: what was opened before is over, what comes after is not.
 */
export const nextSecond = (): number => Math.floor(Date.now() / 1000) + 1;

/** Waits until it has come; undefined when it has. */
export function untilThen({ signedOut = 0 }: { signedOut?: number }): Promise<unknown> | undefined {
  const left = signedOut * 1000 - Date.now();
  return left > 0 ? delay(Math.min(left, 1000) + 1) : undefined;
}
