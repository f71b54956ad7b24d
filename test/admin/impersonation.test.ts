import assert from 'node:assert/strict';
import { it } from 'node:test';
import { atHome, rowsOf, somebody } from '../support/account.ts';
import { adminApi, adminToken } from '../support/admin.ts';
import { startApp } from '../support/app.ts';
import { startMailServer } from '../support/mail.ts';
import type { Answer } from '../support/oauth.ts';
import { introspect } from '../support/signing-in.ts';

const orders = 'https://api.example.test/orders';
const code = ({ status, body }: Answer): string => (status < 300 ? String(status) : `${status} ${body.code}`);

it('is off unless it was switched on', async (t) => {
  const app = await startApp();
  t.after(() => app.close());
  const id = await somebody(app, 'ana@example.test');
  const api = adminApi(app, await adminToken(app));
  const answer = await api.send('POST', `/users/${id}/impersonate`, { audience: orders, reason: 'ticket 7' });
  assert.equal(code(answer), '403 impersonation_off');
});

it('gives a short token that says who acts; never an administrator’s, and the person hears of it', async (t) => {
  const mail = await startMailServer();
  const app = await startApp({ SALLYPORT_IMPERSONATION: 'true', SALLYPORT_MAIL_URL: mail.url });
  t.after(async () => {
    await app.close();
    await mail.stop();
  });
  const { access, clients, organizations, trail, users } = app.parts;
  const id = await somebody(app, 'ana@example.test');
  await access.assign(`user:${id}`, 'orders-reader', 'cli');
  const api = adminApi(app, await adminToken(app));
  const wish = { audience: orders, reason: 'ticket 7', client_id: 'demo-web' };
  const ask = (body: object, whom = id) => api.send('POST', `/users/${whom}/impersonate`, body);

  const { status, body, headers } = await ask(wish);
  assert.deepEqual(
    [status, body.scope, body.expires_in, headers.get('cache-control')],
    [201, 'orders:read', 300, 'no-store'],
  );
  const seen = await introspect(app, body.access_token);
  assert.deepEqual(
    [seen.active, seen.sub, seen.client_id, seen.scope, seen.act, seen.exp - seen.iat],
    [true, id, 'demo-web', 'orders:read', { sub: 'demo-admin' }, 300],
  );
  const [told] = await mail.arrived(1);
  assert.match(told?.text ?? '', /ticket 7/);
  assert.deepEqual(told?.to, ['ana@example.test']);
  const [event] = await trail.search({ type: 'user.impersonated', target: `user:${id}` });
  assert.deepEqual(
    [event?.actor, event?.detail?.reason, event?.detail?.client],
    ['client:demo-admin', 'ticket 7', 'demo-web'],
  );
  assert.ok(!JSON.stringify(await trail.search()).includes(body.access_token));
  const browser = await atHome(app, 'ana@example.test');
  assert.ok(rowsOf(await browser.open('/account/history')).some((row) => row.includes('in your name')));
  assert.equal((await ask({ ...wish, client_id: undefined })).body.client_id, 'demo-admin', 'the one that asks');

  for (const [change, expected] of [
    [{ expires_in: 901 }, '400 invalid'],
    [{ reason: ' ' }, '400 invalid'],
    [{ audience: 'urn:sallyport:admin' }, '400 invalid'],
    [{ audience: 'https://none.example' }, '404 missing'],
    [{ client_id: 'nobody' }, '404 missing'],
  ] as const) {
    assert.equal(code(await ask({ ...wish, ...change })), expected, JSON.stringify(change));
  }
  // Who reads such a token, or the answer about it, could not see who acts.
  const plain = { id: 'https://other.test', permissions: [], signingAlg: 'RS256', routes: [] } as const;
  for (const told of [
    { tokenFormat: 'jwt' },
    { tokenFormat: 'opaque', profile: 'minimal' },
    { tokenFormat: 'opaque', acr: '2fa' },
  ] as const) {
    await access.saveApi({ ...plain, permissions: [], routes: [], ...told }, 'cli');
    assert.equal(code(await ask({ ...wish, audience: plain.id })), '400 invalid');
  }
  assert.equal(code(await ask(wish, await somebody(app, 'idle@example.test'))), '400 invalid', 'nothing to do there');

  // An administrator of one organisation is one too.
  const admin = (await users.byEmail('admin@example.test'))?.id ?? '';
  const narrow = adminApi(app, await adminToken(app, 'users:impersonate'));
  assert.equal(code(await ask(wish, admin)), '403 impersonation_refused');
  assert.equal(code(await narrow.send('POST', `/users/${admin}/impersonate`, wish)), '403 beyond_own_rights');
  const local = await somebody(app, 'local@example.test');
  await organizations.add({ id: 'acme', name: 'Acme', domains: [], connections: [] }, 'cli');
  await organizations.join('acme', `user:${local}`, 'cli');
  await access.saveRole({ id: 'reader', permissions: ['urn:sallyport:admin#users:read'], includes: [] }, 'cli');
  await access.assign(`user:${local}`, 'orders-reader', 'cli');
  await access.assign(`user:${local}`, 'reader', 'cli', { organization: 'acme' });
  assert.equal(code(await ask(wish, local)), '403 impersonation_refused');

  const another = (await ask(wish)).body.access_token;
  await access.unassign(`user:${id}`, 'orders-reader', 'cli');
  assert.equal((await introspect(app, another)).scope, undefined, 'what the person may do is as it is now');
  await users.signOut(id, 'cli');
  assert.deepEqual(await introspect(app, another), { active: false });
  await access.assign(`user:${id}`, 'orders-reader', 'cli');
  const last = (await ask(wish)).body.access_token;
  await clients.decide('demo-web', 'suspend', 'cli');
  assert.deepEqual(await introspect(app, last), { active: false });
  await users.disable(id, 'cli');
  assert.equal(code(await ask(wish)), '400 invalid');
});
