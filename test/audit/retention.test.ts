import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import type { Linked } from '../../src/audit/link.ts';
import { prune } from '../../src/audit/retention.ts';
import type { Seal } from '../../src/audit/seal.ts';
import { verify } from '../../src/audit/verifying.ts';
import { forgetPerson } from '../../src/forgetting.ts';
import { startApp } from '../support/app.ts';
import { intruder } from '../support/intruder.ts';
import { openParts, type Parts, refusal } from '../support/parts.ts';
import { storeUrl } from '../support/store.ts';

const day = 86_400_000;
const begin = Date.UTC(2026, 0, 10, 12);
const events = 'audit-events';

afterEach(() => mock.timers.reset());

/** One process for each of some days, that records ten events and ends. */
async function days(url: string, count: number): Promise<void> {
  mock.timers.enable({ apis: ['Date'], now: begin });
  for (let at = 0; at < count; at += 1) {
    const parts = await openParts(url);
    for (let until = 0; until < 10; until += 1) {
      await parts.trail.record({ type: 'role.assigned', actor: 'cli', target: `user:day${at}`, detail: { until } });
    }
    await parts.trail.settle();
    await parts.close();
    mock.timers.tick(day);
  }
}

const of = (parts: Parts, at: number) => parts.trail.search({ target: `user:day${at}` });

describe('the retention of the audit trail', { timeout: 120_000 }, () => {
  it('removes whole days, says so, and what is left verifies', async () => {
    const url = await storeUrl();
    await days(url, 5);
    const parts = await openParts(url);
    const before = await parts.trail.checkpoint();
    assert.equal(await prune(parts.trail, begin + 2.5 * day), 30);
    assert.deepEqual(
      (await Promise.all([0, 1, 2, 3, 4].map((at) => of(parts, at)))).map((found) => found.length),
      [0, 0, 0, 10, 10],
    );
    assert.deepEqual(await verify(parts.trail, before), { events: 21, unchained: 0, removed: 30, findings: [] });
    const [pruned] = await parts.trail.search({ type: 'audit.pruned' });
    assert.deepEqual(
      [pruned?.actor, pruned?.detail],
      ['system', { before: new Date(begin + 2.5 * day).toISOString(), count: 30 }],
    );
    // Again, and by another process: nothing is left to do, and nothing is said.
    const other = await openParts(url);
    assert.equal(await prune(other.trail, begin + 2.5 * day), 0);
    assert.equal((await other.trail.search({ type: 'audit.pruned' })).length, 1);
    await other.trail.record({ type: 'key.rotated', actor: 'cli' });
    assert.equal((await verify(other.trail, before)).findings.length, 0);
    await Promise.all([other.close(), parts.close()]);
  });

  it('finishes what a process began that died, and keeps what was not shipped', async () => {
    const url = await storeUrl();
    await days(url, 3);
    const parts = await openParts(url);
    const bad = await intruder(url);
    const kept = await bad.all<Linked>(events);
    const shipped: Record<string, number> = {};
    for (const { link, target } of kept.values()) {
      if (target !== 'user:day2') shipped[link.chain] = Math.max(shipped[link.chain] ?? 0, link.seq);
    }
    assert.equal(await prune(parts.trail, begin + 10 * day, shipped), 20);
    // As it is after the seal was written and nothing was removed.
    const back = [...kept.values()].find(({ target }) => target === 'user:day0');
    assert.ok(back);
    await bad.add(events, back.id, back, { link: `${back.link.chain}|${back.link.seq}` });
    assert.deepEqual((await verify(parts.trail)).findings, []);
    assert.equal(await prune(parts.trail, begin + 10 * day, shipped), 1);
    assert.equal((await parts.trail.search({ type: 'audit.pruned' })).length, 1);
    await bad.close();
    await parts.close();
  });

  it('removes nothing where somebody was at work, and the seal cannot be made to say that more was removed', async () => {
    const url = await storeUrl();
    await days(url, 2);
    const parts = await openParts(url);
    const bad = await intruder(url);
    const all = await bad.all<Linked>(events);
    const [one] = all.values();
    assert.ok(one);
    await bad.write(events, one.id, { ...one, actor: 'user:nobody' });
    await assert.rejects(prune(parts.trail, begin + day), refusal('tampered', new RegExp(one.id)));
    assert.equal((await bad.all(events)).size, 20);
    await bad.write(events, one.id, one);
    const seal = (await bad.all<Seal>('audit-seal')).get('current');
    await bad.write('audit-seal', 'current', { ...seal, from: seal?.to, removed: begin + day });
    await bad.remove(events, [...all.keys()]);
    assert.equal((await verify(parts.trail)).findings[0]?.what, 'seal');
    await bad.close();
    await parts.close();
  });

  it('sec-289 is what a server does by its setting; without one, and where somebody was erased, all stays and verifies', async () => {
    const url = await storeUrl();
    await days(url, 3);
    mock.timers.setTime(begin + 33 * day);
    const keeping = await startApp({ SALLYPORT_STORE: url });
    const { users, trail } = keeping.parts;
    const person = await users.byEmail('alice@example.test');
    assert.ok(person);
    await forgetPerson(keeping.parts, person, 'cli');
    assert.equal((await trail.search({ target: 'user:day0' })).length, 10);
    const about = await trail.search({ target: `user:${person.id}` });
    assert.ok(about.length >= 2);
    // Who was erased is an id, and nothing else that was known of them.
    assert.doesNotMatch(JSON.stringify(about), /alice/i);
    assert.deepEqual((await verify(trail)).findings, []);
    await keeping.close();
    const removing = await startApp({ SALLYPORT_STORE: url, SALLYPORT_AUDIT_RETENTION_DAYS: '31' });
    await removing.close();
    const parts = await openParts(url);
    assert.deepEqual(
      (await Promise.all([0, 1, 2].map((at) => of(parts, at)))).map((found) => found.length),
      [0, 0, 10],
    );
    assert.deepEqual((await verify(parts.trail)).findings, []);
    await parts.close();
  });
});
