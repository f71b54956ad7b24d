import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Browser, type Page, textOf } from '../support/browser.ts';
import { authorization, newBrowser, redeem, signIn, signInto } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const errorOf = ({ url }: Page) => url.searchParams.get('error');
const isSignIn = (page: Page) => textOf(page, '<h1')?.startsWith('Sign in to') === true;

/** A browser in which alice has signed in, the claims of her ID token, and that itself. */
async function signedIn(): Promise<{ browser: Browser; idToken: string; authTime: number }> {
  const browser = newBrowser(app);
  const back = await signInto(app, browser, { max_age: '3600' });
  const { id_token: idToken, claims } = await redeem(app, back);
  return { browser, idToken, authTime: claims.auth_time };
}

describe('prompt=none (OIDC Core §3.1.2.6, sec-049)', () => {
  const none = { prompt: 'none' };

  it('answers login_required when nobody is signed in', async () => {
    assert.equal(errorOf(await newBrowser(app).open(authorization(app, none))), 'login_required');
  });

  it('answers with a code when nothing is open', async () => {
    const { browser, idToken } = await signedIn();
    assert.match(String((await browser.open(authorization(app, { ...none, id_token_hint: idToken }))).url), /code=/);
  });

  it('answers login_required when the hint names somebody else', async () => {
    const { idToken } = await signedIn();
    const browser = newBrowser(app);
    await signInto(app, browser, {}, 'bob@example.test');
    assert.equal(
      errorOf(await browser.open(authorization(app, { ...none, id_token_hint: idToken }))),
      'login_required',
    );
  });

  it('answers consent_required where the person was never asked', async () => {
    await app.parts.clients.add({ id: 'other', metadata: { redirect_uris: ['https://other.example.test/cb'] } }, 'cli');
    const { browser } = await signedIn();
    const request = { ...none, client_id: 'other', redirect_uri: 'https://other.example.test/cb' };
    assert.equal(errorOf(await browser.open(authorization(app, request))), 'consent_required');
  });
});

describe('a demand for a fresh sign-in (sec-050)', () => {
  for (const demand of [{ prompt: 'login' }, { max_age: '0' }, { max_age: '60' }]) {
    it(`asks again for ${new URLSearchParams(demand)}, and auth_time moves`, async (t) => {
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
      const { browser, authTime } = await signedIn();
      t.mock.timers.tick(90_000);
      const page = await browser.open(authorization(app, demand));
      assert.ok(isSignIn(page));
      assert.match(page.text, /name="identifier"[^>]*value="alice@example\.test"/);
      const { claims } = await redeem(app, await signIn(app, browser, page));
      assert.equal(claims.auth_time, authTime + 90);
    });
  }

  it('leaves a sign-in alone that is young enough', async () => {
    const { browser, authTime } = await signedIn();
    const { claims } = await redeem(app, await browser.open(authorization(app, { max_age: '600' })));
    assert.equal(claims.auth_time, authTime);
  });

  it('lets another person take over, after the first one was signed out', async () => {
    const { browser } = await signedIn();
    const page = await browser.open(authorization(app, { prompt: 'login' }));
    const between = await signIn(app, browser, page, 'bob@example.test');
    assert.equal(textOf(between, '<h1'), 'One moment');
    const { claims } = await redeem(app, await browser.submit(between, {}));
    assert.equal(claims.sub, (await app.parts.users.byEmail('bob@example.test'))?.id);
  });
});

describe('a hint at a certain person', () => {
  it('asks for that person, and says so when another one signs in', async () => {
    const { idToken } = await signedIn();
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app, { id_token_hint: idToken }));
    assert.ok(isSignIn(page));
    const again = await signIn(app, browser, page, 'bob@example.test');
    assert.match(alertOf(again) ?? '', /asks for another account/);
    const between = await signIn(app, browser, again);
    assert.match(String((await browser.submit(between, {})).url), /code=/);
  });
});

describe('acr (sec-051)', () => {
  const claim = (acr: object) => ({ claims: JSON.stringify({ id_token: { acr } }) });
  const given: [string, Record<string, string>][] = [
    ['a level that a password reaches', { acr_values: '1fa' }],
    ['a choice that holds one', { acr_values: 'phr 1fa' }],
    ['values of another vocabulary, which are only wishes', { acr_values: '1 2' }],
    ['an essential claim that a password satisfies', claim({ essential: true, values: ['2fa', '1fa'] })],
    ['a voluntary claim that nobody satisfies', claim({ value: 'gold' })],
  ];
  for (const [name, request] of given) {
    it(`signs in for ${name}, and says 1fa`, async () => {
      const { claims } = await redeem(app, await signInto(app, newBrowser(app), request));
      assert.equal(claims.acr, '1fa');
    });
  }

  const open: [string, Record<string, string>][] = [
    ['a second factor', { acr_values: '2fa' }],
    ['one of several levels', { acr_values: 'phr 2fa other' }],
    ['an essential claim of a level', claim({ essential: true, value: 'phr' })],
  ];
  for (const [name, request] of open) {
    it(`asks for ${name}, and says unmet_authentication_requirements when the person gives up`, async () => {
      const { browser } = await signedIn();
      const again = await browser.open(authorization(app, request));
      const fresh = newBrowser(app);
      for (const [one, page] of [
        [browser, again],
        [fresh, await signInto(app, fresh, request)],
      ] as const) {
        assert.equal(textOf(page, '<h1'), 'Set up a second factor');
        assert.equal(errorOf(await one.submit(page, { decision: 'cancel' })), 'unmet_authentication_requirements');
      }
    });
  }

  it('refuses an essential claim of another vocabulary at once, instead of asking for ever', async () => {
    const request = claim({ essential: true, values: ['gold', 'silver'] });
    const { browser } = await signedIn();
    const answers = [browser, newBrowser(app)].map((one) => one.open(authorization(app, request)));
    for (const answer of await Promise.all(answers)) {
      assert.equal(errorOf(answer), 'unmet_authentication_requirements');
    }
  });
});
