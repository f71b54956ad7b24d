import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Problem } from '../../src/kernel/errors.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/port.ts';
import { mongodbUrl } from '../support/mongodb.ts';
import { type People, people } from '../support/people-records.ts';
import { proxy, type TcpProxy } from '../support/proxy.ts';

const away = (error: unknown) => error instanceof Problem && error.code === 'unavailable' && error.retryAfter === 5;

// That each test ends is the promise: a call ends within its own limit, and recovery needs no restart.
describe('a MongoDB server that goes away', () => {
  let between: TcpProxy;
  let store: Store;
  let all: People;

  beforeEach(async () => {
    const url = new URL(await mongodbUrl());
    // Beside the short patience of the store under test, which is for outages and not for a busy machine.
    const seed = await openStore(url.href, { timeoutMs: 30_000 });
    await people(seed).insert({ id: 'ana', visits: 0 });
    await seed.close();
    between = await proxy(url.hostname, Number(url.port));
    url.port = String(between.port);
    store = await openStore(url.href, { timeoutMs: 1000 });
    all = people(store);
    await recovered();
  });
  afterEach(async () => {
    await store.close();
    await between.close();
  });

  /** Every verb says that the store is away; nothing is answered wrongly. */
  async function unavailable(): Promise<void> {
    const outcomes = await Promise.allSettled([
      store.ping(),
      all.get('ana'),
      all.find(),
      all.insert({ id: 'ben', visits: 0 }),
      all.put({ id: 'ben', visits: 0 }),
      all.change('ana', (person) => ({ ...person, visits: person.visits + 1 })),
      all.take('nobody'),
      all.drop({ city: 'nowhere' }),
    ]);
    for (const outcome of outcomes) assert.ok(outcome.status === 'rejected' && away(outcome.reason));
  }
  async function recovered(): Promise<void> {
    for (;;) {
      const answer = await all.get('ana').catch((error: unknown) => error);
      if (!(answer instanceof Error)) return assert.equal(typeof answer, 'object');
      assert.ok(away(answer));
    }
  }

  it('is unavailable while connections are refused, and there again by itself', async () => {
    between.cut();
    await unavailable();
    between.mend();
    await recovered();
    await all.insert({ id: 'cid', visits: 0 });
  });
  it('is unavailable while it says nothing, and there again by itself', async () => {
    between.stall();
    await unavailable();
    between.mend();
    await recovered();
    await all.insert({ id: 'cid', visits: 0 });
  });
  it('turns away a crowd without keeping it', async () => {
    between.stall();
    const outcomes = await Promise.allSettled(Array.from({ length: 1000 }, () => all.get('ana')));
    assert.equal(outcomes.filter((outcome) => outcome.status === 'rejected' && away(outcome.reason)).length, 1000);
    between.mend();
    await recovered();
  });
  it('is named, without its password, when it is away at the start', async () => {
    between.cut();
    const url = `mongodb://admin:hush@127.0.0.1:${between.port}/sallyport`;
    await assert.rejects(openStore(url, { timeoutMs: 500 }), (error) => {
      assert.ok(error instanceof Problem && /does not answer; check/.test(error.message));
      return !`${error.message}`.includes('hush');
    });
  });
});
