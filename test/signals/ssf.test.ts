import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createLog } from '../../src/kernel/log.ts';
import { restartSignalling } from '../../src/signalling.ts';
import { Feed } from '../../src/signals/feed.ts';
import { Polls } from '../../src/signals/stream-polls.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { near } from '../support/logging-out.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { caep, provenSet, push, receiverClient, type Transmitter, transmitter } from '../support/ssf.ts';
import { storeUrl } from '../support/store.ts';

let one: TestApp;
let two: TestApp;
let own: Transmitter;
let there: Transmitter;
const receivers: Receiver[] = [];
const receiver = async (): Promise<Receiver> => {
  const made = await startReceiver();
  made.answer = 202;
  receivers.push(made);
  return made;
};
before(async () => {
  const store = await storeUrl();
  one = await startApp({ ...near, SALLYPORT_STORE: store });
  two = await startApp({ ...near, SALLYPORT_STORE: store, SALLYPORT_ISSUER: one.issuer });
  const token = await receiverClient(one, 'listener');
  own = transmitter(one, token);
  there = transmitter(two, token);
});
after(async () => {
  await Promise.all([one.close(), two.close()]);
  for (const each of receivers) each.close();
});

let count = 0;
const person = async (): Promise<string> => {
  count += 1;
  return (await one.parts.users.add({ email: `person-${count}@example.test` }, 'cli')).id;
};
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

describe('security events that are pushed', { timeout: 120_000 }, () => {
  it('come once, signed, to whoever asked for them, though two processes deliver', async () => {
    const to = await receiver();
    const delivery = { method: push, endpoint_url: to.url, authorization_header: 'Bearer of-the-receiver' };
    const id = await own.stream(['session-revoked'], delivery);
    const [first, second] = [await person(), await person()];
    await one.parts.users.disable(first, 'cli');
    await one.parts.access.assign(`user:${second}`, 'administrator', 'cli');
    await two.parts.users.remove(second, 'cli');
    await to.until(() => to.arrived.length === 2);
    const [arrived, last] = await Promise.all(to.arrived.map(({ raw }) => proven(raw)));
    assert.ok(arrived && last);
    assert.deepEqual(arrived.sub_id, aboutPerson(first));
    const event = arrived.events[caep('session-revoked')];
    assert.deepEqual([event.initiating_entity, event.reason_admin], ['admin', { en: 'The account was disabled' }]);
    assert.ok(Math.abs(event.event_timestamp - Date.now() / 1000) < 60);
    assert.deepEqual(last.sub_id, aboutPerson(second));
    const { headers } = to.arrived[0] ?? {};
    assert.equal(headers?.['content-type'], 'application/secevent+jwt');
    assert.equal(headers?.authorization, 'Bearer of-the-receiver');
    const [audited] = await one.parts.trail.search({ type: 'user.disabled', target: `user:${first}` });
    assert.equal(arrived.txn, audited?.id);
    assert.equal(JSON.stringify(await one.parts.streams.get(id)).includes('of-the-receiver'), false);
    assert.equal(JSON.stringify((await own.get('/streams')).body).includes('of-the-receiver'), false);
    // The header stays for the same address, and never goes to another one.
    await own.send('PUT', '/streams', {
      stream_id: id,
      events_requested: [caep('session-revoked')],
      delivery: { method: push, endpoint_url: to.url },
    });
    const kept = await one.parts.streams.own('listener', id);
    assert.equal(one.parts.streams.authorizationOf(kept), 'Bearer of-the-receiver');
    const moved = { stream_id: id, delivery: { method: push, endpoint_url: `${to.url}/other` } };
    await own.send('PATCH', '/streams', moved);
    const other = await one.parts.streams.own('listener', id);
    assert.equal(one.parts.streams.authorizationOf(other), undefined);
    assert.equal((await own.send('DELETE', `/streams?stream_id=${id}`)).status, 204);
  });

  it('are verified with the state that the receiver chose, at most once in the interval', async (t) => {
    const to = await receiver();
    const id = await there.stream([], { method: push, endpoint_url: to.url });
    assert.equal((await own.send('POST', '/verify', { stream_id: id, state: 'chosen' })).status, 204);
    const { raw } = await to.until(() => true);
    const set = await proven(raw);
    assert.deepEqual(set.sub_id, { format: 'opaque', id });
    assert.deepEqual(set.events, {
      'https://schemas.openid.net/secevent/ssf/event-type/verification': { state: 'chosen' },
    });
    const again = await own.send('POST', '/verify', { stream_id: id });
    assert.equal(again.status, 429);
    assert.ok(Number(again.headers.get('retry-after')) > 0);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 31_000 });
    assert.equal((await own.send('POST', '/verify', { stream_id: id })).status, 204);
    t.mock.timers.reset();
    await own.send('DELETE', `/streams?stream_id=${id}`);
  });

  it('are not sent again when they are refused, and are when the receiver could not take them', async () => {
    const to = await receiver();
    [to.answer, to.said] = [400, '{"err":"invalid_audience","description":"not ours"}'];
    const id = await own.stream(['session-revoked'], { method: push, endpoint_url: to.url });
    const [first, second] = [await person(), await person()];
    await one.parts.users.disable(first, 'cli');
    const progress = async () => (await one.parts.streams.progress.get(id)) ?? assert.fail('no progress');
    let now = await progress();
    for (; now.refused === undefined; now = await progress()) await own.get('/streams');
    assert.deepEqual([now.refused.err, now.refused.description, now.tries], ['invalid_audience', 'not ours', 0]);
    to.answer = 401;
    await one.parts.users.disable(second, 'cli');
    for (; now.tries === 0; now = await progress()) await own.get('/streams');
    assert.equal(now.reason, 'it answered 401, not 202');
    to.answer = 202;
    // Whatever the receiver changes, what failed is tried again at once.
    await own.send('PATCH', '/streams', { stream_id: id, description: 'mended' });
    await to.until(() => to.arrived.length === 3);
    const told = await Promise.all(to.arrived.map(({ raw }) => proven(raw)));
    assert.deepEqual(
      told.map(({ sub_id }) => sub_id),
      [first, second, second].map(aboutPerson),
    );
    assert.equal(told[1]?.jti, told[2]?.jti);
    await own.send('DELETE', `/streams?stream_id=${id}`);
  });

  it('stop while the client is suspended or has lost its role, and go with it when it is revoked or removed', async () => {
    const to = await receiver();
    const token = await receiverClient(one, 'passing');
    const passing = transmitter(one, token);
    const id = await passing.stream(['session-revoked'], { method: push, endpoint_url: to.url });
    const [first, second, third] = [await person(), await person(), await person()];
    const witness = await receiver();
    const seen = await own.stream(['session-revoked'], { method: push, endpoint_url: witness.url });
    const witnessed = async (sub: string) => {
      await one.parts.users.disable(sub, 'cli');
      const isIt = ({ raw }: { raw: string }) => Buffer.from(raw.split('.')[1] ?? '', 'base64url').includes(sub);
      await witness.until(isIt);
    };
    await one.parts.clients.decide('passing', 'suspend', 'cli');
    await witnessed(first);
    assert.equal((await passing.get('/streams')).status, 401);
    assert.deepEqual(to.arrived, []);
    await one.parts.clients.decide('passing', 'resume', 'cli');
    await to.until(() => true);
    await one.parts.access.unassign('client:passing', 'receiver', 'cli');
    await witnessed(second);
    assert.equal(to.arrived.length, 1);
    await one.parts.access.assign('client:passing', 'receiver', 'cli');
    await to.until(() => to.arrived.length === 2);
    await one.parts.clients.decide('passing', 'revoke', 'cli');
    assert.equal(await one.parts.streams.get(id), undefined);
    assert.equal(await one.parts.streams.progress.get(id), undefined);
    await witnessed(third);
    assert.equal(to.arrived.length, 2);
    const next = transmitter(one, await receiverClient(one, 'next'));
    const left = await next.stream([]);
    await one.parts.forgetClient('next', 'cli');
    assert.equal(await one.parts.streams.get(left), undefined);
    const [event] = await one.parts.trail.search({ type: 'stream.removed', target: `stream:${left}` });
    assert.equal(event?.actor, 'cli');
    await own.send('DELETE', `/streams?stream_id=${seen}`);
  });
});

