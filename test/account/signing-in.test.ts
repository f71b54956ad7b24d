import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { textOf } from '../support/browser.ts';
import { newBrowser, signIn } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

describe('GET /account', () => {
  it('signs in first and comes back to the page that was asked for', async () => {
    const browser = newBrowser(app);
    const page = await browser.open('/account/profile?x=1');
    assert.match(String(textOf(page, '<h1')), /Sallyport/);
    const back = await signIn(app, browser, page);
    assert.equal(back.url.href, `${app.issuer}/account/profile?x=1`);
    assert.equal(textOf(back, '<h1'), 'Profile');
    assert.equal(back.headers['cache-control'], 'no-store');
    assert.match(back.text, /alice@example\.test/);
  });
});
