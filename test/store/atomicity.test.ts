import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Problem } from '../../src/kernel/errors.ts';
import { proveAtomic, type Trial } from '../../src/store/atomicity.ts';

/** A server that looks first and writes then, with time between the two in the verbs that are named. */
function server(slow: 'win' | 'take' | undefined): Trial {
  let record: { won: boolean } | undefined;
  return {
    async begin() {
      record = { won: false };
    },
    async win() {
      const free = record?.won === false;
      if (slow === 'win') await turn();
      if (free && record) record.won = true;
      return free;
    },
    async take() {
      const there = record !== undefined;
      if (slow === 'take') await turn();
      record = undefined;
      return there;
    },
  };
}

describe('the proof that a server is atomic', () => {
  it('accepts one winner', async () => {
    await proveAtomic(server(undefined));
  });
  for (const verb of ['win', 'take'] as const) {
    it(`refuses a server where several callers ${verb}, with a sentence that says what would do`, async () => {
      await assert.rejects(proveAtomic(server(verb)), (error) => {
        assert.ok(error instanceof Problem && error.code === 'store_unfit');
        return /FerretDB 1\.x/.test(error.message) && /sqlite:PATH/.test(error.message);
      });
    });
  }
});
