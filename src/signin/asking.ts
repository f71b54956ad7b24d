import type { Trail } from '../audit/trail.ts';

/** What a sign-in is about to change beyond itself. */
interface Change {
  /** `user:ID` or `connection:ID` */
  actor: string;
  /** The id of the client. */
  client: string;
  operation: string;
  seen: { ip: string; requestId: string };
}

/**
 * Puts on the trail that a sign-in is about to change what outlives it, before it does: when this throws, it is not changed.
 * What came of it has the same request id.
 */
export const announce = (trail: Trail, { actor, client, operation, seen: { ip, requestId } }: Change): Promise<void> =>
  trail.record({ type: 'signin.asked', actor, ip, requestId, detail: { operation, client } });
