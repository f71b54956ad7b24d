import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Move, moved, moves, movesFrom, type State } from '../../src/clients/life.ts';
import { refusal } from '../support/parts.ts';

const table: Record<State, Partial<Record<Move, State>>> = {
  pending: { approve: 'approved', reject: 'rejected' },
  approved: { suspend: 'suspended', revoke: 'revoked' },
  suspended: { approve: 'approved', resume: 'approved', revoke: 'revoked' },
  rejected: {},
  revoked: {},
};
const states: readonly State[] = ['pending', 'approved', 'suspended', 'rejected', 'revoked'];

describe('the life of a client', () => {
  for (const state of states) {
    it(`offers what is possible from ${state}`, () => {
      assert.deepEqual(movesFrom(state).sort(), Object.keys(table[state]).sort());
    });
    for (const move of moves) {
      const to = table[state][move];
      it(to ? `leads from ${state} by ${move} to ${to}` : `does not ${move} what is ${state}`, () => {
        if (to) assert.equal(moved(state, move).to, to);
        else assert.throws(() => moved(state, move), refusal('forbidden_move', /possible: |final/));
      });
    }
  }
});
