import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { openParts, type Parts } from '../support/parts.ts';

describe('attempts to sign in', () => {
  let parts: Parts;
  before(async () => {
    parts = await openParts();
  });
  after(() => parts.close());
  beforeEach(() => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
  });
  afterEach(() => {
    mock.timers.reset();
  });

  const fail = async (person: string, ip: string, times: number) => {
    for (let count = 0; count < times; count += 1) await parts.attempts.failed(person, ip);
  };
  const wait = async (person: string, ip: string): Promise<number> => {
    const answer = await parts.attempts.allowed(person, ip);
    return answer.ok ? 0 : answer.retryAfter;
  };

  it('are free four times, then wait longer and longer, at most a quarter of an hour', async () => {
    await fail('ana@x.test', '192.0.2.1', 4);
    assert.equal(await wait('ana@x.test', '192.0.2.1'), 0);
    const waits: number[] = [];
    for (let count = 0; count < 10; count += 1) {
      await fail('ana@x.test', '192.0.2.1', 1);
      waits.push(await wait('ana@x.test', '192.0.2.1'));
      mock.timers.tick(900_000);
    }
    assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
  });

  it('may be made again when the time is over, and one at a time', async () => {
    await fail('bob@x.test', '192.0.2.1', 6);
    assert.equal(await wait('bob@x.test', '192.0.2.1'), 10);
    mock.timers.tick(10_000);
    const answers = await Promise.all(Array.from({ length: 50 }, () => wait('bob@x.test', '192.0.2.1')));
    assert.equal(answers.filter((seconds) => seconds === 0).length, 1);
  });

  it('count every one of 100 parallel failures, also in two processes', async () => {
    const other = await openParts(parts.url);
    try {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          (index % 2 ? other : parts).attempts.failed('race@x.test', '192.0.2.1'),
        ),
      );
      assert.deepEqual(await parts.attempts.failures('race@x.test', '192.0.2.1'), { here: 100, everywhere: 100 });
    } finally {
      await other.close();
    }
  });

  it('do not slow down other people or other addresses', async () => {
    await fail('eve@x.test', '192.0.2.1', 20);
    assert.equal(await wait('eve@x.test', '192.0.2.2'), 0);
    assert.equal(await wait('zoe@x.test', '192.0.2.1'), 0);
  });

  it('gain nothing by coming from many addresses', async () => {
    for (let host = 0; host < 100; host += 1) await fail('kim@x.test', `198.51.100.${host}`, 1);
    assert.equal(await wait('kim@x.test', '203.0.113.9'), 5);
    await fail('lee@x.test', '2001:db8::1', 3);
    await fail('lee@x.test', '2001:db8:0:0:ffff::2', 2);
    assert.equal(await wait('lee@x.test', '2001:db8::aaaa:3'), 5);
    assert.equal(await wait('lee@x.test', '2001:db8:0:1::3'), 0);
  });

  it('from an address where the person signed in lately are not slowed down by others', async () => {
    await parts.attempts.succeeded('mia@x.test', '192.0.2.7');
    for (let host = 0; host < 120; host += 1) await fail('mia@x.test', `198.51.100.${host}`, 1);
    assert.ok((await wait('mia@x.test', '203.0.113.9')) > 0);
    assert.equal(await wait('mia@x.test', '192.0.2.7'), 0);
    mock.timers.tick(31 * 86_400_000);
    for (let host = 0; host < 120; host += 1) await fail('mia@x.test', `198.51.100.${host}`, 1);
    assert.ok((await wait('mia@x.test', '192.0.2.7')) > 0);
  });

  it('are forgotten at this address after a success, and everywhere after a day', async () => {
    await fail('noa@x.test', '192.0.2.1', 9);
    await parts.attempts.succeeded('noa@x.test', '192.0.2.1');
    assert.deepEqual(await parts.attempts.failures('noa@x.test', '192.0.2.1'), { here: 0, everywhere: 9 });
    mock.timers.tick(86_401_000);
    assert.deepEqual(await parts.attempts.failures('noa@x.test', '192.0.2.1'), { here: 0, everywhere: 0 });
  });

  it('tell the store neither who nor where', async () => {
    await fail('olga@x.test', '192.0.2.99', 1);
    const records = await parts.store.collection({ name: 'attempts', indexes: {} }).find({}, { limit: 1000 });
    assert.ok(records.length > 0);
    assert.doesNotMatch(JSON.stringify(records), /olga|192\.0/);
  });

  describe('sec-117 at many people from one address', () => {
    const spray = async (ip: string, people: number) => {
      for (let count = 0; count < people; count += 1) await parts.attempts.failed(`p${count}-${ip}@x.test`, ip);
    };

    it('are free two hundred times, then wait longer and longer, whomever they are at', async () => {
      await spray('203.0.113.1', 199);
      assert.equal(await wait('next@x.test', '203.0.113.1'), 0);
      const waits: number[] = [];
      for (let count = 0; count < 10; count += 1) {
        await fail(`next${count}@x.test`, '203.0.113.1', 1);
        waits.push(await wait(`other${count}@x.test`, '203.0.113.1'));
        mock.timers.tick(900_000);
      }
      assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    });

    it('are slowed down in every process and in the whole network of an IPv6 address, and nowhere else', async () => {
      const other = await openParts(parts.url);
      try {
        await spray('2001:db8:1:2::1', 200);
        const answers = await Promise.all(
          ['2001:db8:1:2::9', '2001:db8:1:3::1', '203.0.113.9'].map((ip) => other.attempts.allowed('new@x.test', ip)),
        );
        assert.deepEqual(
          answers.map(({ ok }) => ok),
          [false, true, true],
        );
      } finally {
        await other.close();
      }
    });

    it('do not hurt whoever has signed in from there lately, nor are their own mistakes counted', async () => {
      await parts.attempts.succeeded('office@x.test', '203.0.113.2');
      for (let round = 0; round < 50; round += 1) {
        await fail('office@x.test', '203.0.113.2', 4);
        await parts.attempts.succeeded('office@x.test', '203.0.113.2');
      }
      assert.equal(await wait('new@x.test', '203.0.113.2'), 0);
      await spray('203.0.113.2', 200);
      assert.equal(await wait('new@x.test', '203.0.113.2'), 5);
      assert.equal(await wait('office@x.test', '203.0.113.2'), 0);
    });
  });
});
