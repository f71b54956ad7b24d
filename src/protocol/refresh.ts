import type { Records } from './records.ts';

/** Whether a stored refresh token was used, and when (seconds). */
export type RefreshState = { used: false } | { used: true; at: number };

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Whether a refresh token was rotated, at whatever time: nobody but the token endpoint's grace looks past that. */
export const isRotated = async (records: Records, value: string): Promise<boolean> =>
  (await records.tokens.get(records.tokenId(records.successorOf(value)))) !== undefined;

/**
 * A refresh token is used once its successor exists. The successor's value follows from the token itself, so rotation is
 * one atomic insert: there is no moment between consuming and saving in which a crash loses the token, and whoever
 * repeats the request within `grace` seconds (a lost response, a second tab) gets the same successor. Once the
 * successor has been used too, the old token is never accepted again.
 */
export async function refreshState(records: Records, value: string, grace: number): Promise<RefreshState> {
  const next = records.successorOf(value);
  const successor = await records.tokens.get(records.tokenId(next));
  if (!successor) return { used: false };
  const at = successor.payload.iat ?? 0;
  if (seconds() - at > grace) return { used: true, at };
  return (await isRotated(records, next)) ? { used: true, at } : { used: false };
}
