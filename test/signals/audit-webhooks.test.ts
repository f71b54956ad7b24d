import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { near } from '../support/logging-out.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

/* Audit events go the way of signals: signed, in order, tried again, kept while nobody takes them. */
let app: TestApp;
let api: AdminApi;
let to: Receiver;
before(async () => {
  app = await startApp(near);
  api = adminApi(app, await adminToken(app));
  to = await startReceiver();
});
after(async () => {
  await app.close();
  to.close();
});

describe('webhooks of audit events', { timeout: 120_000 }, () => {
  let place: string;
  let secret: string;
  const suspend = (reason: string) => api.send('POST', '/clients/demo-service/suspend', { reason });
  const resume = () => api.send('POST', '/clients/demo-service/resume', {});
  const arrived = (reason: string) => to.until(({ body }) => body.data?.detail?.reason === reason);

  it('are sent, signed, as the admin API shows them, and no signals', async () => {
    const made = await api.send('POST', '/webhooks', { url: to.url, events: ['client.s*'] });
    assert.deepEqual([made.status, made.body.code], [400, 'invalid']);
    const { status, body } = await api.send('POST', '/webhooks', {
      ...{ url: to.url, events: ['client.*', 'client.suspended', 'key.rotated'] },
    });
    assert.equal(status, 201);
    assert.deepEqual(body.events, ['client.*', 'client.suspended', 'key.rotated']);
    [place, secret] = [`/webhooks/${body.id}`, body.secret];
    await app.parts.trail.record({ type: 'user.enabled', actor: 'cli', target: 'user:eve' });
    assert.equal((await suspend('first')).status, 200);
    const one = await arrived('first');
    assert.equal(one.body.type, 'client.suspended');
    assert.deepEqual((await api.get(`/audit-events/${one.id}`)).body, one.body.data);
    const signed = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'));
    const signature = signed.update(`${one.id}.${one.timestamp}.${one.raw}`).digest('base64');
    assert.ok(one.signatures.includes(`v1,${signature}`));
    assert.deepEqual([...new Set(to.arrived.map(({ body: sent }) => sent.type))], ['client.suspended']);
  });

  it('are kept while nobody takes them, can be listed, and are sent when it is enabled again', async () => {
    to.answer = 500;
    await resume();
    while ((await api.get(`${place}/delivery`)).body.tries === 0) await pause(20);
    assert.equal((await suspend('second')).status, 200);
    await app.parts.webhooks.fail(place.split('/').at(-1) ?? '', 'it answered 500');
    const { body } = await api.get(`${place}/undelivered`);
    assert.deepEqual(
      body.items.map(({ type }: { type: string }) => type),
      ['client.resumed', 'client.suspended'],
    );
    to.answer = 204;
    assert.equal((await api.send('PATCH', place, { enabled: true })).status, 200);
    const late = await arrived('second');
    assert.equal(late.id, body.items[1].id);
    while ((await api.get(`${place}/undelivered`)).body.items.length > 0) await pause(20);
  });

  it('are sent again from a time on, under the same ids', async () => {
    const before = to.arrived.length;
    const ids = new Set(to.arrived.map(({ id }) => id));
    assert.equal((await api.send('POST', `${place}/redeliver`, { since: 0 })).status, 204);
    while (!to.arrived.slice(before).some(({ body }) => body.data?.detail?.reason === 'second')) await pause(20);
    const again = to.arrived.slice(before);
    assert.ok(again.some(({ body }) => body.data?.detail?.reason === 'first'));
    assert.ok(again.some(({ id }) => ids.has(id)));
    assert.equal((await api.send('POST', '/webhooks/wh_none/redeliver', { since: 0 })).status, 404);
    assert.equal((await api.get('/webhooks/wh_none/undelivered')).status, 404);
  });
});
