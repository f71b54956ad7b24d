import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Lines } from '../../src/clients/line.ts';

/** Lets everything that needs no clock go on. */
const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** So many go through in each second of a clock that the test moves. */
function door(t: TestContext, perSecond: number) {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 0 });
  const lines = new Lines();
  const order: (number | string)[] = [];
  let [second, passed] = [0, 0];
  const attempt = async () => {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) [second, passed] = [now, 0];
    passed += 1;
    return { allowed: passed <= perSecond, ends: (now + 1) * 1000 };
  };
  const refusal = () => ({ allowed: false, ends: 0 });
  const call = (number: number, { patience = 3, places = 100, key = 'a' } = {}) =>
    lines
      .pass(key, { until: Date.now() + patience * 1000, attempt, refusal, places: () => places })
      .then(({ allowed }) => order.push(allowed ? number : `${number} refused`));
  const tick = async () => {
    t.mock.timers.tick(1000);
    await settle();
  };
  return { order, call, tick };
}

describe('a line of calls', () => {
  it('lets them through in the order of their arrival, and nobody overtakes who waits', async (t) => {
    const { order, call, tick } = door(t, 2);
    for (const number of [0, 1, 2, 3]) void call(number);
    await settle();
    assert.deepEqual(order, [0, 1]);
    void call(4);
    await tick();
    assert.deepEqual(order, [0, 1, 2, 3]);
    void call(5);
    void call(6);
    await tick();
    await tick();
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6]);
  });

  it('refuses who would wait in vain: too short, or behind too many', async (t) => {
    const { order, call, tick } = door(t, 1);
    await call(0);
    await call(1, { patience: 0.5 });
    void call(2, { places: 1 });
    await settle();
    await call(3, { places: 1 });
    assert.deepEqual(order, [0, '1 refused', '3 refused']);
    await tick();
    assert.deepEqual(order.slice(3), [2]);
  });

  it('refuses at the end of the patience who did not get through', async (t) => {
    const { order, call, tick } = door(t, 1);
    for (const number of [0, 1, 2, 3, 4]) void call(number, { patience: 2.5 });
    await settle();
    for (const _ of [1, 2, 3]) await tick();
    assert.deepEqual(order, [0, 1, 2, '3 refused', '4 refused']);
  });

  it('keeps 64 in a line and 256 in all', async (t) => {
    const { order, call } = door(t, 0);
    for (let number = 0; number < 350; number += 1) void call(number, { key: number < 100 ? 'a' : `b${number % 50}` });
    await settle();
    assert.equal(order.length, 350 - 256);
    const inOne = order.filter((told) => Number.parseInt(String(told), 10) < 100);
    assert.equal(inOne.length, 100 - 64);
  });
});
