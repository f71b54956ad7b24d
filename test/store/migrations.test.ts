import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Problem } from '../../src/kernel/errors.ts';
import { openStore } from '../../src/store/index.ts';
import { type Migration, migrate, steps as released } from '../../src/store/migrations.ts';
import type { Store } from '../../src/store/port.ts';
import { worker } from '../support/processes.ts';
import { storeUrl } from '../support/store.ts';

const code = (expected: string) => (error: unknown) => error instanceof Problem && error.code === expected;
const now = () => Date.now();

describe('the schema', () => {
  const opened: Store[] = [];
  const open = async (url: string) => {
    const store = await openStore(url);
    opened.push(store);
    return store;
  };
  const runs: string[] = [];
  const step = (name: string): Migration => ({
    name,
    run: async (store) => {
      runs.push(name);
      await store.collection({ name: 'things', indexes: {} }).put({ id: name });
    },
  });
  after(() => Promise.all(opened.map((store) => store.close())));

  it('takes each step once and in order, however many begin at once', async () => {
    const url = await storeUrl();
    const stores = [await open(url), await open(url), await open(url)];
    const steps = [...released, step('second'), step('third'), step('fourth')];
    runs.length = 0;
    await Promise.all(stores.map((store) => migrate(store, { steps, now })));
    assert.deepEqual(runs, ['second', 'third', 'fourth']);
    await migrate(await open(await storeUrl()), { steps, now });
    assert.equal(runs.length, 6);
  });
  it('takes a step again that a killed process left, as soon as its lease is over', async () => {
    const url = await storeUrl();
    const { go, heard, kill } = await worker('hang', url);
    go();
    await heard(1);
    await kill();
    const store = await open(url);
    runs.length = 0;
    await migrate(store, { steps: [...released, step('hang'), step('after')], now: () => Date.now() + 60_000 });
    assert.deepEqual(runs, ['hang', 'after']);
  });
  it('takes a step again that failed, and says why it failed', async () => {
    const store = await open(await storeUrl());
    const broken: Migration = { name: 'fragile', run: () => Promise.reject(new Error('broken')) };
    await assert.rejects(migrate(store, { steps: [...released, broken], now }), /broken/);
    runs.length = 0;
    await migrate(store, { steps: [...released, step('fragile')], now });
    assert.deepEqual(runs, ['fragile']);
  });
  it('refuses a store that a newer version has used', async () => {
    const url = await storeUrl();
    const store = await open(url);
    await migrate(store, { steps: [...released, step('tomorrow')], now });
    await assert.rejects(openStore(url), /newer version of Sallyport/);
  });
  it('refuses a store whose history is another', async () => {
    const store = await open(await storeUrl());
    await migrate(store, { steps: [...released, step('theirs')], now });
    await assert.rejects(migrate(store, { steps: [...released, step('ours')], now }), code('schema'));
  });
});
