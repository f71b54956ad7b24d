import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import type { Limit } from '../../src/clients/tier-limits.ts';
import { Problem } from '../../src/kernel/errors.ts';
import { worker } from '../support/processes.ts';
import { type Counting, counting } from '../support/spending.ts';
import { storeUrl } from '../support/store.ts';

// The next beginning of a day, and so of every period.
const day = 86_400_000;
const midnight = Math.ceil(Date.now() / day) * day;
const at = (t: TestContext) => t.mock.timers.enable({ apis: ['Date'], now: midnight });
const perMinute = (requests: number, api?: string): Limit => ({ requests, period: 60, ...(api ? { api } : {}) });

describe('spending the limits of a tier', () => {
  let url: string;
  let one: Counting;
  let two: Counting;
  beforeEach(async () => {
    url = await storeUrl();
    one = await counting(url);
    two = await counting(url);
  });
  afterEach(() => Promise.all([one.store.close(), two.store.close()]));

  it('counts nothing without a tier, without a definition, and on an API that no limit names', async () => {
    assert.equal(await one.spending.spend({ id: 'app' }, 'orders'), undefined);
    assert.equal(await one.once(), undefined);
    await one.define('gold', { limits: [perMinute(1, 'billing')] });
    assert.equal(await one.once(), undefined);
    assert.equal((await one.once('app', 'billing'))?.allowed, true);
  });

  it('says what is left and when the period ends, refuses what is above, and begins anew with the clock', async (t) => {
    at(t);
    t.mock.timers.tick(15_000);
    await one.define('gold', { limits: [perMinute(2)] });
    const told = { tier: 'gold', requests: 2, period: 60, reset: 45 };
    assert.deepEqual(await one.once(), { ...told, allowed: true, remaining: 1 });
    assert.deepEqual(await one.once(), { ...told, allowed: true, remaining: 0 });
    assert.deepEqual(await one.once(), { ...told, allowed: false, remaining: 0 });
    assert.equal((await one.once('another'))?.allowed, true);
    t.mock.timers.tick(45_000);
    assert.deepEqual(await one.once(), { ...told, reset: 60, allowed: true, remaining: 1 });
  });

  for (const limit of [7, 100, 1000]) {
    it(`allows exactly ${limit} of all calls that two processes count at once`, async (t) => {
      at(t);
      await one.define('gold', { limits: [perMinute(limit)] });
      const allowed = await Promise.all([one.many(limit), two.many(limit)]);
      assert.equal(allowed[0] + allowed[1], limit);
      assert.equal(await one.many(5), 0);
    });
  }

  it('never allows more than the limit when two processes spend a large one bit by bit', async (t) => {
    at(t);
    await one.define('gold', { limits: [perMinute(2000)] });
    let allowed = 0;
    for (let round = 0; round < 120; round += 1)
      allowed += (await Promise.all([one.many(10), two.many(10)])).reduce((a, b) => a + b);
    assert.ok(allowed <= 2000, String(allowed));
    // What the other process holds to the end is a small part.
    assert.ok(allowed >= 1950, String(allowed));
  });

  it('is shared by processes of their own', async () => {
    await one.define('gold', { limits: [{ requests: 50, period: 86_400 }] });
    const workers = await Promise.all([worker('spend', url), worker('spend', url)]);
    for (const { go } of workers) go();
    const allowed = await Promise.all(workers.map(({ result }) => result));
    assert.equal(Number(allowed[0]) + Number(allowed[1]), 50);
  });

  it('wants the limit of the API and the one for all of them, and takes nothing from one when the other refuses', async (t) => {
    at(t);
    await one.define('gold', { limits: [perMinute(3), perMinute(1, 'orders')] });
    assert.equal((await one.once())?.requests, 1);
    const refused = await one.once();
    assert.deepEqual([refused?.allowed, refused?.requests], [false, 1]);
    assert.equal((await one.once('app', 'billing'))?.remaining, 1);
    assert.equal((await one.once('app', 'billing'))?.remaining, 0);
    assert.deepEqual((await one.once('app', 'billing'))?.requests, 3);
    assert.equal((await one.once('app', 'billing'))?.allowed, false);
  });

  it('tells of the limit that refuses for the longest time', async (t) => {
    at(t);
    await one.define('gold', { limits: [perMinute(1), { requests: 1, period: 3600 }] });
    await one.once();
    assert.deepEqual((await one.once())?.reset, 3600);
  });

  it('goes by a changed or removed tier at the next call, in another process within a second', async (t) => {
    at(t);
    await one.define('gold', { limits: [perMinute(2)] });
    assert.deepEqual([await one.many(3), await two.many(1)], [2, 0]);
    await one.tiers.change('gold', (now) => ({ ...now, limits: [perMinute(5)] }), 'test');
    assert.equal(await one.many(2), 2);
    t.mock.timers.tick(1000);
    assert.equal(await two.many(9), 1);
    await one.tiers.change('gold', (now) => ({ ...now, limits: [perMinute(3)] }), 'test');
    assert.equal(await one.many(1), 0);
    await one.tiers.remove('gold', 'test');
    assert.equal(await one.once(), undefined);
    t.mock.timers.tick(1000);
    assert.equal(await two.once(), undefined);
  });

  it('is unavailable while the store is away, and never guesses', async () => {
    await one.define('gold', { limits: [perMinute(2)] });
    await one.store.close();
    await assert.rejects(one.once(), (error) => error instanceof Problem && error.code === 'unavailable');
    one = await counting(url);
  });

  it('lets calls wait for the next period, in their order, and refuses where that is too far away', async () => {
    await one.define('gold', { limits: [{ requests: 1, period: 1 }], excess: 'queue', patience: 20 });
    const order: number[] = [];
    const calls = Array.from({ length: 3 }, async (_, index) => {
      const spent = await one.once();
      if (spent?.allowed) order.push(index);
    });
    await Promise.all(calls);
    assert.deepEqual(order, [0, 1, 2]);
    await one.tiers.change('gold', (now) => ({ ...now, limits: [{ requests: 1, period: 86_400 * 31 }] }), 'test');
    assert.equal(await one.many(3, 'far'), 1);
  });
});
