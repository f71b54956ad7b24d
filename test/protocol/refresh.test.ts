import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, introspect, redeem, refresh } from '../support/code-flow.ts';
import { basic, post } from '../support/oauth.ts';

const offline = { scope: 'openid offline_access orders:read orders:write', prompt: 'consent' };
const second = 1000;
const day = 24 * 60 * 60 * second;

describe('refresh tokens', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp();
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
  });
  afterEach(async () => {
    mock.timers.reset();
    await app.close();
  });
  const begin = async (more: Record<string, string> = offline) =>
    (await redeem(app, await authorize(app, {}, more))).body;

  it('are rotated at every use', async () => {
    const first = await begin();
    const next = await refresh(app, first.refresh_token);
    assert.equal(next.status, 200);
    assert.notEqual(next.body.refresh_token, first.refresh_token);
    assert.equal((await refresh(app, next.body.refresh_token)).status, 200);
  });

  it('give the same successor to a client that lost the response', async () => {
    const { refresh_token } = await begin();
    const lost = await refresh(app, refresh_token);
    mock.timers.tick(5 * second);
    const again = await refresh(app, refresh_token);
    assert.equal(again.status, 200);
    assert.equal(again.body.refresh_token, lost.body.refresh_token);
  });

  it('end the whole family when a used one comes back after the grace', async () => {
    const { refresh_token } = await begin();
    const { body } = await refresh(app, refresh_token);
    mock.timers.tick(11 * second);
    const replay = await refresh(app, refresh_token);
    assert.deepEqual([replay.status, replay.body.error], [400, 'invalid_grant']);
    assert.equal((await refresh(app, body.refresh_token)).status, 400);
    assert.deepEqual(await introspect(app, body.access_token), { active: false });
    const events = await app.parts.trail.search({ type: 'refresh-token.replayed' });
    assert.equal(events.length, 1);
  });

  it('end the whole family when a used one comes back after its successor was used, even within the grace', async () => {
    const { refresh_token } = await begin();
    const { body } = await refresh(app, refresh_token);
    const third = await refresh(app, body.refresh_token);
    assert.equal((await refresh(app, refresh_token)).status, 400);
    assert.equal((await refresh(app, third.body.refresh_token)).status, 400);
  });

  it('end when unused for the idle time, and after the absolute time however often used', async () => {
    const idle = await begin();
    mock.timers.tick(14 * day + second);
    assert.equal((await refresh(app, idle.refresh_token)).status, 400);
    let { refresh_token } = await begin();
    for (let days = 0; days < 29; days += 1) {
      mock.timers.tick(day);
      const { status, body } = await refresh(app, refresh_token);
      assert.equal(status, 200, `day ${days}`);
      refresh_token = body.refresh_token;
    }
    mock.timers.tick(day + second);
    assert.equal((await refresh(app, refresh_token)).status, 400);
  });

  it('belong to their client', async () => {
    const { refresh_token } = await begin();
    const { status, body } = await refresh(app, refresh_token, {}, 'demo-service');
    assert.equal(status, 400);
    assert.match(body.error, /invalid_grant|unauthorized_client/);
    assert.equal((await refresh(app, refresh_token)).status, 200);
  });

  it('may ask for less, never for more (RFC 6749 §6)', async () => {
    const { refresh_token } = await begin({ ...offline, scope: 'openid offline_access orders:read' });
    const more = await refresh(app, refresh_token, { scope: 'orders:read orders:write' });
    assert.deepEqual([more.status, more.body.error], [400, 'invalid_scope']);
    const less = await refresh(app, refresh_token, { scope: 'orders:read' });
    assert.equal(less.body.scope, 'orders:read');
  });

  it('are never active for a gateway, and tell their client that they live', async () => {
    const { refresh_token } = await begin();
    assert.deepEqual(await introspect(app, refresh_token), { active: false });
    assert.equal((await introspect(app, refresh_token, 'demo-web')).active, true);
    await refresh(app, refresh_token);
    assert.deepEqual(await introspect(app, refresh_token, 'demo-web'), { active: false });
  });

  it('take the family along when they are revoked (RFC 7009 §2.1)', async () => {
    const { refresh_token, access_token } = await begin();
    await post(`${app.issuer}/oauth2/revoke`, { token: refresh_token }, basic(app.client('demo-web')));
    assert.equal((await refresh(app, refresh_token)).status, 400);
    assert.deepEqual(await introspect(app, access_token), { active: false });
  });

  it('die with the person who is disabled', async () => {
    const { refresh_token, access_token } = await begin();
    const alice = await app.parts.users.byEmail('alice@example.test');
    await app.parts.users.disable(String(alice?.id), 'cli');
    assert.deepEqual(await introspect(app, access_token), { active: false });
    assert.equal((await refresh(app, refresh_token)).status, 400);
  });
});
