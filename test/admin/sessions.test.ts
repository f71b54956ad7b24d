import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { atHome, somebody } from '../support/account.ts';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import type { Answer } from '../support/oauth.ts';
import { authorization, introspect, redeem } from '../support/signing-in.ts';

let app: TestApp;
let api: AdminApi;
before(async () => {
  app = await startApp();
  api = adminApi(app, await adminToken(app));
});
after(() => app.close());

const code = ({ status, body }: Answer): string => (status < 300 ? String(status) : `${status} ${body.code}`);
const sessions = async (query: string) => (await api.get(`/sessions?${query}`)).body.items;

describe('/admin/api/v1/sessions', () => {
  it('shows where people are signed in, and ends one, or all of somebody or of a client', async () => {
    const [ana, bea] = [await somebody(app, 'ana@example.test'), await somebody(app, 'bea@example.test')];
    const browsers = [
      await atHome(app, 'ana@example.test'),
      await atHome(app, 'ana@example.test'),
      await atHome(app, 'bea@example.test'),
    ] as const;
    const tokens = await Promise.all(
      browsers.map(async (browser) => (await redeem(app, await browser.open(authorization(app)))).access_token),
    );
    const live = async () => Promise.all(tokens.map(async (token) => (await introspect(app, token)).active));
    assert.deepEqual(await live(), [true, true, true]);
    assert.equal((await sessions('')).length, 3);
    const [one, other] = await sessions(`user=${ana}`);
    assert.deepEqual([one.user, one.ip, one.amr, one.clients.includes('demo-web')], [ana, '127.0.0.1', ['pwd'], true]);
    assert.deepEqual((await api.get(`/sessions/${other.id}`)).body, other);
    assert.equal((await sessions(`user=${ana}&client=demo-web`)).length, 2);
    assert.deepEqual(await sessions('client=demo-service'), []);
    assert.equal(code(await api.get('/sessions?user=usr_nobody')), '404 missing');
    assert.equal(code(await api.send('DELETE', `/sessions/${one.id}`)), '204');
    assert.equal(code(await api.send('DELETE', `/sessions/${one.id}`)), '404 missing');
    assert.equal(code(await api.get(`/sessions/${one.id}`)), '404 missing');
    assert.deepEqual((await sessions('')).length, 2);
    assert.deepEqual((await live()).filter(Boolean).length, 2);
    const [ended] = await app.parts.trail.search({ type: 'session.ended', target: `user:${ana}` });
    assert.deepEqual([ended?.actor, ended?.detail?.reason], ['client:demo-admin', 'ended by an administrator']);
    for (const body of [{}, { user: ana, client: 'demo-web' }, { user: { $ne: '' } }]) {
      assert.equal(code(await api.send('POST', '/sessions/end', body)), '400 invalid');
    }
    assert.deepEqual((await api.send('POST', '/sessions/end', { user: ana })).body, { sessions: 1, grants: 0 });
    assert.deepEqual(await sessions(`user=${ana}`), []);
    assert.deepEqual(await live(), [false, false, true]);
    assert.equal(code(await api.send('POST', '/sessions/end', { client: 'nobody' })), '404 missing');
    const { body } = await api.send('POST', '/sessions/end', { client: 'demo-web' });
    assert.deepEqual([body.sessions, body.grants >= 1], [0, true]);
    assert.deepEqual(await live(), [false, false, false]);
    assert.equal((await sessions(`user=${bea}`)).length, 1, 'the person stays signed in');
  });
});

describe('/admin/api/v1/keys', () => {
  it('lists and rotates, planned and at once; no private part leaves', async () => {
    const before = (await api.get('/keys')).body.items;
    assert.equal(before.length, 3);
    assert.deepEqual(Object.keys(before[0]).sort(), ['alg', 'created', 'from', 'kid', 'state']);
    const planned = (await api.send('POST', '/keys/rotate', {})).body.items;
    assert.deepEqual(planned.map(({ state }: { state: string }) => state).sort(), [
      ...['next', 'next', 'next'],
      ...['signing', 'signing', 'signing'],
    ]);
    const leaked = (await api.send('POST', '/keys/rotate', { at_once: true })).body.items;
    const known = new Set(before.map(({ kid }: { kid: string }) => kid));
    assert.ok(leaked.every(({ kid, state }: { kid: string; state: string }) => state === 'signing' && !known.has(kid)));
    const [, rotated] = await app.parts.trail.search({ type: 'key.rotated' });
    assert.deepEqual([rotated?.actor, rotated?.detail], ['client:demo-admin', { atOnce: true }]);
  });
});

describe('/admin/api/v1/registrars', () => {
  it('adds, changes, rotates and removes; the credential is shown once', async () => {
    const register = async (token: string) =>
      (
        await fetch(`${app.issuer}/oauth2/register`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ redirect_uris: ['https://app.example/cb'] }),
        })
      ).status;
    const { status, body } = await api.send('POST', '/registrars', { id: 'ci', redirect_hosts: ['app.example'] });
    assert.deepEqual(
      [status, body.approve, body.redirect_hosts, body.token.length],
      [201, 'pending', ['app.example'], 43],
    );
    assert.equal(code(await api.send('POST', '/registrars', { id: 'ci' })), '409 taken');
    assert.equal(code(await api.send('POST', '/registrars', { id: 'x', fingerprint: 'y' })), '400 invalid');
    assert.equal(await register(body.token), 201);
    const shown = await api.get('/registrars/ci');
    assert.equal(shown.body.token ?? shown.body.fingerprint, undefined);
    const match = { 'if-match': shown.headers.get('etag') ?? '' };
    const changed = await api.send('PATCH', '/registrars/ci', { limit: 5 }, match);
    assert.deepEqual([changed.body.limit, changed.body.redirect_hosts], [5, ['app.example']]);
    for (const [method, path, sent] of [
      ['PATCH', '', { limit: 6 }],
      ['POST', '/token', {}],
      ['DELETE', '', undefined],
    ] as const) {
      assert.equal(code(await api.send(method, `/registrars/ci${path}`, sent, match)), '412 changed');
    }
    assert.equal(code(await api.send('PATCH', '/registrars/ci', { limit: 0 })), '400 invalid');
    const { body: rotated } = await api.send('POST', '/registrars/ci/token', {});
    assert.equal(await register(body.token), 401);
    assert.equal(await register(rotated.token), 201);
    assert.equal((await api.get('/clients?registrar=ci')).body.items.length, 2);
    assert.equal(code(await api.send('DELETE', '/registrars/ci')), '204');
    assert.equal(await register(rotated.token), 401);
    assert.equal(code(await api.get('/registrars/ci')), '404 missing');
  });
});
