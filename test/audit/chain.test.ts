import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type Linked, linked } from '../../src/audit/link.ts';
import type { Seal } from '../../src/audit/seal.ts';
import type { Recorded } from '../../src/audit/trail.ts';
import { type Finding, verify } from '../../src/audit/verifying.ts';
import { hmac } from '../../src/kernel/crypto.ts';
import { type Intruder, intruder } from '../support/intruder.ts';
import { openParts, type Parts, refusal } from '../support/parts.ts';

const events = 'audit-events';
const many = 30;

/** A trail of thirty events in one chain, sealed, and somebody who can write to its database. */
interface Scene {
  parts: Parts;
  /** Another process, that has recorded nothing. */
  reader: Parts;
  bad: Intruder;
  /** In the order of the chain. */
  told: Linked[];
}

/** Many stores are open here at once. */
const openPatiently = (url?: string): Promise<Parts> => openParts(url, undefined, 30_000);

const open: Scene[] = [];
after(() => Promise.all(open.flatMap(({ parts, reader, bad }) => [parts.close(), reader.close(), bad.close()])));

async function scene(): Promise<Scene> {
  const parts = await openPatiently();
  await fill(parts, many);
  await parts.trail.settle();
  const bad = await intruder(parts.url);
  const told = [...(await bad.all<Linked>(events)).values()].sort((a, b) => a.link.seq - b.link.seq);
  assert.equal(new Set(told.map(({ link }) => link.chain)).size, 1);
  const made = { parts, reader: await openPatiently(parts.url), bad, told };
  open.push(made);
  return made;
}

const fill = ({ trail }: Parts, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, until) =>
      trail.record({ type: 'role.assigned', actor: 'cli', target: 'user:eve', ip: '192.0.2.7', detail: { until } }),
    ),
  );

const at = (told: readonly Linked[], seq: number): Linked => {
  const event = told[seq - 1];
  assert.equal(event?.link.seq, seq);
  return event;
};

/** The first thing that is wrong. */
async function first({ reader }: Pick<Scene, 'reader'>, checkpoint?: Seal): Promise<Finding | undefined> {
  return (await verify(reader.trail, checkpoint)).findings[0];
}

/** The same as seen by a process that knows no key yet. */
async function firstAnew({ parts }: Pick<Scene, 'parts'>): Promise<Finding | undefined> {
  const other = await openPatiently(parts.url);
  const { findings } = await verify(other.trail);
  await other.close();
  return findings[0];
}

/** What an attacker makes who knows how it is done and has a key of their own. */
const forge = (event: Recorded, chain: number, before: { seq: number; mac: string }): Linked =>
  linked(event, chain, before, { id: 'k0001', mac: hmac(Buffer.alloc(32, 9)) });

