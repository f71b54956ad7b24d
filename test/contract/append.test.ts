import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/port.ts';
import { mongodbUrl } from '../support/mongodb.ts';
import { people } from '../support/people-records.ts';
import { temporaryPath } from '../support/temporary.ts';

const kind = process.env.SALLYPORT_TEST_STORE;
const stores = [
  { name: 'sqlite', url: async () => `sqlite:${temporaryPath()}` },
  { name: 'mongodb', url: mongodbUrl },
].filter(({ name }) => kind === undefined || kind === name);

for (const { name, url: fresh } of stores) {
  describe(`append: ${name}`, () => {
    const opened: Store[] = [];
    const open = async (url: string) => {
      const store = await openStore(url, { timeoutMs: 30_000 });
      opened.push(store);
      return people(store);
    };
    after(() => Promise.all(opened.map((store) => store.close())));
    const numbered = (from: number, count: number, visits: number) =>
      Array.from({ length: count }, (_, index) => ({
        id: `p${visits}-${from + index}`,
        visits,
        email: `${from + index}@example.test`,
      }));

    it('adds in order, up to the first whose id or key is in use', async () => {
      const all = await open(await fresh());
      assert.equal(await all.append(numbered(0, 5, 0)), 5);
      assert.equal(await all.append(numbered(3, 5, 1)), 0);
      // The key of the third is in use, so the fourth and fifth, which are free, are not added either.
      assert.equal(await all.append([...numbered(8, 2, 2), ...numbered(4, 1, 2), ...numbered(20, 2, 2)]), 2);
      assert.equal(
        await all.append([
          { id: 'free', visits: 0 },
          { id: 'p0-0', visits: 9 },
        ]),
        1,
      );
      assert.equal(await all.append([]), 0);
      const kept = await all.find();
      assert.deepEqual(
        kept.map(({ id }) => id),
        ['free', 'p0-0', 'p0-1', 'p0-2', 'p0-3', 'p0-4', 'p2-8', 'p2-9'],
      );
      assert.equal(kept[1]?.visits, 0);
      assert.deepEqual(await all.find({ email: '9@example.test' }), [kept.at(-1)]);
    });

    it('lets of many who append the same places each place to one of them, without a gap', async () => {
      const url = await fresh();
      const [one, two] = [await open(url), await open(url)];
      const counts = await Promise.all(
        Array.from({ length: 20 }, (_, visits) => (visits % 2 ? one : two).append(numbered(0, 10, visits))),
      );
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        10,
      );
      assert.deepEqual(
        (await one.find()).map(({ email }) => Number(email?.split('@')[0])).sort((a, b) => a - b),
        Array.from({ length: 10 }, (_, index) => index),
      );
    });
  });
}
