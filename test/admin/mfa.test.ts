import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { introspect, newBrowser, redeem, signInto } from '../support/signing-in.ts';
import { codeOf } from '../support/totp.ts';

const day = 86_400;

let app: TestApp;
let api: AdminApi;
before(async () => {
  app = await startApp();
  api = adminApi(app, await adminToken(app));
});
after(() => app.close());

describe('/admin/api/v1/mfa-policies', () => {
  const place = (subject: string) => `/mfa-policies/${encodeURIComponent(subject)}`;

  it('shows the default as it holds, and what was made of it', async () => {
    const usual = { id: 'default', second_factor: 'if-enrolled', level: '2fa', grace: 0, remember: 30 * day };
    assert.deepEqual((await api.get(place('default'))).body, usual);
    const changed = await api.send('PATCH', place('default'), { second_factor: 'required' });
    assert.deepEqual([changed.status, changed.body], [200, { ...usual, second_factor: 'required' }]);
    assert.equal((await app.parts.mfaPolicies.usual()).secondFactor, 'required');
    assert.equal((await api.send('DELETE', place('default'))).status, 204);
    assert.deepEqual((await api.get(place('default'))).body, usual);
    assert.equal((await api.send('DELETE', place('default'))).status, 404);
  });

  it('makes, changes, lists and removes', async () => {
    const role = await api.send('PATCH', place('role:orders-editor'), { second_factor: 'required', grace: day });
    assert.deepEqual(role.body, { id: 'role:orders-editor', second_factor: 'required', grace: day });
    const group = await api.send('PATCH', place('group:Staff / Ops'), { level: 'phr' });
    assert.deepEqual([group.status, group.body.id], [200, 'group:staff / ops']);
    const merged = await api.send('PATCH', place('role:orders-editor'), { grace: null, remember: 0 });
    assert.deepEqual(merged.body, { id: 'role:orders-editor', second_factor: 'required', remember: 0 });
    const first = await api.get('/mfa-policies?limit=1');
    assert.deepEqual(
      first.body.items.map(({ id }: { id: string }) => id),
      ['group:staff / ops'],
    );
    const second = await api.get(`/mfa-policies?limit=1&cursor=${first.body.next}`);
    assert.deepEqual([second.body.items, second.body.next], [[merged.body], null]);
    for (const subject of ['role:orders-editor', 'group:staff / ops']) {
      assert.equal((await api.send('DELETE', place(subject))).status, 204);
      assert.equal((await api.get(place(subject))).status, 404);
    }
  });

  it('keeps a change that somebody else made meanwhile', async () => {
    await api.send('PATCH', place('client:demo-web'), { level: 'phr' });
    const { headers } = await api.get(place('client:demo-web'));
    await api.send('PATCH', place('client:demo-web'), { remember: 0 });
    const match = { 'if-match': headers.get('etag') ?? '' };
    assert.equal((await api.send('PATCH', place('client:demo-web'), { level: '2fa' }, match)).status, 412);
    assert.equal((await api.send('DELETE', place('client:demo-web'), undefined, match)).status, 412);
    await api.send('DELETE', place('client:demo-web'));
    assert.equal((await api.send('PATCH', place('client:demo-web'), { level: '2fa' }, match)).status, 412);
    assert.equal((await api.get(place('client:demo-web'))).status, 404);
  });

  it('refuses what cannot be, with a sentence', async () => {
    const rows: [string, unknown, number, RegExp][] = [
      ['client:nobody', { level: 'phr' }, 404, /The client nobody/],
      ['user:ana', { level: 'phr' }, 400, /is for default/],
      ['default', { level: '1fa' }, 400, /level must be 2fa or phr/],
      ['default', { remember: 31 * day }, 400, /30 days/],
      ['role:orders-reader', {}, 400, /at least one thing/],
      ['default', { colour: 'red' }, 400, /colour cannot be set/],
    ];
    for (const [subject, body, status, sentence] of rows) {
      const answer = await api.send('PATCH', place(subject), body);
      assert.equal(answer.status, status, subject);
      assert.match(answer.body.detail, sentence);
    }
  });

  it('needs the permissions of its own', async () => {
    const reader = adminApi(app, await adminToken(app, 'mfa-policies:read'));
    assert.equal((await reader.get('/mfa-policies')).status, 200);
    assert.equal((await reader.send('PATCH', place('default'), { level: 'phr' })).status, 403);
    const other = adminApi(app, await adminToken(app, 'users:read'));
    assert.equal((await other.get('/mfa-policies')).status, 403);
  });
});

