import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, type TestContext } from 'node:test';
import { createLog } from '../../src/kernel/log.ts';
import type { Letter } from '../../src/notices/letter.ts';
import { NotNow, Undeliverable } from '../../src/notices/letter.ts';
import { type Deliver, Outbox } from '../../src/notices/outbox.ts';
import { openKeyring } from '../../src/store/keyring.ts';
import { openParts, type Parts } from '../support/parts.ts';
import { worker } from '../support/processes.ts';

const letter: Letter = {
  ...{ kind: 'factor-added', to: 'ana@example.test', user: 'usr_ana', at: 0, ip: '192.0.2.7' },
  facts: { kind: 'totp', link: 'https://id.example.test/account/reset/very-secret' },
};
const quiet = createLog({ level: 'silent' });
const start = 1_800_000_000_000;

describe('outbox', () => {
  let parts: Parts;
  let outbox: Outbox;
  let sent: string[] = [];
  const deliver: Deliver = async (content, { id }) => {
    sent.push(id);
    return 'errand' in content ? undefined : content;
  };
  before(async () => {
    parts = await openParts();
    const vault = await openKeyring(parts.store, Buffer.alloc(32, 7));
    outbox = new Outbox({ ...parts, vault });
  });
  afterEach(async () => {
    sent = [];
    // Nothing of one test is left to the next.
    await outbox.tend(deliver, quiet);
    sent = [];
  });
  after(() => parts.close());
  const clock = (t: TestContext) => t.mock.timers.enable({ apis: ['Date'], now: start });
  const told = (type: 'notice.sent' | 'notice.failed') => parts.trail.search({ type });

  it('sends what was put in once, in its order, and records it', async () => {
    for (const id of ['a', 'b', 'c']) await outbox.put(letter, { id });
    await outbox.tend(deliver, quiet);
    await outbox.tend(deliver, quiet);
    assert.deepEqual(sent, ['a', 'b', 'c']);
    assert.equal(await outbox.waiting(), 0);
    const [event] = await told('notice.sent');
    assert.equal(event?.target, 'user:usr_ana');
    assert.deepEqual(event?.detail, { notice: 'factor-added' });
  });

  it('takes one and the same thing once, however often it is put in', async () => {
    await Promise.all([1, 2, 3].map(() => outbox.put(letter, { id: 'same' })));
    await outbox.tend(deliver, quiet);
    assert.deepEqual(sent, ['same']);
  });

  it('what is done leaves nothing behind but its id, and is not done again', async () => {
    await outbox.put(letter, { id: 'done' });
    await outbox.tend(deliver, quiet);
    await outbox.put(letter, { id: 'done' });
    await outbox.tend(deliver, quiet);
    assert.deepEqual(sent, ['done']);
    const raw = parts.store.collection({ name: 'outbox', indexes: { state: { key: () => undefined } } });
    assert.deepEqual(await raw.get('done'), { id: 'done', content: '', due: 0, until: 0, tries: 1 });
  });

  it('keeps addresses and links sealed in the store', async () => {
    await outbox.put(letter, { id: 'sealed' });
    const raw = parts.store.collection({ name: 'outbox', indexes: { state: { key: () => undefined } } });
    const found = JSON.stringify(await raw.get('sealed'));
    assert.doesNotMatch(found, /ana|example\.test|very-secret|192\.0\.2/);
    assert.match(found, /"content":"1\./);
  });

  it('tries again after 15 s, a minute, four minutes, a quarter of an hour, and then every hour', async (t) => {
    clock(t);
    const tries: number[] = [];
    await outbox.put(letter, { id: 'late' });
    const away: Deliver = async () => {
      tries.push((Date.now() - start) / 1000);
      throw new Error('the mail server is away');
    };
    for (let second = 0; second <= 9000; second += 5) {
      t.mock.timers.setTime(start + second * 1000);
      await outbox.tend(away, quiet);
    }
    assert.deepEqual(tries, [0, 15, 75, 315, 1275, 4875, 8475]);
    assert.equal(await outbox.waiting(), 1);
    t.mock.timers.setTime(start + 13_000_000);
    await outbox.tend(deliver, quiet);
    assert.deepEqual(sent, ['late']);
  });

  it('stops a round when the mail server is away, but not for one recipient who is refused for now', async (t) => {
    clock(t);
    for (const id of ['d', 'e', 'f']) await outbox.put(letter, { id });
    const asked: string[] = [];
    const answer =
      (error: Error): Deliver =>
      async (_, { id }) => {
        asked.push(id);
        throw error;
      };
    await outbox.tend(answer(new Error('away')), quiet);
    assert.deepEqual(asked, ['d']);
    await outbox.tend(answer(new NotNow('greylisted')), quiet);
    assert.deepEqual(asked, ['d', 'e', 'f']);
    t.mock.timers.setTime(start + 3_600_000);
  });

  it('gives up what will never arrive, at once, and what did not for a day; the trail says so, without the address', async (t) => {
    clock(t);
    await outbox.put(letter, { id: 'refused' });
    await outbox.tend(async () => {
      throw new Undeliverable('the mail server refused the recipient (550)');
    }, quiet);
    assert.equal(await outbox.waiting(), 0);
    await outbox.put(letter, { id: 'old' });
    await outbox.put(letter, { id: 'short', life: 1800 });
    t.mock.timers.setTime(start + 1801 * 1000);
    await outbox.tend(async () => Promise.reject(new Error('away')), quiet);
    t.mock.timers.setTime(start + 86_401 * 1000);
    await outbox.tend(deliver, quiet);
    assert.deepEqual(sent, []);
    assert.equal(await outbox.waiting(), 0);
    const failed = await told('notice.failed');
    assert.deepEqual(
      failed.map(({ detail, target, outcome }) => [detail?.reason, target, outcome]),
      [
        ['the mail server refused the recipient (550)', 'user:usr_ana', 'failure'],
        ['the time was over', 'user:usr_ana', 'failure'],
        ['the time was over', 'user:usr_ana', 'failure'],
      ],
    );
  });

  it('leaves an entry to whoever has it, until the lease is over', async (t) => {
    clock(t);
    await outbox.put(letter, { id: 'held' });
    const hang = Promise.withResolvers<undefined>();
    const begun = Promise.withResolvers<void>();
    const first = outbox.tend(async () => {
      begun.resolve();
      return hang.promise;
    }, quiet);
    await begun.promise;
    t.mock.timers.setTime(start + 119_000);
    await outbox.tend(deliver, quiet);
    assert.deepEqual(sent, []);
    t.mock.timers.setTime(start + 121_000);
    await outbox.tend(deliver, quiet);
    assert.deepEqual(sent, ['held']);
    hang.resolve(undefined);
    await first;
  });

  it('of many rounds at the same moment exactly one has an entry in its hands', async () => {
    for (const id of ['g', 'h', 'i']) await outbox.put(letter, { id });
    const slowly: Deliver = async (content, entry) => {
      await new Promise(setImmediate);
      return deliver(content, entry);
    };
    await Promise.all(Array.from({ length: 8 }, () => outbox.tend(slowly, quiet)));
    assert.deepEqual(sent.toSorted(), ['g', 'h', 'i']);
  });

  it('a hundred letters and two processes: each is sent once', async () => {
    const two = await Promise.all([1, 2].map(() => worker('outbox', parts.url)));
    for (let count = 0; count < 100; count += 1) await outbox.put(letter);
    for (const { go } of two) go();
    const counts = await Promise.all(two.map(({ result }) => result));
    const ids = counts.flatMap((one) => (Array.isArray(one) ? one : []));
    assert.equal(new Set(ids).size, 100);
    assert.equal(ids.length, 100);
    await Promise.all(two.map((one) => one.kill()));
  });

  it('sec-161 a letter survives the process that had it in its hands, and another one sends it', async (t) => {
    const lost = await worker('outbox hang', parts.url);
    await outbox.put(letter, { id: 'survives' });
    lost.go();
    await lost.heard(1);
    await lost.kill();
    await outbox.tend(deliver, quiet);
    assert.deepEqual(sent, [], 'nobody knows yet that it died');
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 121_000 });
    await outbox.tend(deliver, quiet);
    await outbox.tend(deliver, quiet);
    assert.deepEqual(sent, ['survives']);
  });
});
