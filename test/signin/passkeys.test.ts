import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import type { Authenticator } from '../support/authenticator.ts';
import { alertOf, type Browser, formOf, type Page, textOf } from '../support/browser.ts';
import { addKey, optionsOn, withTotp } from '../support/second-factor.ts';
import { authorization, introspect, newBrowser, redeem } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const errorOf = ({ url }: Page) => url.searchParams.get('error');
/** What the script sends: the answer, and none of the fields of the other form. */
const touch = (browser: Browser, page: Page, response: string) =>
  browser.submit({ ...page, text: page.text.slice(page.text.indexOf('data-webauthn') - 100) }, { response });

async function withKey(email: string): Promise<{ id: string; key: Authenticator }> {
  const id = await somebody(app, email);
  return { id, key: await addKey(app, id) };
}

describe('a passkey', () => {
  it('signs in alone: one page, one answer, nothing typed', async () => {
    const { id, key } = await withKey('alone@x.test');
    const browser = newBrowser(app);
    const hops = await browser.during(async () => {
      const page = await browser.open(authorization(app));
      const back = await touch(browser, page, key.get(optionsOn(page)));
      const { access_token, claims } = await redeem(app, back);
      assert.deepEqual([claims.sub, claims.acr], [id, 'phr']);
      const { amr, acr } = await introspect(app, access_token);
      assert.deepEqual([amr, acr], [['hwk', 'user', 'mfa'], 'phr']);
    });
    assert.deepEqual(hops, [
      'GET /oauth2/authorize 303',
      'GET /signin/… 200',
      'POST /signin/… 303',
      'GET /oauth2/authorize/… 303',
    ]);
    const [event] = await app.parts.trail.search({ type: 'signin.succeeded', target: `user:${id}` });
    const facts = {
      method: 'passkey',
      client: 'demo-web',
      factor: 'webauthn',
      acr: 'phr',
      device: 'new',
      browser: 'Browser',
    };
    assert.deepEqual(event?.detail, facts);
  });

  it('needs no second factor, whatever level a policy asks', async () => {
    const { id, key } = await withKey('enough@x.test');
    await app.parts.mfaPolicies.change('default', { secondFactor: 'required', level: 'phr' }, 'cli');
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app, { acr_values: 'phr' }));
    const { claims } = await redeem(app, await touch(browser, page, key.get(optionsOn(page))));
    await app.parts.mfaPolicies.change('default', { secondFactor: 'if-enrolled', level: '2fa' }, 'cli');
    assert.equal(claims.sub, id);
  });

  it('is offered in the list of the first field, and on the page for a password too', async () => {
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    assert.match(page.text, /name="identifier"[^>]* autocomplete="username webauthn"/);
    assert.match(page.text, /data-webauthn="conditional"/);
    const { key } = await withKey('listed@x.test');
    const second = await browser.submit(page, { identifier: 'listed@x.test', password: '' });
    assert.match(textOf(second, '<p class="person"') ?? '', /^listed@x\.test/);
    assert.match(String((await touch(browser, second, key.get(optionsOn(second)))).url), /code=/);
  });

  it('sec-149 has to verify who holds it', async () => {
    const { key } = await withKey('held@x.test');
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    assert.equal(optionsOn(page).userVerification, 'required');
    const refused = await touch(browser, page, key.get(optionsOn(page), { verifies: false }));
    assert.equal(refused.status, 400);
    assert.match(alertOf(refused) ?? '', /passkey was not accepted/);
    assert.match(String((await touch(browser, refused, key.get(optionsOn(refused)))).url), /code=/);
  });

  it('sec-147 answers one challenge of one sign-in, once', async () => {
    const { id, key } = await withKey('replay@x.test');
    const [one, other] = [newBrowser(app), newBrowser(app)];
    const page = await one.open(authorization(app));
    const elsewhere = await other.open(authorization(app));
    const response = key.get(optionsOn(page));
    assert.equal((await touch(other, elsewhere, response)).status, 400);
    const answers = await Promise.all(Array.from({ length: 8 }, () => one.send('POST', page.url, { response })));
    const requests = answers.map(({ headers }) => headers['x-request-id']);
    const signedIn = await app.parts.trail.search({ type: 'signin.succeeded', target: `user:${id}` });
    assert.equal(signedIn.filter(({ requestId }) => requests.includes(requestId)).length, 1);
  });

  it('sec-148 sec-150 sec-152 of another origin, a copy, or of another person is refused', async () => {
    const { key } = await withKey('sound@x.test');
    const { id: other } = await withKey('foreign@x.test');
    const browser = newBrowser(app);
    const handle = Buffer.from(other).toString('base64url');
    for (const manner of [
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { crossOrigin: true },
      { userHandle: handle },
      { userHandle: null },
      { counter: 1 },
      { flipped: true },
      { touched: false },
    ]) {
      const page = await browser.open(authorization(app));
      const refused = await touch(browser, page, key.get(optionsOn(page), manner));
      assert.equal(refused.status, 400, JSON.stringify(manner));
    }
  });

  it('of somebody who is disabled, or unknown, is told alike (sec-116)', async () => {
    const { id, key } = await withKey('off@x.test');
    await app.parts.users.disable(id, 'cli');
    const { id: gone, key: left } = await withKey('left@x.test');
    const [{ id: factor } = { id: '' }] = await app.parts.enrolments.of(gone);
    await app.parts.enrolments.remove(factor, gone, { actor: 'cli' });
    for (const one of [key, left]) {
      const browser = newBrowser(app);
      const page = await browser.open(authorization(app));
      const refused = await touch(browser, page, one.get(optionsOn(page)));
      assert.deepEqual(
        [refused.status, alertOf(refused)],
        [400, 'This passkey was not accepted. Try again, or sign in another way.'],
      );
      assert.doesNotMatch(refused.text, /x\.test/);
    }
  });

  it('is no answer in the place of a second factor, nor of what is linked', async () => {
    await withTotp(app, 'second@x.test');
    const { key } = await withKey('stranger@x.test');
    const browser = newBrowser(app);
    const first = await browser.open(authorization(app));
    const response = key.get(optionsOn(first));
    const page = await browser.submit(first, { identifier: 'second@x.test', password });
    const refused = await browser.submit(page, { response });
    assert.equal(refused.status, 400);
    assert.match(textOf(refused, '<p class="person"') ?? '', /^second@x\.test/);
  });
});