describe('the audit trail', { timeout: 120_000 }, () => {
  it('is whole as it was recorded, by each process and after each settling', async () => {
    const { parts, told } = await scene();
    await parts.trail.settle();
    const other = await openPatiently(parts.url);
    await fill(other, 3);
    await other.trail.settle();
    assert.deepEqual(await verify(parts.trail), { events: many + 3, unchained: 0, removed: 0, findings: [] });
    const seal = await other.trail.checkpoint();
    assert.equal(
      Object.values(seal?.to ?? {}).reduce((sum, { seq }) => sum + seq, 0),
      many + 3,
    );
    const last = at(told, many).link;
    assert.ok((seal?.to[last.chain]?.seq ?? 0) >= many);
    await other.close();
  });

  it('sec-284 names an event that was altered, in whatever member', async () => {
    const { reader, bad, told } = await scene();
    const event = at(told, 12);
    const { ip: _gone, ...rest } = event;
    const forms: object[] = [
      { ...event, actor: 'user:mallory' },
      { ...event, at: event.at + 1 },
      { ...event, outcome: 'failure' },
      { ...event, detail: { until: 99 } },
      { ...event, detail: { ...event.detail, more: true } },
      { ...event, link: { ...event.link, mac: at(told, 13).link.mac } },
      { ...event, link: { ...event.link, key: 'k0002' } },
      rest,
    ];
    for (const form of forms) {
      await bad.write(events, event.id, form);
      const found = await first({ reader });
      assert.deepEqual([found?.what, found?.seq, found?.event], ['altered', 12, event.id], JSON.stringify(form));
    }
    await bad.write(events, event.id, event);
    assert.equal(await first({ reader }), undefined);
  });

  it('sec-284 names an event that cannot be read any more, wherever it stands, and reads on', async () => {
    const { reader, bad, told } = await scene();
    for (const seq of [12, 1, many]) {
      const event = at(told, seq);
      for (const text of ['{"id":', 'null', '42', '']) {
        await bad.scribble(events, event.id, text);
        const found = await verify(reader.trail);
        assert.deepEqual([found.findings[0]?.what, found.findings[0]?.event], ['altered', event.id], `${seq} ${text}`);
        assert.match(found.findings[0]?.sentence ?? '', /is damaged and cannot be read; restore a backup/);
        await assert.rejects(reader.trail.search(), refusal('damaged', new RegExp(event.id)));
      }
      await bad.write(events, event.id, event);
    }
    assert.equal(await first({ reader }), undefined);
  });

  it('sec-284 names the place of an event that was deleted', async () => {
    const { parts, reader, bad, told } = await scene();
    await bad.remove(events, [at(told, 17).id]);
    const found = await first({ reader });
    assert.deepEqual([found?.what, found?.seq], ['missing', 17]);
    assert.match(found?.sentence ?? '', new RegExp(at(told, 18).id));
    // Who goes on does not mend it.
    const other = await openPatiently(parts.url);
    for (let round = 0; round < 3; round += 1) await fill(other, 2);
    await other.trail.settle();
    await other.close();
    assert.equal((await first({ reader }))?.seq, 17);
  });

  it('sec-284 sees that two events have changed their places', async () => {
    const { reader, bad, told } = await scene();
    const [one, two] = [at(told, 5), at(told, 6)];
    await bad.write(events, one.id, { ...two, id: one.id, link: one.link });
    await bad.write(events, two.id, { ...one, id: two.id, link: two.link });
    assert.deepEqual([(await first({ reader }))?.what, (await first({ reader }))?.seq], ['altered', 5]);
    await bad.write(events, one.id, { ...two, id: one.id });
    await bad.write(events, two.id, { ...one, id: two.id });
    assert.equal((await first({ reader }))?.seq, 5);
  });

  it('sec-284 sees that its end was cut off, also when somebody goes on', async () => {
    const { parts, reader, bad, told } = await scene();
    await bad.remove(
      events,
      [28, 29, 30].map((seq) => at(told, seq).id),
    );
    const found = await first({ reader });
    assert.deepEqual([found?.what, found?.seq], ['truncated', 28]);
    for (let round = 0; round < 6; round += 1) {
      const other = await openPatiently(parts.url);
      await fill(other, 1);
      await other.trail.settle();
      await other.close();
    }
    assert.equal((await first({ reader }))?.seq, 28);
  });

  it('sec-284 sees events that were put in the place of others under another key', async () => {
    const { parts, reader, bad, told } = await scene();
    const { chain } = at(told, 1).link;
    const gone = told.slice(24);
    await bad.remove(
      events,
      gone.map(({ id }) => id),
    );
    let before = at(told, 24).link;
    for (const { link: _own, ...event } of gone) {
      const made = forge({ ...event, actor: 'user:nobody' }, chain, before);
      await bad.add(events, made.id, made, { link: `${chain}|${made.link.seq}` });
      before = made.link;
    }
    assert.deepEqual([(await first({ reader }))?.what, (await first({ reader }))?.seq], ['altered', 25]);
    // With a key that they put beside ours, or in its place.
    await bad.add('audit-keys', 'k0002', { id: 'k0002', sealed: '1.x.x.x', created: 1 });
    const last = forge({ ...at(told, 30), id: 'zzzzzzzzz', link: undefined } as never, chain, before);
    await bad.add(events, last.id, { ...last, link: { ...last.link, key: 'k0002' } }, {});
    assert.equal((await first({ reader }))?.seq, 25);
    await bad.write('audit-keys', 'k0001', { id: 'k0001', sealed: '1.x.x.x', created: 1 });
    assert.equal((await firstAnew({ parts }))?.what, 'seal');
  });

  it('sec-284 sees that a whole chain was removed, or the seal, or all of it after a checkpoint', async () => {
    const { parts, reader, bad } = await scene();
    const checkpoint = await parts.trail.checkpoint();
    const seal = (await bad.all<Seal>('audit-seal')).get('current');
    assert.ok(seal && checkpoint);
    await bad.write('audit-seal', 'current', { ...seal, to: {} });
    assert.deepEqual([(await first({ reader }))?.what], ['seal']);
    await bad.remove('audit-seal', ['current']);
    assert.deepEqual([(await first({ reader }))?.what], ['seal']);
    // A new process does not make a new one, that would say nothing of what was before.
    const other = await openPatiently(parts.url);
    await fill(other, 1);
    await other.trail.settle();
    await other.close();
    assert.deepEqual([(await first({ reader }))?.what], ['seal']);
    await bad.add('audit-seal', 'current', seal);
    await bad.remove(events, [...(await bad.all(events)).keys()]);
    const all = await first({ reader });
    assert.deepEqual([all?.what, all?.seq], ['truncated', 1]);
    for (const name of [events, 'audit-seal', 'audit-keys']) await bad.remove(name, [...(await bad.all(name)).keys()]);
    assert.equal(await first({ reader }), undefined);
    assert.deepEqual(
      [(await first({ reader }, checkpoint))?.what, (await first({ reader }, checkpoint))?.seq],
      ['truncated', 1],
    );
  });

  it('sec-284 sees by a checkpoint that events and the seal were put back to an earlier state', async () => {
    const { parts, reader, bad } = await scene();
    const before = (await bad.all<Seal>('audit-seal')).get('current');
    const known = new Set((await bad.all(events)).keys());
    await fill(parts, 5);
    const checkpoint = await parts.trail.checkpoint();
    await bad.remove(
      events,
      [...(await bad.all(events)).keys()].filter((id) => !known.has(id)),
    );
    await bad.write('audit-seal', 'current', before);
    assert.equal(await first({ reader }), undefined);
    const found = await first({ reader }, checkpoint);
    assert.deepEqual([found?.what, found?.seq], ['truncated', many + 1]);
  });

  it('sec-284 sees events without a chain, and a second one at a place; what is older than chains it says', async () => {
    const parts = await openPatiently();
    const bad = await intruder(parts.url);
    const reader = await openPatiently(parts.url);
    open.push({ parts, reader, bad, told: [] });
    // The first write lays the table.
    await parts.trail.search();
    const old = { id: '0old', at: 1_600_000_000_000, type: 'user.created', actor: 'cli', outcome: 'success' };
    await bad.add(events, old.id, old);
    await fill(parts, 4);
    await parts.trail.settle();
    assert.deepEqual(await verify(parts.trail), { events: 4, unchained: 1, removed: 0, findings: [] });
    const third = [...(await bad.all<Linked>(events)).values()].find(({ link }) => link?.seq === 3);
    assert.ok(third);
    await bad.add(events, 'zzz', { ...third, id: 'zzz' });
    assert.deepEqual([(await first({ reader }))?.what, (await first({ reader }))?.event], ['forged', 'zzz']);
    const late = { ...old, at: Date.now() + 2 * 86_400_000 };
    await bad.write(events, 'zzz', { ...late, id: 'zzz' });
    assert.deepEqual([(await first({ reader }))?.what, (await first({ reader }))?.event], ['unchained', 'zzz']);
  });

  it('sec-288 goes on under another key; older events verify with theirs, and an old key is good for nothing new', async () => {
    const { parts, reader, bad } = await scene();
    const old = await parts.trail.keys.current();
    // A process that has not heard of it yet.
    const late = await openPatiently(parts.url);
    await fill(late, 1);
    assert.equal(await parts.trail.rotateKey('cli'), 'k0002');
    await fill(parts, 5);
    await fill(late, 5);
    await Promise.all([parts.trail.settle(), late.trail.settle()]);
    const [event] = await parts.trail.search({ type: 'audit.key-rotated' });
    assert.deepEqual(
      [event?.actor, event?.detail, event?.link?.key],
      ['cli', { key: 'k0002', from: 'k0001' }, 'k0002'],
    );
    assert.equal((await verify(late.trail)).events, many + 12);
    await late.close();
    const { chain = -1, seq = 0 } = event?.link ?? {};
    const [before, own] = [await eventAt(bad, chain, seq + 1), await eventAt(bad, chain, seq + 2)];
    const made = linked({ ...own, actor: 'user:mallory' }, chain, before.link, old);
    await bad.write(events, made.id, made);
    assert.deepEqual([(await first({ reader }))?.what, (await first({ reader }))?.event], ['altered', made.id]);
  });
});

async function eventAt(bad: Intruder, chain: number, seq: number): Promise<Linked> {
  const all = [...(await bad.all<Linked>(events)).values()];
  const found = all.find(({ link }) => link.chain === chain && link.seq === seq);
  assert.ok(found);
  return found;
}
