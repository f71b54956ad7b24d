import { problem } from '../kernel/errors.ts';

/** Where a client stands: only an approved one gets tokens. */
export type State = 'pending' | 'approved' | 'rejected' | 'suspended' | 'revoked';

/** What an administrator can decide about a client. */
export type Move = 'approve' | 'reject' | 'suspend' | 'resume' | 'revoke';

/** The whole life of a client. Rejected and revoked are ends; approving a suspended client resumes it. */
const transitions: Record<Move, { from: readonly State[]; to: State; event: Deed }> = {
  approve: { from: ['pending', 'suspended'], to: 'approved', event: 'client.approved' },
  reject: { from: ['pending'], to: 'rejected', event: 'client.rejected' },
  suspend: { from: ['approved'], to: 'suspended', event: 'client.suspended' },
  resume: { from: ['suspended'], to: 'approved', event: 'client.resumed' },
  revoke: { from: ['approved', 'suspended'], to: 'revoked', event: 'client.revoked' },
};

type Deed = 'client.approved' | 'client.rejected' | 'client.suspended' | 'client.resumed' | 'client.revoked';

/** This move is not possible from where the client stands. */
export const forbiddenMove = problem('forbidden_move', 409, (state: State, move: Move) => {
  const possible = movesFrom(state);
  const advice = possible.length > 0 ? `possible: ${possible.join(', ')}` : 'this is final; register a new client';
  return `The client is ${state}, so it is not possible to ${move} it; ${advice}`;
});

/** What can be decided about a client that stands here. */
export const movesFrom = (state: State): Move[] => moves.filter((move) => transitions[move].from.includes(state));

/** Every move there is. */
export const moves: readonly Move[] = ['approve', 'reject', 'suspend', 'resume', 'revoke'];

/** Where a move leads, and the event that tells of it. Throws `forbidden_move`. */
export function moved(state: State, move: Move): { to: State; event: Deed } {
  const { from, to, event } = transitions[move];
  if (!from.includes(state)) throw forbiddenMove(state, move);
  return { to, event };
}
