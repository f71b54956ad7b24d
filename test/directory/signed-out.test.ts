import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, Browser, introspect, redeem, refresh } from '../support/code-flow.ts';

describe('what a person has open', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.close());
  beforeEach(() => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
  });
  afterEach(() => {
    mock.timers.reset();
  });

  const user = 'bob@example.test';
  const password = 'lantern quarry violet hamster';
  const signIn = async (browser = new Browser(app.issuer)) => {
    const flow = await authorize(app, { user, browser }, { scope: 'openid offline_access', prompt: 'consent' });
    const { body } = await redeem(app, flow);
    return { ...body, browser };
  };
  const withPassword = (text: string) => ({ ...app, password: () => text });
  const userinfo = async (token: string) =>
    (await fetch(`${app.issuer}/oauth2/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status;

  it('ends with a new password: tokens, refresh tokens, codes and sessions', async () => {
    const bob = await app.parts.users.byEmail(user);
    const { access_token, refresh_token, browser } = await signIn();
    const rotated = await refresh(app, refresh_token);
    const code = await authorize(app, { user, browser }, { scope: 'openid' });
    assert.equal(await userinfo(access_token), 200);
    await app.parts.users.setPassword(bob?.id ?? '', password, 'cli');
    mock.timers.tick(1000);
    assert.equal(await userinfo(access_token), 401);
    assert.equal(await userinfo(rotated.body.access_token), 401);
    assert.deepEqual(await introspect(app, access_token), { active: false });
    assert.equal((await refresh(app, rotated.body.refresh_token)).body.error, 'invalid_grant');
    assert.equal((await redeem(app, code)).body.error, 'invalid_grant');
    const silent = await authorize(app, { user, browser }, { scope: 'openid', prompt: 'none' });
    assert.equal(silent.answer.get('error'), 'login_required');
    const again = await redeem(app, await authorize(withPassword(password), { user, browser }, { scope: 'openid' }));
    assert.equal(await userinfo(again.body.access_token), 200);
  });

  it('ends with being disabled, and does not come back with being enabled', async () => {
    const bob = await app.parts.users.byEmail(user);
    const flow = await authorize(
      withPassword(password),
      { user },
      { scope: 'openid offline_access', prompt: 'consent' },
    );
    const { body } = await redeem(app, flow);
    await app.parts.users.disable(bob?.id ?? '', 'cli');
    assert.equal(await userinfo(body.access_token), 401);
    await app.parts.users.enable(bob?.id ?? '', 'cli');
    assert.equal(await userinfo(body.access_token), 401);
    assert.deepEqual(await introspect(app, body.access_token), { active: false });
    assert.equal((await refresh(app, body.refresh_token)).body.error, 'invalid_grant');
  });
});
