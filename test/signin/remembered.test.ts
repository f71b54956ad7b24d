import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Browser, type Page, textOf } from '../support/browser.ts';
import { addTotp, withTotp } from '../support/second-factor.ts';
import { authorization, introspect, newBrowser, redeem } from '../support/signing-in.ts';
import { codeOf } from '../support/totp.ts';

let app: TestApp;
before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  app = await startApp();
});
after(async () => {
  await app.close();
  mock.timers.reset();
});
beforeEach(() => mock.timers.tick(90_000));

const confirm = 'Confirm that it is you';
const day = 86_400_000;
const title = (page: Page) => textOf(page, '<h1');
const byPassword = async (browser: Browser, email: string, more: Record<string, string> = {}) =>
  browser.submit(await browser.open(authorization(app, more)), { identifier: email, password });
/** Takes the session away, and leaves the name of the browser. */
function forgetSession(browser: Browser): void {
  for (const [key, { name }] of browser.cookies) if (name !== 'browser') browser.cookies.delete(key);
}

/** A browser that this person had remembered. */
async function remembered(email: string, secret: string): Promise<Browser> {
  const browser = newBrowser(app);
  const page = await byPassword(browser, email);
  assert.match(page.text, /name="remember" value="on"> Do not ask on this device for 30 days/);
  assert.match(String((await browser.submit(page, { code: codeOf(secret), remember: 'on' })).url), /code=/);
  forgetSession(browser);
  mock.timers.tick(90_000);
  return browser;
}

describe('a remembered device', () => {
  it('is asked for no second factor, and the sign-in is worth one factor', async () => {
    const { id, secret } = await withTotp(app, 'kept@x.test');
    const browser = await remembered('kept@x.test', secret);
    const back = await byPassword(browser, 'kept@x.test');
    const { access_token } = await redeem(app, back);
    const { amr, acr } = await introspect(app, access_token);
    assert.deepEqual([amr, acr], [['pwd'], '1fa']);
    // A session that came of it goes on without being sent round.
    assert.match(String((await browser.open(authorization(app, { prompt: 'none' }))).url), /code=/);
    assert.equal((await app.parts.devices.list(id)).length, 1);
  });

  it('sec-143 stands for no level or age that a client asks for', async () => {
    const { secret } = await withTotp(app, 'asked@x.test');
    const browser = await remembered('asked@x.test', secret);
    for (const request of [{ acr_values: '2fa' }, { max_age: '60' }, { prompt: 'login' }]) {
      assert.equal(title(await byPassword(browser, 'asked@x.test', request)), confirm, JSON.stringify(request));
    }
    await byPassword(browser, 'asked@x.test');
    assert.equal(title(await browser.open(authorization(app, { acr_values: '2fa' }))), confirm);
  });

  it('sec-143 is one person’s: nobody else who uses the browser is spared', async () => {
    const { secret } = await withTotp(app, 'one@x.test');
    await withTotp(app, 'another@x.test');
    const browser = await remembered('one@x.test', secret);
    assert.equal(title(await byPassword(browser, 'another@x.test')), confirm);
  });

  it('sec-143 is over after its time, when it is forgotten, and when the policy allows it no more', async () => {
    const { id, secret } = await withTotp(app, 'over@x.test');
    const forgotten = await remembered('over@x.test', secret);
    await byPassword(forgotten, 'over@x.test');
    await app.parts.devices.forgetAll(id, 'cli');
    // The session that rested on it is asked, too.
    assert.equal(title(await forgotten.open(authorization(app))), confirm);
    const late = await remembered('over@x.test', secret);
    await app.parts.mfaPolicies.change('client:demo-web', { remember: 0 }, 'cli');
    const page = await byPassword(late, 'over@x.test');
    assert.equal(title(page), confirm);
    assert.doesNotMatch(page.text, /name="remember"/);
    await app.parts.mfaPolicies.remove('client:demo-web', 'cli');
    mock.timers.tick(31 * day);
    assert.equal(title(await byPassword(late, 'over@x.test')), confirm);
  });

  it('is none of an administrator’s, whatever the form says', async () => {
    const id = await somebody(app, 'boss@x.test');
    const secret = await addTotp(app, id);
    await app.parts.access.assign(`user:${id}`, 'administrator', 'cli');
    const browser = newBrowser(app);
    const page = await byPassword(browser, 'boss@x.test');
    assert.doesNotMatch(page.text, /name="remember"/);
    await browser.submit(page, { code: codeOf(secret), remember: 'on' });
    assert.deepEqual(await app.parts.devices.list(id), []);
    forgetSession(browser);
    assert.equal(title(await byPassword(browser, 'boss@x.test')), confirm);
  });

  it('is known by a cookie that scripts and other sites do not see, once set and never by itself a proof', async () => {
    const { secret } = await withTotp(app, 'cookie@x.test');
    const browser = newBrowser(app);
    const page = await byPassword(browser, 'cookie@x.test');
    assert.equal(
      [...browser.cookies.values()].some(({ name }) => name === 'browser'),
      false,
    );
    await browser.submit(page, { code: codeOf(secret) });
    const cookie = [...browser.cookies.values()].find(({ name }) => name === 'browser');
    assert.match(cookie?.line ?? '', /^browser=[\w-]{43}; path=\/; expires=[^;]+; samesite=lax; httponly$/i);
    assert.ok((cookie?.expires ?? 0) > Date.now() + 399 * day);
    const value = cookie?.value;
    forgetSession(browser);
    mock.timers.tick(90_000);
    await browser.submit(await byPassword(browser, 'cookie@x.test'), { code: codeOf(secret) });
    assert.equal([...browser.cookies.values()].find(({ name }) => name === 'browser')?.value, value);
  });
});
