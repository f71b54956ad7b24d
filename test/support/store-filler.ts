import { Problem } from '../../src/kernel/errors.ts';
import { openStore } from '../../src/store/index.ts';
import { people } from './people-records.ts';

/** Writes until the store has no more room; prints what it was promised, and whether it can still read all of it. */
const store = await openStore(process.argv[2] ?? '');
const all = people(store);
const promised: string[] = [];
let error = '';
while (error === '') {
  const ids = Array.from({ length: 4 }, (_, index) => `p${promised.length + index}`);
  const outcomes = await Promise.allSettled(ids.map((id) => all.insert({ id, visits: 0, more: 'x'.repeat(500) })));
  outcomes.forEach((outcome, index) => {
    if (outcome.status === 'fulfilled') promised.push(ids[index] ?? '');
    else error = outcome.reason instanceof Problem ? outcome.reason.code : String(outcome.reason);
  });
}
const read = await Promise.all(promised.map((id) => all.get(id)));
process.stdout.write(JSON.stringify({ promised, error, after: read.filter((one) => one !== undefined).length }));
