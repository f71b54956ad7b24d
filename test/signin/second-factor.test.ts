import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';
import { password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Browser, type Page, textOf } from '../support/browser.ts';
import { addKey, addTotp, codesOn, optionsOn, withTotp } from '../support/second-factor.ts';
import { authorization, introspect, newBrowser, redeem } from '../support/signing-in.ts';
import { codeOf, wrongCode } from '../support/totp.ts';

let app: TestApp;
const seen = { ip: '192.0.2.1', requestId: 'r-1' };

before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  app = await startApp();
});
after(async () => {
  await app.close();
  mock.timers.reset();
});
// A code counts once, so every test has a time of its own.
beforeEach(() => mock.timers.tick(90_000));

const title = (page: Page) => textOf(page, '<h1');
const errorOf = ({ url }: Page) => url.searchParams.get('error');
const toTheFactor = async (browser: Browser, email: string, more: Record<string, string> = {}) => {
  const page = await browser.submit(await browser.open(authorization(app, more)), { identifier: email, password });
  assert.equal(title(page), 'Confirm that it is you');
  return page;
};
const factsOf = async (page: Page) => {
  const { access_token, claims } = await redeem(app, page);
  const { amr, acr } = await introspect(app, access_token);
  assert.deepEqual([claims.acr], [acr]);
  return { amr, acr };
};
const lastOf = async (type: string, id: string) =>
  (await app.parts.trail.search({ type, target: `user:${id}` })).at(-1)?.detail;

describe('password and authenticator app', () => {
  it('are six requests and two pages', async () => {
    const { secret } = await withTotp(app, 'six@x.test');
    const browser = newBrowser(app);
    const pages: Page[] = [];
    const hops = await browser.during(async () => {
      pages.push(await browser.open(authorization(app)));
      pages.push(await browser.submit(pages[0] as Page, { identifier: 'six@x.test', password }));
      const back = await browser.submit(pages[1] as Page, { code: codeOf(secret) });
      assert.match(String(back.url), /code=/);
    });
    assert.deepEqual(hops, [
      'GET /oauth2/authorize 303',
      'GET /signin/… 200',
      'POST /signin/… 303',
      'GET /signin/… 200',
      'POST /signin/… 303',
      'GET /oauth2/authorize/… 303',
    ]);
    assert.equal(pages.length, 2);
    for (const page of pages) assert.ok(page.text.length < 30_000);
  });

  it('sec-142 make a sign-in that tokens and the trail tell as what it was', async () => {
    const { id, secret } = await withTotp(app, 'told@x.test');
    const browser = newBrowser(app);
    const back = await browser.submit(await toTheFactor(browser, 'told@x.test'), { code: codeOf(secret) });
    assert.deepEqual(await factsOf(back), { amr: ['pwd', 'otp', 'mfa'], acr: '2fa' });
    const facts = { method: 'password', client: 'demo-web', factor: 'totp', acr: '2fa' };
    assert.deepEqual(await lastOf('signin.succeeded', id), { ...facts, device: 'new', browser: 'Browser' });
    assert.equal((await app.parts.trail.search({ type: 'signin.succeeded', target: `user:${id}` })).length, 1);
    mock.timers.tick(60_000);
    const again = await browser.open(authorization(app, { prompt: 'login' }));
    const factor = await browser.submit(again, { identifier: 'told@x.test', password });
    await browser.submit(factor, { code: codeOf(secret) });
    assert.deepEqual(await lastOf('signin.succeeded', id), { ...facts, device: 'known' });
  });

  it('show who it is, with a way to be somebody else, and a field that phones fill in', async () => {
    await withTotp(app, 'shown@x.test');
    const browser = newBrowser(app);
    const page = await toTheFactor(browser, 'shown@x.test');
    assert.match(textOf(page, '<p class="person"') ?? '', /^shown@x\.test Not you\?$/);
    assert.match(page.text, /name="code" type="text" inputmode="numeric" autocomplete="one-time-code"/);
    const first = await browser.open(`${page.url.pathname}?restart`);
    assert.match(title(first) ?? '', /^Sign in to/);
  });

  it('sec-142 are two factors: neither a second password nor the same code is one', async () => {
    const { secret } = await withTotp(app, 'twice@x.test');
    const browser = newBrowser(app);
    const page = await toTheFactor(browser, 'twice@x.test');
    const still = await browser.submit(page, { identifier: 'twice@x.test', password });
    assert.equal(title(still), 'Confirm that it is you');
    const code = codeOf(secret);
    assert.match(String((await browser.submit(still, { code })).url), /code=/);
    const other = newBrowser(app);
    const refused = await other.submit(await toTheFactor(other, 'twice@x.test'), { code });
    assert.equal(refused.status, 400);
    assert.match(alertOf(refused) ?? '', /not right, or was used before/);
  });

  it('sec-129 of eight that send one code at the same moment, one is signed in', async () => {
    const { secret } = await withTotp(app, 'eight@x.test');
    const browsers = Array.from({ length: 8 }, () => newBrowser(app));
    const pages = await Promise.all(browsers.map((browser) => toTheFactor(browser, 'eight@x.test')));
    const code = codeOf(secret);
    const sent = browsers.map((browser, at) => browser.submit(pages[at] as Page, { code }));
    const signedIn = (await Promise.all(sent)).filter(({ url }) => url.searchParams.has('code'));
    assert.equal(signedIn.length, 1);
  });

  it('sec-131 are slowed down after wrong codes, whatever the browser, and say how long', async () => {
    const { id, secret } = await withTotp(app, 'slow@x.test');
    const browser = newBrowser(app);
    let page = await toTheFactor(browser, 'slow@x.test');
    for (let tries = 0; tries < 20 && page.status !== 429; tries += 1) {
      page = await browser.submit(page, { code: wrongCode(secret) });
    }
    assert.equal(page.status, 429);
    assert.ok(Number(page.headers['retry-after']) > 0);
    assert.match(alertOf(page) ?? '', /too many wrong codes\. Wait/);
    // sec-163: another tab, and a right code, have to wait as well.
    const other = newBrowser(app);
    assert.equal((await other.submit(await toTheFactor(other, 'slow@x.test'), { code: codeOf(secret) })).status, 429);
    assert.equal((await lastOf('signin.slowed', id))?.method, 'totp');
  });
});

