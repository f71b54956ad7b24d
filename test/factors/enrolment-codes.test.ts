import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, mock } from 'node:test';
import { openParts, type Parts } from '../support/parts.ts';

const seen = { ip: '192.0.2.1', requestId: 'r-1' };

describe('sec-137 a code that lets somebody bind their first factor', () => {
  let parts: Parts;
  let other: Parts;
  before(async () => {
    parts = await openParts();
    other = await openParts(parts.url);
  });
  after(() => Promise.all([parts.close(), other.close()]));
  afterEach(() => mock.timers.reset());
  const redeem = (user: string, code: string) => parts.enrolmentCodes.redeem(user, code, seen);

  it('is typed in any case and grouping, holds 57 bits, and is good once', async () => {
    const code = await parts.enrolmentCodes.issue('usr_a', 'cli');
    assert.match(code, /^[bcdfghjkmnpqrstvwxz2-9]{4}(?:-[bcdfghjkmnpqrstvwxz2-9]{4}){2}$/);
    assert.equal(await redeem('usr_a', ` ${code.replaceAll('-', ' ').toUpperCase()}`), true);
    assert.equal(await redeem('usr_a', code), false);
  });

  it('is good for one of many at once, in all processes', async () => {
    const code = await parts.enrolmentCodes.issue('usr_b', 'cli');
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, index) => (index % 2 ? parts : other).enrolmentCodes.redeem('usr_b', code, seen)),
    );
    assert.equal(all.filter(Boolean).length, 1);
  });

  it('is good for ten minutes', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const [late, just] = [
      await parts.enrolmentCodes.issue('usr_c', 'cli'),
      await parts.enrolmentCodes.issue('usr_d', 'cli'),
    ];
    mock.timers.tick(599_000);
    assert.equal(await redeem('usr_d', just), true);
    mock.timers.tick(1_001);
    assert.equal(await redeem('usr_c', late), false);
  });

  it('belongs to one person, and the newest is the only one', async () => {
    const first = await parts.enrolmentCodes.issue('usr_e', 'cli');
    const foreign = await parts.enrolmentCodes.issue('usr_f', 'cli');
    const second = await parts.enrolmentCodes.issue('usr_e', 'cli');
    assert.deepEqual(
      [await redeem('usr_e', first), await redeem('usr_e', foreign), await redeem('usr_e', second)],
      [false, false, true],
    );
  });

  it('is gone after ten wrong tries, also when they come at once', async () => {
    const nine = await parts.enrolmentCodes.issue('usr_g', 'cli');
    for (let count = 0; count < 9; count += 1) assert.equal(await redeem('usr_g', 'bbbb-bbbb-bbbb'), false);
    assert.equal(await redeem('usr_g', nine), true);
    const ten = await parts.enrolmentCodes.issue('usr_g', 'cli');
    await Promise.all(Array.from({ length: 10 }, () => redeem('usr_g', 'bbbb-bbbb-bbbb')));
    assert.equal(await redeem('usr_g', ten), false);
  });

  it('is never in the store or the trail, which tells who made and who used it', async () => {
    const code = await parts.enrolmentCodes.issue('usr_h', 'cli');
    const kept = parts.store.collection({ name: 'enrolment-codes', indexes: {} });
    assert.doesNotMatch(JSON.stringify(await kept.get('usr_h')), new RegExp(`${code}|${code.replaceAll('-', '')}`));
    await redeem('usr_h', 'bbbb-bbbb-bbbb');
    await redeem('usr_h', code);
    const told = await parts.trail.search({ target: 'user:usr_h' });
    assert.deepEqual(
      told.map(({ type, actor, outcome }) => [type, actor, outcome]),
      [
        ['enrolment-code.issued', 'cli', 'success'],
        ['enrolment-code.refused', 'anonymous', 'failure'],
        ['enrolment-code.used', 'user:usr_h', 'success'],
      ],
    );
    assert.doesNotMatch(JSON.stringify(told), new RegExp(code));
  });
});
