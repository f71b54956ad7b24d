import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Problem } from '../../src/kernel/errors.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/port.ts';
import { mongodbUrl } from '../support/mongodb.ts';
import { temporaryPath } from '../support/temporary.ts';

interface Town {
  readonly id: string;
  readonly land: string;
}

const kind = process.env.SALLYPORT_TEST_STORE;
const stores = [
  { name: 'sqlite', url: async () => `sqlite:${temporaryPath()}` },
  { name: 'mongodb', url: mongodbUrl },
].filter(({ name }) => kind === undefined || kind === name);

for (const { name, url: fresh } of stores) {
  describe(`look-ups that change: ${name}`, () => {
    const opened: Store[] = [];
    const open = async (url: string) => {
      const store = await openStore(url, { timeoutMs: 30_000 });
      opened.push(store);
      return store;
    };
    const land = (town: Town) => town.land;
    const without = async (url: string) => (await open(url)).collection<Town>({ name: 'towns', indexes: {} });
    const plain = async (url: string) =>
      (await open(url)).collection<Town, 'land'>({ name: 'towns', indexes: { land: { key: land } } });
    const unique = async (url: string) =>
      (await open(url)).collection<Town, 'land'>({ name: 'towns', indexes: { land: { key: land, unique: true } } });
    after(() => Promise.all(opened.map((store) => store.close())));

    it('are filled in for the records that are there already, by several at once', async () => {
      const url = await fresh();
      const before = await without(url);
      await Promise.all(
        Array.from({ length: 600 }, (_, index) => before.insert({ id: `t${index}`, land: `l${index % 300}` })),
      );
      const towns = await Promise.all([plain(url), plain(url)]);
      for (const all of towns)
        assert.deepEqual(
          (await all.find({ land: 'l7' })).map(({ id }) => id),
          ['t307', 't7'],
        );
    });
    it('become unique where they can, and say so where they cannot', async () => {
      const url = await fresh();
      const before = await plain(url);
      await before.insert({ id: 'ulm', land: 'bw' });
      await before.insert({ id: 'bonn', land: 'nrw' });
      const strict = await unique(url);
      await assert.rejects(
        strict.insert({ id: 'aalen', land: 'bw' }),
        (error) => error instanceof Problem && error.code === 'taken',
      );
      const loose = await plain(url);
      await loose.insert({ id: 'aalen', land: 'bw' });
      const refused = async () => (await unique(url)).get('ulm');
      await assert.rejects(refused, /Several records of towns have the same land/);
      assert.equal((await loose.find({ land: 'bw' })).length, 2);
    });
  });
}
