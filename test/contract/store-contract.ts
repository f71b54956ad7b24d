import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';
import { Problem } from '../../src/kernel/errors.ts';
import type { Page, Store } from '../../src/store/port.ts';
import { type People, type Person, people } from '../support/people-records.ts';

/** What a store must open: a fresh database each time, or the one behind the URL. */
export interface Opener {
  name: string;
  /** A fresh, empty database. */
  url(): Promise<string>;
  open(url: string, now: () => number): Promise<Store>;
}

export const code = (expected: string) => (error: unknown) => error instanceof Problem && error.code === expected;
const many = <R>(count: number, run: (index: number) => Promise<R>) =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)));

/** How many of the callers succeeded; all others must have been told that it is taken. */
export async function winners(count: number, run: (index: number) => Promise<unknown>): Promise<number> {
  const told = await many(count, (index) =>
    run(index).then(
      () => 'won',
      (error) => (code('taken')(error) ? 'taken' : error),
    ),
  );
  assert.deepEqual(
    told.filter((one) => one !== 'won' && one !== 'taken'),
    [],
  );
  return told.filter((one) => one === 'won').length;
}

const visit = (person: Person): Person => ({ ...person, visits: person.visits + 1 });
const ana: Person = { id: 'ana', visits: 0, email: 'ana@example.test', city: 'Ulm' };
const ben: Person = { id: 'ben', visits: 0, email: 'ben@example.test', city: 'Ulm' };

