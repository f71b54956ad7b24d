import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createLog } from '../../src/kernel/log.ts';
import { restartSignalling } from '../../src/signalling.ts';
import { Feed } from '../../src/signals/feed.ts';
import { Polls } from '../../src/signals/stream-polls.ts';
import type { TestApp } from '../support/app.ts';
import { caep, type Pair, provenSet, startPair, type Transmitter } from '../support/ssf.ts';

let pair: Pair;
let one: TestApp;
let own: Transmitter;
let there: Transmitter;
let person: Pair['person'];
before(async () => {
  pair = await startPair();
  ({ one, own, there, person } = pair);
});
after(() => pair.close());

const proven = (raw: string) => provenSet(one, raw, 'listener');
const aboutPerson = (sub: string) => ({ format: 'iss_sub', iss: one.issuer, sub });

/** Polls, and waits where nothing has come yet; settled signals take a second. */
async function sets(of: Transmitter, id: string, more: object = {}): Promise<Record<string, string>> {
  for (;;) {
    const { status, body } = await of.poll(id, more);
    assert.equal(status, 200, JSON.stringify(body));
    if (Object.keys(body.sets).length > 0) return body.sets;
  }
}

describe('security events that are polled', { timeout: 300_000 }, () => {
  it('tell what claims are now, until they are acknowledged at any process', async () => {
    const id = await own.stream(['token-claims-change', 'credential-change']);
    const sub = await person();
    await one.parts.access.assign(`user:${sub}`, 'receiver', 'cli');
    const found = await sets(own, id);
    const [jti = ''] = Object.keys(found);
    const set = await proven(found[jti] ?? '');
    assert.deepEqual([set.jti, set.sub_id], [jti, aboutPerson(sub)]);
    assert.deepEqual(set.events[caep('token-claims-change')].claims, { roles: ['receiver'] });
    assert.deepEqual(Object.keys(await sets(there, id)), [jti]);
    const nothing = { sets: {}, moreAvailable: false };
    assert.deepEqual((await there.poll(id, { ack: [jti], returnImmediately: true })).body, nothing);
    assert.deepEqual((await own.poll(id)).body, nothing);
    await one.parts.streams.remove(id, 'cli');
  });

  it('come in order and in parts, and those refused are not told again', async () => {
    const id = await own.stream(['token-claims-change']);
    const people = [await person(), await person(), await person()];
    for (const sub of people) await one.parts.access.assign(`user:${sub}`, 'receiver', 'cli');
    const all = await (async () => {
      for (;;) {
        const found = await sets(own, id);
        if (Object.keys(found).length === 3) return found;
      }
    })();
    const jtis = Object.keys(all);
    const told = await Promise.all(Object.values(all).map(proven));
    assert.deepEqual(
      told.map(({ sub_id }) => sub_id),
      people.map(aboutPerson),
    );
    const part = await own.poll(id, { maxEvents: 2, returnImmediately: true });
    assert.deepEqual([Object.keys(part.body.sets), part.body.moreAvailable], [jtis.slice(0, 2), true]);
    // The second one only: the first is told again.
    const setErrs = { [jtis[1] ?? '']: { err: 'invalid_key', description: 'unknown kid' } };
    assert.deepEqual((await own.poll(id, { maxEvents: 0, setErrs })).body, { sets: {}, moreAvailable: false });
    const rest = await own.poll(id);
    assert.deepEqual(Object.keys(rest.body.sets), [jtis[0], jtis[2]]);
    const shown = await one.parts.streams.progress.get(id);
    assert.deepEqual([shown?.refused?.id, shown?.refused?.err], [jtis[1], 'invalid_key']);
    await own.poll(id, { maxEvents: 0, ack: [jtis[0], jtis[2], 'made-up', `${jtis[0]}x`] });
    assert.deepEqual((await own.poll(id)).body.sets, {});
    await one.parts.streams.remove(id, 'cli');
  });

  it('wake a poll that waits, and so does a verification', async () => {
    const id = await own.stream(['session-revoked']);
    const waiting = there.poll(id, {});
    await one.parts.users.disable(await person(), 'cli');
    const first = await waiting;
    const [jti = ''] = Object.keys(first.body.sets);
    assert.ok(jti);
    const verified = own.poll(id, { ack: [jti] });
    await own.send('POST', '/verify', { stream_id: id, state: 'here' });
    const [raw = ''] = Object.values<string>((await verified).body.sets);
    const set = await proven(raw);
    assert.deepEqual(set.sub_id, { format: 'opaque', id });
    await own.poll(id, { ack: [set.jti], maxEvents: 0 });
    // The third to wait ends another one; the rest hear what happens then.
    const three = [own.poll(id, {}), own.poll(id, {}), own.poll(id, {})];
    const ended = await Promise.race(three);
    assert.deepEqual(ended.body, { sets: {}, moreAvailable: false });
    await one.parts.users.disable(await person(), 'cli');
    const told = (await Promise.all(three)).map(({ body }) => Object.keys(body.sets).length);
    assert.deepEqual(told.sort(), [0, 1, 1]);
    await one.parts.streams.remove(id, 'cli');
  });

  it('end polls that wait when the process leaves', async () => {
    const stream = await one.parts.streams.own('listener', await own.stream(['session-revoked']));
    const feed = new Feed(one.parts.trail, assert.ifError);
    const log = createLog({ level: 'silent' });
    const polls = new Polls({ streams: one.parts.streams, feed, write: async ({ jti }) => jti, log });
    const asked = { most: 1, immediately: false, acknowledged: [], refused: {} };
    const waiting = [polls.poll(stream, asked), polls.poll(stream, asked)];
    polls.close();
    waiting.push(polls.poll(stream, asked));
    assert.deepEqual(await Promise.all(waiting), Array(3).fill({ sets: {}, more: false }));
    await one.parts.streams.remove(stream.id, 'cli');
  });

  it('are kept while the stream is paused, and not while it is disabled or after a restore', async () => {
    const id = await own.stream(['session-revoked']);
    const status = (to: string) => own.send('POST', '/status', { stream_id: id, status: to, reason: 'for a test' });
    assert.deepEqual((await status('paused')).body, { stream_id: id, status: 'paused', reason: 'for a test' });
    assert.equal((await own.send('POST', '/verify', { stream_id: id })).status, 400);
    await one.parts.users.disable(await person(), 'cli');
    assert.deepEqual((await own.poll(id)).body.sets, {});
    await own.send('POST', '/status', { stream_id: id, status: 'enabled' });
    assert.deepEqual((await own.get(`/status?stream_id=${id}`)).body, { stream_id: id, status: 'enabled' });
    const kept = Object.keys(await sets(own, id));
    assert.equal(kept.length, 1);
    await status('disabled');
    await one.parts.users.disable(await person(), 'cli');
    await status('enabled');
    assert.deepEqual((await own.poll(id)).body.sets, {});
    await one.parts.users.disable(await person(), 'cli');
    assert.equal(Object.keys(await sets(own, id)).length, 1);
    await restartSignalling(one.parts);
    assert.deepEqual((await own.poll(id)).body.sets, {});
    await one.parts.streams.remove(id, 'cli');
  });
});
