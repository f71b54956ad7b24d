import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/port.ts';
import { mongodbUrl } from '../support/mongodb.ts';
import { people } from '../support/people-records.ts';
import { worker } from '../support/processes.ts';
import { temporaryPath } from '../support/temporary.ts';

const kind = process.env.SALLYPORT_TEST_STORE;
const stores = [
  { name: 'sqlite', url: async () => `sqlite:${temporaryPath()}` },
  { name: 'mongodb', url: mongodbUrl },
].filter(({ name }) => kind === undefined || kind === name);

for (const { name, url: fresh } of stores) {
  describe(`two processes on one store: ${name}`, () => {
    const opened: Store[] = [];
    const open = async (url: string) => {
      const store = await openStore(url, { timeoutMs: 30_000 });
      opened.push(store);
      return people(store);
    };
    after(() => Promise.all(opened.map((store) => store.close())));

    /** Runs the job in two processes at once, on a hundred records, and adds up what each achieved. */
    async function together(job: string, url: string): Promise<number> {
      const workers = await Promise.all([worker(job, url), worker(job, url)]);
      for (const { go } of workers) go();
      const [first, second] = await Promise.all(workers.map(({ result }) => result));
      return Number(first) + Number(second);
    }
    const filled = async (url: string) => {
      const all = await open(url);
      await Promise.all(Array.from({ length: 100 }, (_, index) => all.insert({ id: `p${index}`, visits: 0 })));
      return all;
    };

    it('gives each record to one of them', async () => {
      const url = await fresh();
      const all = await filled(url);
      assert.equal(await together('take', url), 100);
      assert.deepEqual(await all.find(), []);
    });
    it('lets one of them insert each id', async () => {
      const url = await fresh();
      assert.equal(await together('insert', url), 100);
      assert.equal((await (await open(url)).find()).length, 100);
    });
    it('loses no change, on many records or on one', async () => {
      const url = await fresh();
      const all = await filled(url);
      assert.equal(await together('change', url), 200);
      assert.deepEqual(new Set((await all.find()).map(({ visits }) => visits)), new Set([2]));
      assert.equal(await together('change one', url), 200);
      assert.equal((await all.get('p0'))?.visits, 202);
    });
    it('has every write that was promised when a process was killed at work', async () => {
      const url = await fresh();
      const all = await open(url);
      await all.insert({ id: 'counter', visits: 0 });
      const ledger: string[] = [];
      for (const round of ['a', 'b', 'c']) {
        const { go, heard, kill, said } = await worker('write', url, round);
        go();
        await heard(200);
        await kill();
        ledger.push(...said);
      }
      const present = await Promise.all(ledger.map((id) => all.get(id)));
      assert.deepEqual(
        present.filter((one) => one === undefined),
        [],
      );
      assert.ok(((await all.get('counter'))?.visits ?? 0) >= ledger.length);
      if (name !== 'sqlite') return;
      const database = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true });
      assert.deepEqual({ ...database.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' });
      database.close();
    });
  });
}
