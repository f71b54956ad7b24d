import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { atHome, enter, password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Browser, textOf } from '../support/browser.ts';
import { basic, post } from '../support/oauth.ts';
import { authorization, introspect, newBrowser, redeem } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const next = 'seven boats under a paper moon';
const change = async (browser: Browser, fields: Record<string, string>) =>
  browser.submit(await browser.open('/account/password'), { password, new: next, again: next, ...fields });
const fits = async (email: string, text: string) => (await app.parts.users.signIn(email, text)) !== undefined;
const isOpen = async (browser: Browser) => (await browser.send('GET', '/account/profile')).status === 200;

describe('/account/password', () => {
  it('sec-110 ends every session and token, this session too, and asks for the new password next', async () => {
    const email = 'ana@example.test';
    const id = await somebody(app, email);
    const elsewhere = await atHome(app, email);
    const tokens = await redeem(
      app,
      await elsewhere.open(authorization(app, { scope: 'openid offline_access', prompt: 'consent' })),
    );
    const kept = tokens.refresh_token ? tokens : await redeem(app, await elsewhere.open(authorization(app)));
    const browser = await atHome(app, email);
    const done = await change(browser, {});
    assert.deepEqual([done.status, textOf(done, '<h1')], [200, 'Your password is changed']);
    assert.equal(await isOpen(browser), false);
    assert.equal(await isOpen(elsewhere), false);
    assert.deepEqual(await introspect(app, kept.access_token), { active: false });
    const { body } = await post(
      `${app.url}/oauth2/token`,
      { grant_type: 'refresh_token', refresh_token: kept.refresh_token },
      basic(app.client('demo-web')),
    );
    assert.equal(body.error, 'invalid_grant');
    assert.deepEqual([await fits(email, password), await fits(email, next)], [false, true]);
    assert.equal((await app.parts.records.sessions.find({ account: id })).length, 0);
    assert.equal((await app.parts.records.grants.find({ account: id })).length, 0);
    const page = await browser.submit(await browser.open('/account'), { identifier: email, password: next });
    assert.equal(textOf(page, '<h1'), 'Profile');
  });

  it('takes no new password without the present one, and counts wrong ones with those of sign-ins (sec-120)', async () => {
    const email = 'bea@example.test';
    await somebody(app, email);
    const browser = await atHome(app, email);
    for (let count = 0; count < 5; count += 1) {
      const page = await change(browser, { password: 'wrong' });
      assert.deepEqual(
        [page.status, alertOf(page)],
        [400, 'This is not your present password. Check it and try again.'],
      );
      assert.doesNotMatch(page.text, /seven boats/);
    }
    const slowed = await change(browser, {});
    assert.equal(slowed.status, 429);
    assert.ok(Number(slowed.headers['retry-after']) > 0);
    assert.match(String(alertOf(slowed)), /too many wrong passwords/);
    const sign = newBrowser(app);
    const refused = await enter(app, sign, await sign.open(authorization(app)), email);
    assert.equal(refused.status, 429, 'one counter for both');
    assert.equal(await fits(email, password), true);
    const failed = await app.parts.trail.search({
      type: 'signin.failed',
      target: `user:${(await app.parts.users.byEmail(email))?.id}`,
    });
    assert.deepEqual([failed.length, failed[0]?.detail?.reason], [5, 'wrong present password']);
  });

  it('sec-112 says why a password cannot be used, and what is different in the second', async () => {
    const email = 'cleo@example.test';
    await somebody(app, email);
    const browser = await atHome(app, email);
    const weak = await change(browser, { new: 'short', again: 'short' });
    assert.equal(weak.status, 400);
    assert.match(String(alertOf(weak)), /15/);
    const differs = await change(browser, { again: 'seven boats under a paper noon' });
    assert.match(String(alertOf(differs)), /not the same/);
    assert.equal(await fits(email, password), true);
    assert.equal(await isOpen(browser), true);
  });

  it('sec-124 ends a change of the address that waits', async () => {
    const email = 'dora@example.test';
    const id = await somebody(app, email);
    const user = await app.parts.users.get(id);
    assert.ok(user);
    await app.parts.emailChanges.begin(user, 'new@example.test', { ip: '192.0.2.1', requestId: 'x' });
    await change(await atHome(app, email), {});
    assert.equal(await app.parts.emailChanges.pending(id), undefined);
  });
});
