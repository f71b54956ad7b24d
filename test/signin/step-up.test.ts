import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Browser, type Page, textOf } from '../support/browser.ts';
import { addKey, optionsOn, withTotp } from '../support/second-factor.ts';
import { authorization, introspect, newBrowser, redeem } from '../support/signing-in.ts';
import { codeOf } from '../support/totp.ts';

let app: TestApp;
before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  app = await startApp({ SALLYPORT_MFA_SECOND_FACTOR: 'off' });
});
after(async () => {
  await app.close();
  mock.timers.reset();
});
beforeEach(() => mock.timers.tick(90_000));

const title = (page: Page) => textOf(page, '<h1');
const errorOf = ({ url }: Page) => url.searchParams.get('error');
const claim = (acr: object) => ({ claims: JSON.stringify({ id_token: { acr } }) });
const confirm = 'Confirm that it is you';

/** A browser in which this person has a session by password. */
async function signedIn(email: string, more: Record<string, string> = {}): Promise<{ browser: Browser; back: Page }> {
  const browser = newBrowser(app);
  const back = await browser.submit(await browser.open(authorization(app, more)), { identifier: email, password });
  assert.match(String(back.url), /code=/);
  return { browser, back };
}
const claimsOf = async (page: Page) => (await redeem(app, page)).claims;

describe('a session that is not strong enough', () => {
  for (const [name, request] of [
    ['acr_values', { acr_values: '2fa' }],
    ['an essential claim', claim({ essential: true, value: '2fa' })],
    ['an essential claim of several values', claim({ essential: true, values: ['2fa', 'phr'] })],
    ['a voluntary claim', claim({ values: ['2fa'] })],
  ] as const) {
    it(`is stepped up by ${name} without asking the password again (sec-051)`, async () => {
      const email = `up-${name.replaceAll(' ', '-')}@x.test`;
      const { secret } = await withTotp(app, email);
      const { browser, back } = await signedIn(email, { max_age: '36000' });
      const before = await claimsOf(back);
      mock.timers.tick(120_000);
      const page = await browser.open(authorization(app, request));
      assert.equal(title(page), confirm);
      assert.doesNotMatch(page.text, /name="password"/);
      const after = await redeem(app, await browser.submit(page, { code: codeOf(secret) }));
      const { amr, acr, sub } = after.claims;
      assert.deepEqual([acr, sub], ['2fa', before.sub]);
      const { amr: told, auth_time } = await introspect(app, after.access_token);
      assert.deepEqual([told, amr ?? told], [['pwd', 'otp', 'mfa'], told]);
      assert.equal(auth_time, before.auth_time + 120);
      assert.match(String((await browser.open(authorization(app, { ...request, prompt: 'none' }))).url), /code=/);
    });
  }

  it('says so to prompt=none, and is asked for the password too when that is wanted', async () => {
    const { secret } = await withTotp(app, 'again@x.test');
    const { browser } = await signedIn('again@x.test');
    const silent = await browser.open(authorization(app, { acr_values: '2fa', prompt: 'none' }));
    assert.equal(errorOf(silent), 'login_required');
    const asked = await browser.open(authorization(app, { acr_values: '2fa', prompt: 'login' }));
    assert.match(title(asked) ?? '', /^Sign in to/);
    const factor = await browser.submit(asked, { identifier: 'again@x.test', password });
    assert.match(String((await browser.submit(factor, { code: codeOf(secret) })).url), /code=/);
    mock.timers.tick(600_000);
    const old = await browser.open(authorization(app, { acr_values: '2fa', max_age: '300' }));
    assert.match(title(old) ?? '', /^Sign in to/);
  });

  it('sec-139 is the only one that is stepped up: another browser of the person is not', async () => {
    const { secret } = await withTotp(app, 'two@x.test');
    const [one, other] = [(await signedIn('two@x.test')).browser, (await signedIn('two@x.test')).browser];
    const page = await one.open(authorization(app, { acr_values: '2fa' }));
    await one.submit(page, { code: codeOf(secret) });
    assert.equal(title(await other.open(authorization(app, { acr_values: '2fa' }))), confirm);
  });

  it('is stepped up for an API that demands it (RFC 9470)', async () => {
    const audience = 'https://api.x.test/pay';
    const api = {
      permissions: ['pay'],
      tokenFormat: 'opaque',
      signingAlg: 'RS256',
      tokenTtl: 600,
      routes: [],
    } as const;
    await app.parts.access.saveApi(
      { id: audience, acr: '2fa', ...api, permissions: [...api.permissions], routes: [] },
      'cli',
    );
    const { secret } = await withTotp(app, 'api@x.test');
    const { browser } = await signedIn('api@x.test');
    const page = await browser.open(authorization(app, { resource: audience }));
    assert.equal(title(page), confirm);
    assert.match(String((await browser.submit(page, { code: codeOf(secret) })).url), /code=/);
  });

  it('ends in unmet_authentication_requirements when the person gives up, and the session stays as it was', async () => {
    await withTotp(app, 'no@x.test');
    const { browser } = await signedIn('no@x.test');
    const page = await browser.open(authorization(app, { acr_values: '2fa' }));
    assert.equal(errorOf(await browser.submit(page, { decision: 'cancel' })), 'unmet_authentication_requirements');
    assert.equal((await claimsOf(await browser.open(authorization(app, { acr_values: '1fa' })))).acr, '1fa');
  });

  it('is nothing any more when its person was signed out everywhere while the page was open', async () => {
    const { id, secret } = await withTotp(app, 'out@x.test');
    const { browser } = await signedIn('out@x.test');
    const page = await browser.open(authorization(app, { acr_values: '2fa' }));
    await app.parts.users.disable(id, 'cli');
    await app.parts.users.enable(id, 'cli');
    mock.timers.tick(5_000);
    const answer = await browser.submit(page, { code: codeOf(secret) });
    assert.match(title(answer) ?? '', /^Sign in to/);
  });
});