describe('/admin/api/v1/users/{id}/factors', () => {
  const seen = { ip: '192.0.2.1', requestId: 'r-1' };
  const idOf = async (email: string) => (await app.parts.users.byEmail(email))?.id ?? '';

  async function enrol(email: string): Promise<{ id: string; factor: string }> {
    const id = await idOf(email);
    const place = { person: { id, name: email }, binding: 'session x' };
    const { secret } = await app.parts.enrolments.offer('totp', place);
    const answer = { code: codeOf(secret) };
    const accepted = await app.parts.enrolments.accept('totp', place, { answer, name: 'Phone', seen });
    assert.ok(accepted.ok);
    return { id, factor: accepted.factor.id };
  }

  it('lists and removes, with a reason, what belongs to this person', async () => {
    const { id, factor } = await enrol('alice@example.test');
    const other = await idOf('bob@example.test');
    const { body } = await api.get(`/users/${id}/factors`);
    assert.deepEqual([body.items.length, body.items[0].id, body.items[0].kind, body.next], [1, factor, 'totp', null]);
    assert.doesNotMatch(JSON.stringify(body), /seal|secret|usr_/);
    const remove = (path: string) => api.send('DELETE', path);
    assert.equal((await remove(`/users/${id}/factors/${factor}`)).status, 400);
    assert.equal((await remove(`/users/${other}/factors/${factor}?reason=x`)).status, 404);
    assert.equal((await remove(`/users/usr_nobody/factors/${factor}?reason=x`)).status, 404);
    assert.equal((await remove(`/users/${id}/factors/${factor}?reason=lost`)).status, 204);
    assert.deepEqual((await api.get(`/users/${id}/factors`)).body.items, []);
    const [event] = await app.parts.trail.search({ type: 'factor.removed' });
    assert.equal(event?.detail?.reason, 'lost');
    assert.match(event?.actor ?? '', /^client:demo-admin$/);
  });

  it('resets all of it for a reason, and ends what the person has open', async () => {
    const { access_token } = await redeem(
      app,
      await signInto(app, newBrowser(app), { scope: 'openid' }, 'bob@example.test'),
    );
    const { id } = await enrol('bob@example.test');
    assert.equal((await introspect(app, access_token)).active, true);
    assert.equal((await api.send('POST', `/users/${id}/factors/reset`, {})).status, 400);
    assert.equal((await api.send('POST', '/users/usr_nobody/factors/reset', { reason: 'x' })).status, 404);
    const reset = await api.send('POST', `/users/${id}/factors/reset`, { reason: 'stolen' });
    assert.deepEqual([reset.status, reset.body], [200, { factors: 1, devices: 0 }]);
    assert.equal((await introspect(app, access_token)).active, false);
  });

  it('needs the permissions of its own', async () => {
    const id = await idOf('alice@example.test');
    const reader = adminApi(app, await adminToken(app, 'factors:read'));
    assert.equal((await reader.get(`/users/${id}/factors`)).status, 200);
    assert.equal((await reader.send('POST', `/users/${id}/factors/reset`, { reason: 'x' })).status, 403);
    const other = adminApi(app, await adminToken(app, 'users:write'));
    assert.equal((await other.get(`/users/${id}/factors`)).status, 403);
  });
});