describe('the first pages', () => {
  const shape = ({ text }: Page, email: string) =>
    text
      .replaceAll(email, 'SOMEBODY')
      .replaceAll(/\/signin\/[\w-]+/g, '/signin/…')
      .replaceAll(/challenge&quot;:&quot;[\w-]+/g, 'challenge…');

  it('are the same for whoever has a passkey, a password, or no account (sec-116)', async () => {
    await withKey('some-key@x.test');
    await somebody(app, 'some-pwd@x.test');
    const pages = await Promise.all(
      ['some-key@x.test', 'some-pwd@x.test', 'somebody@x.test'].map(async (email) => {
        const browser = newBrowser(app);
        const page = await browser.submit(await browser.open(authorization(app)), { identifier: email, password: '' });
        const wrong = await browser.submit(page, { password: 'not the right one' });
        return [page, wrong].map((one) => shape(one, email));
      }),
    );
    const [first] = pages;
    for (const other of pages) assert.deepEqual(other, first);
  });

  it('have the password in their first form, so that nothing depends on passkeys', async () => {
    const page = await newBrowser(app).open(authorization(app));
    assert.deepEqual(Object.keys(formOf(page).fields).sort(), ['identifier', 'password']);
    assert.ok(page.text.length < 30_000);
    const again = await newBrowser(app).open(authorization(app, { prompt: 'none' }));
    assert.equal(errorOf(again), 'login_required');
  });
});
