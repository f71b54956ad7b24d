import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Problem } from '../../src/kernel/errors.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/port.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { people } from '../support/people-records.ts';
import { temporaryPath } from '../support/temporary.ts';

const code = (expected: string) => (error: unknown) => error instanceof Problem && error.code === expected;

describe('the embedded store', () => {
  const opened: { close(): unknown }[] = [];
  const kept = <T extends { close(): unknown }>(one: T): T => {
    opened.push(one);
    return one;
  };
  const open = async (path: string, timeoutMs = 2500): Promise<Store> =>
    kept(await openStore(`sqlite:${path}`, { timeoutMs }));
  const raw = (path: string) => kept(new DatabaseSync(path));
  after(async () => {
    for (const one of opened) await one.close();
  });

  it('keeps its files from everybody else', async () => {
    const path = temporaryPath();
    await people(await open(path)).insert({ id: 'ana', visits: 0 });
    assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
    for (const file of [path, `${path}-wal`]) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  });
  it('names a file that is no database', async () => {
    const path = temporaryPath();
    await (await open(path)).close();
    writeFileSync(path, 'something else entirely, and long enough to have a header of its own'.repeat(100));
    await assert.rejects(open(path), new RegExp(`${path} cannot be opened; check`));
  });
  it('shares one commit among the writes of one turn, and tells nobody before it', async () => {
    const path = temporaryPath();
    const all = people(await open(path));
    const other = raw(path);
    const seen = () => Number(other.prepare('SELECT count(*) AS count FROM people').get()?.count);
    const counts = new Set<number>();
    const writes = Array.from({ length: 50 }, (_, index) =>
      all.insert({ id: `p${index}`, visits: 0 }).then(() => counts.add(seen())),
    );
    assert.equal(seen(), 0);
    await Promise.all(writes);
    assert.deepEqual([...counts], [50]);
  });
  it('reads while another process holds the database, and is unavailable for writes until it lets go', async () => {
    const path = temporaryPath();
    const all = people(await open(path, 60));
    await all.insert({ id: 'ana', visits: 0 });
    const other = raw(path);
    other.exec('BEGIN IMMEDIATE');
    await assert.rejects(all.insert({ id: 'ben', visits: 0 }), code('unavailable'));
    assert.equal((await all.get('ana'))?.visits, 0);
    const waiting = all.take('ana');
    await turn();
    other.exec('COMMIT');
    assert.equal((await waiting)?.id, 'ana');
    await all.insert({ id: 'ben', visits: 0 });
  });
  it('removes expired records by itself, and only those', async () => {
    const path = temporaryPath();
    let clock = Date.now();
    const store = kept(openSqlite(path, { now: () => clock, timeoutMs: 2500, sweepMs: 1 }));
    const all = people(store);
    await Promise.all(
      Array.from({ length: 700 }, (_, index) => all.insert({ id: `p${index}`, visits: 0 }, index < 650 ? 10 : 100)),
    );
    clock += 10_000;
    const rows = raw(path).prepare('SELECT count(*) AS count FROM people');
    while (Number(rows.get()?.count) > 50) await turn();
    assert.equal((await all.find()).length, 50);
  });
  it('is unavailable when the disk is full, and has then what it promised', async () => {
    const path = temporaryPath();
    await (await open(path)).close();
    const filler = join(import.meta.dirname, '..', 'support', 'store-filler.ts');
    // A limit on the size of files, in kibibytes, is as good as a full disk.
    const limited = `ulimit -f 400; exec "${process.execPath}" "${filler}" "sqlite:${path}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', limited], { maxBuffer: 1e7 });
    const { promised, after: reads, error }: { promised: string[]; after: number; error: string } = JSON.parse(stdout);
    assert.deepEqual([error, reads], ['unavailable', promised.length]);
    const all = people(await open(path));
    const present = await Promise.all(promised.map((id) => all.get(id)));
    assert.equal(present.filter((one) => one === undefined).length, 0);
    assert.deepEqual({ ...raw(path).prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' });
    await all.insert({ id: 'again', visits: 0 });
  });
  it('leaves one file behind when it is closed', async () => {
    const path = temporaryPath();
    const store = await open(path);
    const written = people(store).insert({ id: 'ana', visits: 0 });
    await store.close();
    await written;
    assert.deepEqual([existsSync(path), existsSync(`${path}-wal`)], [true, false]);
  });
});

describe('the URL of the store', () => {
  it('must be of a kind that there is', async () => {
    for (const url of ['', 'sqlite:', 'postgres://localhost/x', 'data/sallyport.db', 'mongodb://a:b:c/']) {
      await assert.rejects(openStore(url), /SALLYPORT_STORE/, url);
    }
  });
});
