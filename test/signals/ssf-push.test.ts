import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TestApp } from '../support/app.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import {
  caep,
  type Pair,
  provenSet,
  push,
  receiverClient,
  startPair,
  type Transmitter,
  transmitter,
} from '../support/ssf.ts';

let pair: Pair;
let one: TestApp;
let two: TestApp;
let own: Transmitter;
let there: Transmitter;
let person: Pair['person'];
before(async () => {
  pair = await startPair();
  ({ one, two, own, there, person } = pair);
});
after(async () => {
  await pair.close();
  for (const each of receivers) each.close();
});

const receivers: Receiver[] = [];
const receiver = async (): Promise<Receiver> => {
  const made = await startReceiver();
  made.answer = 202;
  receivers.push(made);
  return made;
};
const proven = (raw: string) => provenSet(one, raw, 'listener');
const aboutPerson = (sub: string) => ({ format: 'iss_sub', iss: one.issuer, sub });

describe('security events that are pushed', { timeout: 300_000 }, () => {
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
    const about =
      (sub: string) =>
      ({ raw }: { raw: string }): boolean =>
        Buffer.from(raw.split('.')[1] ?? '', 'base64url').includes(sub);
    /** Others hear that somebody was disabled, and somebody after; whether this receiver has heard it by then. */
    const heard = async (sub: string): Promise<boolean> => {
      for (const each of [sub, await person()]) {
        await one.parts.users.disable(each, 'cli');
        await witness.until(about(each));
      }
      return to.arrived.some(about(sub));
    };
    await one.parts.clients.decide('passing', 'suspend', 'cli');
    assert.equal(await heard(first), false);
    assert.equal((await passing.get('/streams')).status, 401);
    assert.deepEqual(to.arrived, []);
    await one.parts.clients.decide('passing', 'resume', 'cli');
    await to.until(about(first));
    await one.parts.access.unassign('client:passing', 'receiver', 'cli');
    assert.equal(await heard(second), false);
    await one.parts.access.assign('client:passing', 'receiver', 'cli');
    await to.until(about(second));
    await one.parts.clients.decide('passing', 'revoke', 'cli');
    assert.equal(await one.parts.streams.get(id), undefined);
    assert.equal(await one.parts.streams.progress.get(id), undefined);
    assert.equal(await heard(third), false);
    const next = transmitter(one, await receiverClient(one, 'next'));
    const left = await next.stream([]);
    await one.parts.forgetClient('next', 'cli');
    assert.equal(await one.parts.streams.get(left), undefined);
    const [event] = await one.parts.trail.search({ type: 'stream.removed', target: `stream:${left}` });
    assert.equal(event?.actor, 'cli');
    await own.send('DELETE', `/streams?stream_id=${seen}`);
  });
});

// Last: what is recorded then lies in the future.
describe('a stream whose receiver is gone', { timeout: 300_000 }, () => {
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
