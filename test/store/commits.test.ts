import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Problem } from '../../src/kernel/errors.ts';
import { Commits, type Transaction } from '../../src/store/commits.ts';

class Broken extends Error {}

/** A database that does what the test wants; what was committed is in `done`. */
class Fake implements Transaction {
  done: string[] = [];
  open: string[] = [];
  log: string[] = [];
  busy = 0;
  full = false;

  begin(): boolean {
    this.busy -= 1;
    this.log.push(this.busy < 0 ? 'begin' : 'busy');
    return this.busy < 0;
  }
  commit(): void {
    if (this.full) throw new Broken('full');
    this.log.push('commit');
    this.done.push(...this.open.splice(0));
  }
  rollback(): void {
    this.log.push('rollback');
    this.open = [];
  }
  broken(error: unknown): boolean {
    return error instanceof Broken;
  }
}

describe('a group of writes', () => {
  let fake: Fake;
  let commits: Commits;
  const write = (name: string) => commits.write(() => fake.open.push(name));
  const fails = (error: Error) =>
    commits.write(() => {
      throw error;
    });
  const told = async (writes: Promise<unknown>[]) =>
    (await Promise.allSettled(writes)).map((outcome) => {
      if (outcome.status === 'fulfilled') return 'done';
      return outcome.reason instanceof Problem ? outcome.reason.code : String(outcome.reason.message);
    });

  beforeEach(() => {
    fake = new Fake();
    commits = new Commits(fake, 100);
  });

  it('has one transaction, and the next turn another', async () => {
    await Promise.all([write('a'), write('b')]);
    await write('c');
    assert.deepEqual(fake.log, ['begin', 'commit', 'begin', 'commit']);
    assert.deepEqual(fake.done, ['a', 'b', 'c']);
  });
  it('lets a step that fails for its own reasons fail alone', async () => {
    assert.deepEqual(await told([write('a'), fails(new Error('mine')), write('c')]), ['done', 'mine', 'done']);
    assert.deepEqual(fake.done, ['a', 'c']);
  });
  it('believes nothing of a transaction that failed, not even its refusals', async () => {
    fake.full = true;
    assert.deepEqual(await told([write('a'), fails(new Error('a is there'))]), ['unavailable', 'unavailable']);
    fake.full = false;
    assert.deepEqual(await told([write('b'), fails(new Broken('disk'))]), ['unavailable', 'unavailable']);
    assert.deepEqual(await told([write('c')]), ['done']);
    assert.deepEqual(fake.done, ['c']);
  });
  it('waits for another process, and takes what comes meanwhile along', async () => {
    fake.busy = 3;
    assert.deepEqual(await told([write('a'), write('b')]), ['done', 'done']);
    assert.deepEqual(fake.log, ['busy', 'busy', 'busy', 'begin', 'commit']);
  });
  it('does not wait for ever', async () => {
    fake.busy = Number.POSITIVE_INFINITY;
    assert.deepEqual(await told([write('a')]), ['unavailable']);
    assert.deepEqual(fake.done, []);
  });
  it('splits a crowd, so that the process can breathe', async () => {
    await Promise.all(Array.from({ length: 1500 }, (_, index) => write(String(index))));
    assert.deepEqual(fake.log, ['begin', 'commit', 'begin', 'commit']);
    assert.equal(fake.done.length, 1500);
  });
});
