import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { near } from '../support/logging-out.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

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

describe('/admin/api/v1/webhooks', () => {
  it('makes, shows, changes, lists and removes; the secret is shown once', async () => {
    const made = await api.send('POST', '/webhooks', { url: to.url, types: ['client.ended'] });
    assert.equal(made.status, 201);
    const { secret, ...rest } = made.body;
    assert.match(secret, /^whsec_/);
    const place = `/webhooks/${rest.id}`;
    const shown = await api.get(place);
    assert.deepEqual(shown.body, rest);
    assert.deepEqual([rest.types, rest.audiences, rest.enabled], [['client.ended'], [], true]);
    const match = { 'if-match': shown.headers.get('etag') ?? '' };
    const changed = await api.send('PATCH', place, { enabled: false }, match);
    assert.deepEqual([changed.status, changed.body], [200, { ...rest, enabled: false }]);
    assert.equal((await api.send('PATCH', place, { enabled: true }, match)).status, 412);
    assert.equal((await api.send('DELETE', place, undefined, match)).status, 412);
    const listed = await api.get('/webhooks');
    assert.deepEqual(listed.body, { items: [changed.body], next: null });
    const rotated = await api.send('POST', `${place}/secret`, { overlap: 60 });
    assert.equal(rotated.status, 201);
    assert.notEqual(rotated.body.secret, secret);
    assert.ok(rotated.body.overlap_until > Date.now() / 1000);
    const stored = await app.parts.webhooks.list();
    assert.equal(stored[0]?.secrets.length, 2);
    assert.equal((await api.send('DELETE', place)).status, 204);
    assert.equal((await api.get(place)).status, 404);
    assert.equal((await api.get(`${place}/delivery`)).status, 404);
    const events = await app.parts.trail.search({ target: `webhook:${rest.id}` });
    const types = ['created', 'changed', 'secret-rotated', 'removed'].map((name) => `webhook.${name}`);
    assert.deepEqual(
      events.map(({ type }) => type),
      types,
    );
    assert.equal(events[0]?.detail?.url, new URL(to.url).origin);
    const kept = JSON.stringify([events, stored, app.log]);
    for (const value of [secret, rotated.body.secret]) assert.equal(kept.includes(value.slice(6)), false);
  });

  it('sends a test and says what came of it', async () => {
    const { body } = await api.send('POST', '/webhooks', { url: to.url, enabled: false });
    const place = `/webhooks/${body.id}`;
    assert.deepEqual((await api.send('POST', `${place}/test`)).body, { delivered: true });
    assert.equal(to.arrived.at(-1)?.body.type, 'webhook.test');
    to.answer = 302;
    const refused = await api.send('POST', `${place}/test`);
    assert.deepEqual(refused.body, { delivered: false, reason: 'it answered 302' });
    assert.deepEqual((await api.get(`${place}/delivery`)).body, { tries: 0 });
  });

  it('refuses what cannot be, in one sentence', async () => {
    const rows: [object, number, RegExp][] = [
      [{}, 400, /url/],
      [{ url: 'ftp://a.example' }, 400, /an https URL without credentials/],
      [{ url: to.url, types: ['token.made'] }, 400, /types/],
      [{ url: to.url, audiences: ['https://none.example'] }, 404, /The API https:\/\/none.example does not exist/],
      [{ url: to.url, secret: 'mine' }, 400, /secret/],
    ];
    for (const [body, status, sentence] of rows) {
      const answer = await api.send('POST', '/webhooks', body);
      assert.equal(answer.status, status, JSON.stringify(body));
      assert.match(JSON.stringify(answer.body), sentence);
    }
  });

  it('lets nobody write who may only read', async () => {
    const reader = adminApi(app, await adminToken(app, 'webhooks:read'));
    assert.equal((await reader.get('/webhooks')).status, 200);
    assert.equal((await reader.send('POST', '/webhooks', { url: to.url })).status, 403);
  });
});