describe('what is half proven', () => {
  it('sec-146 is no session: not for clients, not for the account, not for prompt=none', async () => {
    await withTotp(app, 'half@x.test');
    const browser = newBrowser(app);
    await toTheFactor(browser, 'half@x.test');
    assert.equal(errorOf(await browser.open(authorization(app, { prompt: 'none' }))), 'login_required');
    const account = await browser.open('/account/profile');
    assert.match(title(account) ?? '', /^Sign in to/);
  });

  it('sec-144 is needed: a code without a password is no answer', async () => {
    const { secret } = await withTotp(app, 'bare@x.test');
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    const still = await browser.submit(page, {
      identifier: 'bare@x.test',
      password: '',
      factor: 'totp',
      code: codeOf(secret),
    });
    assert.match(title(still) ?? '', /^Sign in to/);
    const again = await browser.send('POST', page.url, { factor: 'totp', code: codeOf(secret) });
    assert.equal(new URL(again.headers.location ?? '', app.issuer).pathname, page.url.pathname);
  });

  it('sec-145 belongs to one person: no field names another one, and no code of another one counts', async () => {
    const mallory = await withTotp(app, 'mallory@x.test');
    const { id } = await withTotp(app, 'victim@x.test');
    const browser = newBrowser(app);
    const page = await toTheFactor(browser, 'victim@x.test');
    const code = codeOf(mallory.secret);
    const names = { user: mallory.id, identifier: 'mallory@x.test', account: mallory.id };
    const refused = await browser.submit(page, { ...names, code });
    assert.equal(refused.status, 400);
    assert.match(textOf(refused, '<p class="person"') ?? '', /^victim@x\.test/);
    const key = await addKey(app, mallory.id);
    await addKey(app, id);
    const keyPage = await browser.open(`${page.url.pathname}?way=webauthn`);
    const answer = { factor: 'webauthn', response: key.get(optionsOn(keyPage)) };
    assert.equal((await browser.submit(keyPage, answer)).status, 400);
  });

  it('is over when the person is signed out everywhere, or disabled, meanwhile', async () => {
    const { id, secret } = await withTotp(app, 'gone@x.test');
    const browser = newBrowser(app);
    const page = await toTheFactor(browser, 'gone@x.test');
    await app.parts.users.disable(id, 'cli');
    await app.parts.users.enable(id, 'cli');
    mock.timers.tick(5_000);
    const still = await browser.submit(page, { code: codeOf(secret) });
    assert.match(title(still) ?? '', /^Sign in to/);
  });

  it('opens in the browser that began it, and in no other', async () => {
    const { secret } = await withTotp(app, 'mine@x.test');
    const page = await toTheFactor(newBrowser(app), 'mine@x.test');
    const answer = await newBrowser(app).submit(page, { code: codeOf(secret) });
    assert.equal(answer.status, 400);
  });
});

