import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { openStore } from '../../src/store/index.ts';
import type { Collection, Store } from '../../src/store/port.ts';
import { mongodbUrl } from '../support/mongodb.ts';
import { temporaryPath } from '../support/temporary.ts';

interface Api {
  readonly id: string;
  readonly permissions: readonly string[];
  readonly owner?: string;
}
type Apis = Collection<Api, 'owner'>;

const kind = process.env.SALLYPORT_TEST_STORE;
const stores = [
  { name: 'sqlite', url: async () => `sqlite:${temporaryPath()}` },
  { name: 'mongodb', url: mongodbUrl },
].filter(({ name }) => kind === undefined || kind === name);

const orders: Api = { id: 'orders', permissions: ['read'], owner: 'ana' };

for (const { name, url: fresh } of stores) {
  describe(`a cached collection: ${name}`, () => {
    let clock = Date.now();
    let ours: Apis;
    let theirs: Apis;
    const opened: Store[] = [];
    const open = async (url: string): Promise<Apis> => {
      const store = await openStore(url, { now: () => clock, timeoutMs: 30_000 });
      opened.push(store);
      return store.collection<Api, 'owner'>({
        name: 'apis',
        indexes: { owner: { key: (api) => api.owner } },
        cached: true,
      });
    };
    /** What another process does is seen within a second. */
    const second = async () => {
      clock += 1000;
      await turn();
    };

    beforeEach(async () => {
      const url = await fresh();
      [ours, theirs] = [await open(url), await open(url)];
      await ours.insert(orders);
      await second();
    });
    after(() => Promise.all(opened.map((store) => store.close())));

    it('answers from memory, the same and unchangeable', async () => {
      const first = await ours.get('orders');
      assert.equal(await ours.get('orders'), first);
      assert.equal(await ours.find({ owner: 'ana' }), await ours.find({ owner: 'ana' }));
      assert.ok(Object.isFrozen(first) && Object.isFrozen(first?.permissions));
    });
    it('shows a change of its own at once', async () => {
      await ours.get('orders');
      await ours.find();
      await ours.change('orders', (api) => ({ ...api, permissions: ['write'] }));
      assert.deepEqual((await ours.get('orders'))?.permissions, ['write']);
      await ours.put({ ...orders, permissions: ['all'] });
      assert.deepEqual((await ours.find())[0]?.permissions, ['all']);
      await ours.insert({ id: 'invoices', permissions: [], owner: 'ana' });
      assert.equal((await ours.find({ owner: 'ana' })).length, 2);
      await ours.drop({ owner: 'ana' });
      assert.deepEqual([await ours.get('orders'), ...(await ours.find())], [undefined]);
    });
    it('shows a change of another process within a second', async () => {
      await ours.get('orders');
      await ours.find({ owner: 'ana' });
      await theirs.change('orders', (api) => ({ ...api, permissions: ['write'] }));
      await second();
      assert.deepEqual((await ours.get('orders'))?.permissions, ['write']);
      assert.deepEqual((await ours.find({ owner: 'ana' }))[0]?.permissions, ['write']);
      await theirs.take('orders');
      await second();
      assert.equal(await ours.get('orders'), undefined);
      assert.deepEqual(await ours.find({ owner: 'ana' }), []);
    });
    it('shows at once what was missing before', async () => {
      assert.equal(await ours.get('invoices'), undefined);
      await theirs.insert({ id: 'invoices', permissions: [] });
      assert.deepEqual(await ours.get('invoices'), { id: 'invoices', permissions: [] });
    });
    it('shows the first of several within a second, and its own at once', async () => {
      assert.deepEqual([await ours.find({ owner: 'bo' }), await theirs.find({ owner: 'bo' })], [[], []]);
      await theirs.insert({ id: 'invoices', permissions: [], owner: 'bo' });
      assert.equal((await theirs.find({ owner: 'bo' })).length, 1);
      await second();
      assert.equal((await ours.find({ owner: 'bo' })).length, 1);
      await ours.drop({ owner: 'bo' });
      assert.deepEqual(await ours.find({ owner: 'bo' }), []);
      await second();
      assert.deepEqual(await theirs.find({ owner: 'bo' }), []);
    });
    it('forgets a record the moment it expires', async () => {
      await ours.put(orders, 1);
      clock += 500;
      assert.deepEqual([await ours.get('orders'), ...(await ours.find())], [orders, orders]);
      clock += 500;
      assert.deepEqual([await ours.get('orders'), ...(await ours.find())], [undefined]);
    });
    it('may not be declared otherwise elsewhere, which would hide changes', async () => {
      const [store] = opened;
      assert.throws(() => store?.collection<Api>({ name: 'apis', indexes: {} }), /declared otherwise/);
    });
  });
}
