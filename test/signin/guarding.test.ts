import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { authorization, newBrowser } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

/** What somebody without a factor sees when demo-web asks for more than the password. */
async function setUpPage(email: string, more: Record<string, string>): Promise<string> {
  await somebody(app, email, { emailVerified: false });
  const browser = newBrowser(app);
  const page = await browser.open(authorization(app, more));
  return (await browser.submit(page, { identifier: email, password })).text;
}

describe('sec-137 a stolen password where no policy asks for a factor', () => {
  it('binds none to take it to where one does', async () => {
    const orders = await app.parts.access.api('https://api.example.test/orders');
    assert.ok(orders);
    await app.parts.access.saveApi({ ...orders, acr: '2fa' }, 'cli');
    for (const [at, more] of [{ acr_values: '2fa' }, { scope: 'openid orders:read' }].entries()) {
      assert.match(await setUpPage(`free${at}@x.test`, more), /<svg class="qr"/);
      await app.parts.mfaPolicies.change('client:demo-admin', { secondFactor: 'required' }, 'cli');
      const guarded = await setUpPage(`guarded${at}@x.test`, more);
      assert.match(guarded, /Ask the administrator for a code/);
      assert.doesNotMatch(guarded, /<svg class="qr"/);
      await app.parts.mfaPolicies.remove('client:demo-admin', 'cli');
    }
  });
});
