import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { atHome, enter, password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { formOf, textOf } from '../support/browser.ts';
import { addKey, addTotp, withTotp } from '../support/second-factor.ts';
import { newBrowser } from '../support/signing-in.ts';
import { codeOf } from '../support/totp.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const sensitive = ['email', 'password', 'sessions/end', 'data/download', 'data/delete'].map(
  (room) => `/account/${room}`,
);

describe('what needs a fresh sign-in, of somebody with a second factor', () => {
  it('sec-146 opens nothing between the password and the factor', async () => {
    const { secret } = await withTotp(app, 'ana@example.test');
    const browser = newBrowser(app);
    const page = await enter(app, browser, await browser.open('/account'), 'ana@example.test');
    assert.match(page.url.pathname, /^\/signin\//);
    for (const path of ['/account/profile', ...sensitive]) {
      assert.equal((await browser.send('GET', path)).status, 303, path);
      assert.equal(
        (await browser.send('POST', path, { name: 'x', account: 'ana@example.test' })).status === 200,
        false,
        path,
      );
    }
    const done = await browser.submit(page, { code: codeOf(secret) });
    assert.equal(textOf(done, '<h1'), 'Profile');
  });

  it('sec-125 wants the factor that was set up meanwhile, however young the password is', async () => {
    const id = await somebody(app, 'bea@example.test');
    const browser = await atHome(app, 'bea@example.test');
    assert.equal((await browser.send('GET', '/account/email')).status, 200);
    const secret = await addTotp(app, id);
    for (const path of sensitive) {
      assert.equal((await browser.send('GET', path)).status, 303, path);
      const sent = await browser.send('POST', path, {
        email: 'new@example.test',
        account: 'bea@example.test',
        password,
      });
      assert.deepEqual([sent.status, textOf(sent, '<h1')], [403, 'Confirm that it is you'], path);
    }
    assert.equal((await browser.send('GET', '/account/profile')).status, 200, 'the rest is open');
    const first = await browser.open('/account/email');
    const second = 'identifier' in formOf(first).fields ? await enter(app, browser, first, 'bea@example.test') : first;
    const back = await browser.submit(second, { code: codeOf(secret) });
    assert.equal(back.url.pathname, '/account/email');
    assert.equal(textOf(back, '<h1'), 'E-mail address');
  });

  it('sec-141 takes no weaker factor for the strongest that there is', async () => {
    const { id, secret } = await withTotp(app, 'cleo@example.test');
    const browser = newBrowser(app);
    const page = await enter(app, browser, await browser.open('/account'), 'cleo@example.test');
    assert.equal(textOf(await browser.submit(page, { code: codeOf(secret) }), '<h1'), 'Profile');
    assert.equal((await browser.send('GET', '/account/password')).status, 200);
    await addKey(app, id);
    assert.equal((await browser.send('GET', '/account/password')).status, 303);
    assert.equal((await browser.send('POST', '/account/password', { password, new: 'x', again: 'x' })).status, 403);
  });
});