describe('security events that are polled', { timeout: 120_000 }, () => {
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

// Last: what is recorded then lies in the future.
describe('a stream whose receiver is gone', { timeout: 120_000 }, () => {
  it('pauses a stream that took nothing for three days, and tells it before', async (t) => {
    const to = await receiver();
    to.answer = 500;
    const id = await own.stream(['session-revoked'], { method: push, endpoint_url: to.url });
    const lost = await person();
    await one.parts.users.disable(lost, 'cli');
    const tries = async () => (await one.parts.streams.progress.get(id))?.tries ?? 0;
    while ((await tries()) === 0) await own.get('/streams');
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3 * 86_400_000 + 60_000 });
    const status = async () => (await one.parts.streams.own('listener', id)).status;
    while ((await status()) === 'enabled') await one.parts.users.signOut(await person(), 'cli');
    const said = await Promise.all(to.arrived.map(({ raw }) => proven(raw)));
    const updated = 'https://schemas.openid.net/secevent/ssf/event-type/stream-updated';
    assert.ok(said.some(({ events }) => events[updated]?.status === 'paused'));
    to.answer = 202;
    const before = to.arrived.length;
    const token = transmitter(one, await receiverClient(one, 'later'));
    assert.equal((await token.get(`/status?stream_id=${id}`)).status, 404);
    await one.parts.streams.setStatus('listener', id, { status: 'enabled' });
    await to.until(() => to.arrived.length > before);
    assert.deepEqual((await proven(to.arrived[before]?.raw ?? '')).sub_id, aboutPerson(lost));
    await one.parts.streams.remove(id, 'cli');
  });
});