describe('several factors', () => {
  it('begin with the strongest, and the others are one click away', async () => {
    const { id, secret } = await withTotp(app, 'many@x.test');
    const key = await addKey(app, id);
    const browser = newBrowser(app);
    const page = await toTheFactor(browser, 'many@x.test');
    assert.match(page.text, /data-webauthn="get"/);
    const code = await browser.open(`${page.url.pathname}?way=totp`);
    assert.match(String((await browser.submit(code, { code: codeOf(secret) })).url), /code=/);
    const other = newBrowser(app);
    const asked = await toTheFactor(other, 'many@x.test');
    const back = await other.submit(asked, { response: key.get(optionsOn(asked)) });
    assert.deepEqual(await factsOf(back), { amr: ['pwd', 'hwk', 'user', 'mfa'], acr: 'phr' });
  });

  it('sec-149 a key that verifies nobody is a second factor, and worth less', async () => {
    const id = await somebody(app, 'touch@x.test');
    const key = await addKey(app, id, { verifies: false });
    const browser = newBrowser(app);
    const page = await toTheFactor(browser, 'touch@x.test');
    const back = await browser.submit(page, { response: key.get(optionsOn(page)) });
    assert.deepEqual(await factsOf(back), { amr: ['pwd', 'hwk', 'mfa'], acr: '2fa' });
  });

  it('sec-147 an answer to a challenge counts once, and for the sign-in that asked', async () => {
    const id = await somebody(app, 'once@x.test');
    const key = await addKey(app, id);
    const [one, other] = [newBrowser(app), newBrowser(app)];
    const page = await toTheFactor(one, 'once@x.test');
    const elsewhere = await toTheFactor(other, 'once@x.test');
    const response = key.get(optionsOn(page));
    assert.equal((await other.submit(elsewhere, { response })).status, 400);
    assert.match(String((await one.submit(page, { response })).url), /code=/);
    const again = await toTheFactor(other, 'once@x.test');
    assert.equal((await other.submit(again, { response })).status, 400);
  });
});

describe('recovery codes', () => {
  async function withCodes(email: string) {
    const { id, secret } = await withTotp(app, email);
    return { id, secret, codes: await app.parts.enrolments.renewRecoveryCodes({ id }, seen) };
  }
  const byCode = async (browser: Browser, email: string, code = '') => {
    const page = await toTheFactor(browser, email);
    return browser.submit(await browser.open(`${page.url.pathname}?way=recovery-codes`), { code });
  };

  it('sec-160 with the password are two factors, each code once (sec-159)', async () => {
    const { codes, id } = await withCodes('lost@x.test');
    const browser = newBrowser(app);
    const back = await byCode(browser, 'lost@x.test', codes[0]);
    assert.deepEqual(await factsOf(back), { amr: ['pwd', 'recovery', 'mfa'], acr: '2fa' });
    assert.equal((await lastOf('signin.succeeded', id))?.factor, 'recovery-codes');
    assert.equal((await byCode(newBrowser(app), 'lost@x.test', codes[0])).status, 400);
    const alone = await newBrowser(app).open(authorization(app));
    assert.doesNotMatch(alone.text, /recovery/);
  });

  it('warn when two are left, and can be made anew on the way', async () => {
    const { codes } = await withCodes('few@x.test');
    for (const code of codes.slice(0, 7)) {
      assert.match(String((await byCode(newBrowser(app), 'few@x.test', code)).url), /code=/);
    }
    const browser = newBrowser(app);
    const warning = await byCode(browser, 'few@x.test', codes[7]);
    assert.equal(title(warning), 'Few recovery codes are left');
    assert.match(warning.text, /2 recovery codes are left/);
    assert.equal(errorOf(await browser.open(authorization(app, { prompt: 'none' }))), 'login_required');
    const made = await browser.submit(warning, { decision: 'renew' });
    const fresh = codesOn(made);
    assert.equal(new Set([...fresh, ...codes]).size, 20);
    const back = await browser.submit(made, { decision: 'continue' });
    assert.match(String(back.url), /code=/);
    assert.equal((await byCode(newBrowser(app), 'few@x.test', codes[8])).status, 400);
    assert.match(String((await byCode(newBrowser(app), 'few@x.test', fresh[0])).url), /code=/);
  });
});

describe('a factor that was switched off by guessing', () => {
  it('is not forgotten: nobody binds another one in its place with the password alone', async () => {
    const { id, secret } = await withTotp(app, 'blocked@x.test');
    await app.parts.mfaPolicies.change('default', { secondFactor: 'required' }, 'cli');
    for (let tries = 0; tries < 200; tries += 1) {
      const proof = await app.parts.enrolments.prove(
        'totp',
        { user: id, binding: 'x' },
        { code: wrongCode(secret) },
        seen,
      );
      if (!proof.ok && proof.blocked) break;
      mock.timers.tick(3_600_000);
    }
    const browser = newBrowser(app);
    const page = await toTheFactor(browser, 'blocked@x.test');
    await app.parts.mfaPolicies.change('default', { secondFactor: 'if-enrolled' }, 'cli');
    assert.match(alertOf(page) ?? '', /no second factor left/);
    assert.equal((await browser.submit(page, { code: codeOf(secret) })).status, 400);
    assert.equal(errorOf(await browser.submit(page, { decision: 'cancel' })), 'access_denied');
    await addTotp(app, id);
  });
});