/** What every store promises to the rest of the program (src/store/port.ts). */
export function storeContract(opener: Opener): void {
  describe(`store: ${opener.name}`, () => {
    let clock = Date.now();
    let all: People;
    let store: Store;
    const opened: Store[] = [];
    const pass = (milliseconds: number) => {
      clock += milliseconds;
    };

    beforeEach(async () => {
      store = await opener.open(await opener.url(), () => clock);
      opened.push(store);
      all = people(store);
    });
    after(() => Promise.all(opened.map((one) => one.close())));

    describe('insert and get', () => {
      it('keeps a record with all that JSON has, dots and dollars in names too', async () => {
        const more = {
          'https://api.test/a.b': { $set: [1, null, true, { 'x.y': '$z' }] },
          __proto__x: 'ü€😀\u0000"',
          empty: {},
        };
        await all.insert({ ...ana, more });
        assert.deepEqual(await all.get('ana'), { ...ana, more });
        assert.equal(await all.get('somebody'), undefined);
      });
      it('refuses an id that is in use', async () => {
        await all.insert(ana);
        await assert.rejects(all.insert({ id: 'ana', visits: 7 }), code('taken'));
        assert.equal((await all.get('ana'))?.visits, 0);
      });
      it('refuses a unique key that is in use, and says which', async () => {
        await all.insert(ana);
        await assert.rejects(all.insert({ ...ben, email: ana.email ?? '' }), /This email is already in use/);
        assert.equal(await all.get('ben'), undefined);
      });
      it('lets any number of records be without a unique key', async () => {
        assert.equal(await winners(3, (index) => all.insert({ id: `p${index}`, visits: 0 })), 3);
      });
      it('lets one of fifty insert one id', async () => {
        assert.equal(await winners(50, () => all.insert({ id: 'one', visits: 0 })), 1);
      });
      it('lets one of fifty insert one unique key', async () => {
        assert.equal(await winners(50, (index) => all.insert({ id: `p${index}`, visits: 0, email: 'one' })), 1);
        assert.equal((await all.find()).length, 1);
      });
    });

    describe('put', () => {
      it('adds, and replaces with its look-ups', async () => {
        await all.put(ana);
        await all.put({ id: 'ana', visits: 3, email: 'new@example.test' });
        assert.deepEqual(await all.get('ana'), { id: 'ana', visits: 3, email: 'new@example.test' });
        assert.deepEqual(await all.find({ city: 'Ulm' }), []);
        assert.equal(await winners(1, () => all.insert({ ...ben, email: ana.email ?? '' })), 1);
      });
      it('refuses a unique key of another record', async () => {
        await all.insert(ana);
        await assert.rejects(all.put({ ...ben, email: ana.email ?? '' }), code('taken'));
        assert.equal(await all.get('ben'), undefined);
      });
      it('takes fifty of one id at once', async () => {
        assert.equal(await winners(50, (visits) => all.put({ id: 'ana', visits })), 50);
        assert.equal((await all.find()).length, 1);
      });
      it('sets the time to live anew', async () => {
        await all.put(ana, 10);
        await all.put(ana);
        pass(11_000);
        assert.deepEqual(await all.get('ana'), ana);
      });
    });

    describe('change', () => {
      it('loses no change when twenty are made at once', async () => {
        await all.insert(ana);
        await many(20, () => all.change('ana', visit));
        assert.equal((await all.get('ana'))?.visits, 20);
      });
      it('ends with two hundred callers on one record, each answered its own step', async () => {
        await all.insert(ana);
        const answers = await many(200, () => all.change('ana', visit));
        assert.equal(new Set(answers.map((answer) => answer?.visits)).size, 200);
      });
      it('leaves the record alone when the edit throws, and the others that change it', async () => {
        await all.insert(ana);
        const broken = new Error('broken');
        const fail = () => {
          throw broken;
        };
        const outcomes = await many(9, (index) =>
          all.change('ana', index === 4 ? fail : visit).catch((error: unknown) => error),
        );
        assert.deepEqual(outcomes.filter((outcome) => outcome === broken).length, 1);
        assert.equal((await all.get('ana'))?.visits, 8);
      });
      it('moves the look-ups with the record', async () => {
        await all.insert(ana);
        await all.change('ana', (person) => ({ ...person, city: 'Bonn', email: 'a@example.test' }));
        assert.deepEqual(
          (await all.find({ city: 'Bonn', email: 'a@example.test' })).map(({ id }) => id),
          ['ana'],
        );
        assert.deepEqual(await all.find({ city: 'Ulm' }), []);
      });
      it('refuses a unique key of another record, and the id of one', async () => {
        await all.insert(ana);
        await all.insert(ben);
        const steal = (person: Person) => ({ ...person, email: ana.email ?? '' });
        const outcomes = await Promise.allSettled([
          all.change('ben', visit),
          all.change('ben', steal),
          all.change('ben', visit),
        ]);
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          ['fulfilled', 'rejected', 'fulfilled'],
        );
        assert.deepEqual(await all.get('ben'), { ...ben, visits: 2 });
        await assert.rejects(
          all.change('ben', () => ana),
          /keep the id/,
        );
      });
      it('answers undefined when there is nothing', async () => {
        assert.equal(await all.change('ana', visit), undefined);
      });
    });

    describe('take and drop', () => {
      it('gives a record to exactly one of fifty takers', async () => {
        await all.insert(ana);
        const got = (await many(50, () => all.take('ana'))).filter((one) => one !== undefined);
        assert.deepEqual(got, [ana]);
        assert.equal(await all.get('ana'), undefined);
      });
      it('drops what matches every look-up, and counts it', async () => {
        await many(5, (index) => all.insert({ id: `p${index}`, visits: 0, city: index < 3 ? 'Ulm' : 'Bonn' }));
        await all.insert({ ...ana, id: 'gone' }, 10);
        pass(10_000);
        assert.equal(await all.drop({ city: 'Ulm' }), 3);
        assert.equal(await all.drop({ city: 'Ulm' }), 0);
        assert.deepEqual(
          (await all.find()).map(({ id }) => id),
          ['p3', 'p4'],
        );
      });
      it('never drops everything by accident', async () => {
        await all.insert(ana);
        await assert.rejects(all.drop({}), /needs a look-up/);
        assert.deepEqual(await all.get('ana'), ana);
      });
    });

    describe('find', () => {
      it('gives pages in the order of the ids', async () => {
        const ids = ['b', 'a10', 'a1', 'Z', 'c', 'a_', 'a-'];
        for (const id of ids) await all.insert({ id, visits: 0, city: 'Ulm' });
        const sorted = [...ids].sort();
        assert.deepEqual(
          (await all.find({}, { limit: 3 })).map(({ id }) => id),
          sorted.slice(0, 3),
        );
        assert.deepEqual(
          (await all.find({ city: 'Ulm' }, { after: 'a1', limit: 2 })).map(({ id }) => id),
          ['a10', 'a_'],
        );
        assert.deepEqual(await all.find({}, { after: 'c' }), []);
      });
      it('gives pages backwards from the end or from an id', async () => {
        const ids = ['b', 'a10', 'a1', 'Z', 'c', 'é', 'a_'];
        for (const id of ids) await all.insert({ id, visits: 0, city: id === 'b' ? 'Bonn' : 'Ulm' });
        const page = async (page: Page) => (await all.find({ city: 'Ulm' }, page)).map(({ id }) => id);
        assert.deepEqual(await page({ before: '', limit: 3 }), ['é', 'c', 'a_']);
        assert.deepEqual(await page({ before: 'a_', limit: 2 }), ['a10', 'a1']);
        assert.deepEqual(await page({ before: 'a_', after: 'Z' }), ['a10', 'a1']);
        assert.deepEqual(await page({ before: 'Z' }), []);
      });
      it('gives a hundred unless more are asked for', async () => {
        await many(120, (index) => all.insert({ id: `p${index}`, visits: 0 }));
        assert.equal((await all.find()).length, 100);
        assert.equal((await all.find({}, { limit: 5000 })).length, 120);
      });
    });

    describe('expiry', () => {
      it('forgets a record the moment it expires', async () => {
        await all.insert(ana, 10);
        pass(9_999);
        assert.deepEqual(await all.get('ana'), ana);
        pass(1);
        assert.equal(await all.get('ana'), undefined);
        assert.deepEqual(await all.find({ city: 'Ulm' }), []);
        assert.equal(await all.change('ana', visit), undefined);
        assert.equal(await all.take('ana'), undefined);
      });
      it('keeps the time to live through a change', async () => {
        await all.insert(ana, 10);
        await all.change('ana', visit);
        pass(10_000);
        assert.equal(await all.get('ana'), undefined);
      });
      it('takes no time to live that is no number, which would last for ever', async () => {
        await assert.rejects(all.insert(ana, Number.NaN), RangeError);
        await assert.rejects(all.put(ana, Number.POSITIVE_INFINITY), RangeError);
        assert.equal(await all.get('ana'), undefined);
      });
      it('frees its id and its unique keys at once, to one of many', async () => {
        await all.insert(ana, 10);
        await all.insert({ ...ben, id: 'old' }, 10);
        await all.insert({ id: 'cid', visits: 0 });
        pass(10_000);
        assert.equal(await winners(20, () => all.insert(ana)), 1);
        await all.change('cid', (person) => ({ ...person, email: ben.email ?? '' }));
        await all.insert({ id: 'dora', visits: 0, email: 'dora' }, 10);
        pass(10_000);
        await all.put({ id: 'emil', visits: 0, email: 'dora' });
        assert.deepEqual(
          (await all.find()).map(({ id }) => id),
          ['ana', 'cid', 'emil'],
        );
      });
    });

    describe('a closed store', () => {
      it('throws unavailable from every verb', async () => {
        await store.ping();
        await store.close();
        await store.close();
        const outcomes = await Promise.allSettled([
          store.ping(),
          all.get('ana'),
          all.find(),
          all.insert(ana),
          all.put(ana),
          all.change('ana', visit),
          all.take('ana'),
          all.drop({ city: 'Ulm' }),
        ]);
        assert.deepEqual(
          outcomes.map((outcome) => outcome.status === 'rejected' && code('unavailable')(outcome.reason)),
          Array.from({ length: 8 }, () => true),
        );
      });
    });
  });
}
