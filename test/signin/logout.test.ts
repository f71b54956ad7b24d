import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { type Browser, textOf } from '../support/browser.ts';
import { basic, post } from '../support/oauth.ts';
import { authorization, introspect, newBrowser, redeem, signInto } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const home = 'http://localhost:8080/';
const logout = (more: Record<string, string> = {}) => `${app.issuer}/oauth2/logout?${new URLSearchParams(more)}`;
const isSignedIn = async (browser: Browser) =>
  (await browser.open(authorization(app, { prompt: 'none' }))).url.searchParams.has('code');

async function signedIn() {
  const browser = newBrowser(app);
  const tokens = await redeem(app, await signInto(app, browser));
  return { browser, tokens };
}

describe('GET /oauth2/logout (OpenID Connect RP-Initiated Logout)', () => {
  it('asks who is signed in, and does nothing by itself (sec-105)', async () => {
    const { browser } = await signedIn();
    const page = await browser.open(logout({ client_id: 'demo-web' }));
    assert.equal(textOf(page, '<h1'), 'Sign out?');
    assert.match(page.text, /alice@example\.test/);
    assert.match(page.text, /Demo web application<\/strong> asks to sign you out/);
    assert.ok(await isSignedIn(browser));
  });

  it('ends session and tokens when the person agrees, and goes back to the application (sec-107)', async () => {
    const { browser, tokens } = await signedIn();
    const page = await browser.open(
      logout({ id_token_hint: tokens.id_token, post_logout_redirect_uri: home, state: 'out' }),
    );
    const back = await browser.submit(page, { decision: 'logout' });
    assert.equal(back.url.href, `${home}?state=out`);
    assert.equal(await isSignedIn(browser), false);
    assert.deepEqual(await introspect(app, tokens.access_token), { active: false });
    const { body } = await post(
      `${app.url}/oauth2/token`,
      { grant_type: 'refresh_token', refresh_token: tokens.refresh_token },
      basic(app.client('demo-web')),
    );
    assert.equal(body.error, 'invalid_grant');
    const person = `user:${(await app.parts.users.byEmail('alice@example.test'))?.id}`;
    const events = await app.parts.trail.search({ type: 'session.ended', target: person });
    assert.deepEqual(events.at(-1)?.detail, { reason: 'logout', client: 'demo-web' });
  });

  it('changes nothing at all when the person stays', async () => {
    const { browser, tokens } = await signedIn();
    const page = await browser.open(logout({ client_id: 'demo-web', post_logout_redirect_uri: home }));
    const stay = await browser.submit(page, { decision: 'stay' });
    assert.equal(textOf(stay, '<h1'), 'You are still signed in');
    assert.ok(await isSignedIn(browser));
    assert.equal((await introspect(app, tokens.access_token)).active, true);
  });

  it('shows where it ended when there is no address to go back to', async () => {
    const { browser } = await signedIn();
    const page = await browser.submit(await browser.open(logout()), { decision: 'logout' });
    assert.equal(textOf(page, '<h1'), 'You are signed out');
  });

  it('goes straight back when nobody is signed in, with a button where there are no scripts', async () => {
    const browser = newBrowser(app);
    const page = await browser.open(logout({ client_id: 'demo-web', post_logout_redirect_uri: home }));
    assert.equal(textOf(page, '<h1'), 'One moment');
    assert.equal((await browser.submit(page, {})).url.href, home);
  });

  it('takes no form that was not on its page', async () => {
    const { browser } = await signedIn();
    await browser.open(logout());
    for (const xsrf of ['', 'guessed']) {
      const answer = await browser.send('POST', '/oauth2/logout/confirm', { xsrf, decision: 'logout' });
      assert.equal(answer.status, 400);
    }
    assert.ok(await isSignedIn(browser));
  });

  it('goes to no address that is not registered (sec-106)', async () => {
    const { browser } = await signedIn();
    const page = await browser.open(
      logout({ client_id: 'demo-web', post_logout_redirect_uri: 'http://evil.example/' }),
    );
    assert.equal(page.status, 400);
    assert.equal(textOf(page, '<h1'), 'The application sent a request that does not work');
  });
});