describe('a client that wants what cannot be phished (phr)', () => {
  it('sec-141 gets it, and no code or recovery code however it is posted', async () => {
    const { id, secret } = await withTotp(app, 'phr@x.test');
    const key = await addKey(app, id);
    const [recovery = ''] = await app.parts.enrolments.renewRecoveryCodes({ id }, { ip: '::1', requestId: 'r' });
    const { browser } = await signedIn('phr@x.test');
    const page = await browser.open(authorization(app, { acr_values: 'phr' }));
    assert.doesNotMatch(page.text, /\?way=/);
    for (const address of [page.url.pathname, `${page.url.pathname}?way=totp`]) {
      assert.match((await browser.open(address)).text, /data-webauthn="get"/);
    }
    for (const weaker of [
      { factor: 'totp', code: codeOf(secret) },
      { factor: 'recovery-codes', code: recovery },
      { code: codeOf(secret) },
    ]) {
      const refused = await browser.submit(page, weaker);
      assert.deepEqual([refused.status, title(refused)], [400, confirm]);
      assert.match(alertOf(refused) ?? '', /not sure enough/);
    }
    const last = await browser.open(page.url);
    const back = await browser.submit(last, { response: key.get(optionsOn(last)) });
    assert.equal((await claimsOf(back)).acr, 'phr');
    // Neither code was used up by the attempt.
    assert.equal((await app.parts.enrolments.of(id)).find(({ kind }) => kind === 'recovery-codes')?.left, 10);
  });

  it('sec-149 is told by the flag, not by the key: who was not verified is asked again', async () => {
    const id = await somebody(app, 'uv@x.test');
    const key = await addKey(app, id);
    const { browser } = await signedIn('uv@x.test');
    const page = await browser.open(authorization(app, { acr_values: 'phr' }));
    const weak = await browser.submit(page, { response: key.get(optionsOn(page), { verifies: false }) });
    assert.equal(weak.status, 400);
    assert.match(alertOf(weak) ?? '', /PIN/);
    const back = await browser.submit(weak, { response: key.get(optionsOn(weak)) });
    assert.equal((await claimsOf(back)).acr, 'phr');
  });

  it('sec-138 has somebody with a weaker factor prove that one before a better one is bound', async () => {
    const { secret } = await withTotp(app, 'better@x.test');
    const { browser } = await signedIn('better@x.test');
    const page = await browser.open(authorization(app, { acr_values: 'phr' }));
    assert.equal(title(page), confirm);
    const enrol = await browser.submit(page, { code: codeOf(secret) });
    assert.equal(title(enrol), 'Set up a second factor');
    assert.match(enrol.text, /data-webauthn="create"/);
    assert.doesNotMatch(enrol.text, /\?way=totp/);
  });

  it('hears of an essential 2fa by the value that it asked for', async () => {
    const id = await somebody(app, 'high@x.test');
    const key = await addKey(app, id);
    const { browser } = await signedIn('high@x.test');
    const page = await browser.open(authorization(app, { acr_values: 'phr' }));
    await browser.submit(page, { response: key.get(optionsOn(page)) });
    const asked = claim({ essential: true, value: '2fa' });
    assert.equal((await claimsOf(await browser.open(authorization(app, asked)))).acr, '2fa');
    assert.equal((await claimsOf(await browser.open(authorization(app)))).acr, 'phr');
  });
});

describe('discovery', () => {
  it('names the levels that a sign-in can have', async () => {
    const answer = await fetch(`${app.issuer}/.well-known/openid-configuration`);
    assert.deepEqual((await answer.json()).acr_values_supported, ['1fa', '2fa', 'phr']);
  });
});
