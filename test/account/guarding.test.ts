import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { atHome, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { textOf } from '../support/browser.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
  await app.parts.mfaPolicies.change('client:demo-web', { secondFactor: 'required' }, 'cli');
});
after(() => app.close());

describe('sec-137 a first factor of somebody who has to have one', () => {
  for (const page of ['totp', 'passkey']) {
    it(`is not bound at /account/factors/${page} by the password alone`, async () => {
      const email = `${page}@x.test`;
      const id = await somebody(app, email, { emailVerified: false });
      const browser = await atHome(app, email);
      const asked = await browser.open(`/account/factors/${page}`);
      assert.equal(textOf(asked, '<h1'), 'Set up a second factor');
      assert.match(asked.text, /Ask the administrator for a code/);
      assert.doesNotMatch(asked.text, /<svg class="qr"/);
      const posted = await browser.send('POST', `/account/factors/${page}`, { code: '123456', response: '{}' });
      assert.deepEqual([posted.status, posted.headers.location], [303, `/account/factors/${page}`]);
      assert.deepEqual(await app.parts.enrolments.of(id), []);
      const open = await browser.submit(asked, { code: await app.parts.enrolmentCodes.issue(id, 'cli') });
      assert.match(open.text, /<svg class="qr"/);
    });
  }

  it('is bound there where nobody requires one', async () => {
    await app.parts.mfaPolicies.remove('client:demo-web', 'cli');
    await somebody(app, 'free@x.test');
    const browser = await atHome(app, 'free@x.test');
    assert.match((await browser.open('/account/factors/totp')).text, /<svg/);
  });
});
