import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { type Browser, type Page, textOf } from '../support/browser.ts';
import { administrator, enterWithKey } from '../support/console.ts';
import { authorization, introspect, newBrowser, redeem, signInto } from '../support/signing-in.ts';

let app: TestApp;
let secret = '';
const api = 'https://api.example.test/orders';
const redirectUri = 'https://portal.example.test/cb';
const portal = { client_id: 'portal', redirect_uri: redirectUri };

before(async () => {
  app = await startApp();
  secret = await addPortal('portal');
});
after(() => app.close());

async function addPortal(id: string, more: object = {}): Promise<string> {
  const metadata = {
    ...{ redirect_uris: [redirectUri], grant_types: ['authorization_code', 'refresh_token'] },
    ...{ client_uri: 'https://portal.example.test/', policy_uri: 'https://portal.example.test/privacy', ...more },
  };
  const { secret: fresh = '' } = await app.parts.clients.add({ id, name: 'Orders portal', metadata }, 'cli');
  return fresh;
}

/** A person who was never asked for anything, signed in at demo-web. */
let count = 0;
async function somebody(): Promise<Browser> {
  count += 1;
  const email = `person${count}@example.test`;
  const password = 'a lamp beside four rivers';
  const user = await app.parts.users.add({ email, password, emailVerified: true }, 'cli');
  await app.parts.access.assign(`user:${user.id}`, 'orders-reader', 'cli');
  const browser = newBrowser(app);
  await browser.submit(await browser.open(authorization(app)), { identifier: email, password });
  return browser;
}

const ask = (browser: Browser, more: Record<string, string> = {}) =>
  browser.open(authorization(app, { ...portal, ...more }));
const isConsent = (page: Page) => textOf(page, '<h1')?.startsWith('Allow Orders portal') === true;
const hasCode = ({ url }: Page) => url.searchParams.has('code');
const allow = (browser: Browser, page: Page, more: Record<string, string> = {}) =>
  browser.submit(page, { decision: 'allow', ...more });

describe('a client of ours', () => {
  it('is never asked about', async () => {
    const browser = await somebody();
    assert.ok(hasCode(await browser.open(authorization(app, { scope: 'openid profile phone orders:write' }))));
  });

  it('gets tokens for the API and the person in one, with what the person holds', async () => {
    const back = await signInto(app, newBrowser(app), { scope: 'openid profile email orders:read' });
    const tokens = await redeem(app, back);
    const answer = await introspect(app, tokens.access_token);
    assert.equal(answer.aud, api);
    assert.deepEqual(answer.scope.split(' ').sort(), ['email', 'openid', 'orders:read', 'profile']);
  });
});

describe('a client that wants to administer', () => {
  it('sec-270 has the person asked each time, also one of ours: a link that is followed gives nobody their power', async () => {
    const tool = { client_id: 'tool', redirect_uri: 'https://tool.example.test/cb' };
    const metadata = { redirect_uris: [tool.redirect_uri] };
    await app.parts.clients.add({ id: 'tool', name: 'Tool', firstParty: true, metadata }, 'cli');
    const ada = await administrator(app, 'ada@x.test');
    for (const more of [{ scope: 'openid users:read' }, { scope: 'openid', resource: 'urn:sallyport:admin' }]) {
      for (let time = 0; time < 2; time += 1) {
        const page = await ada.browser.open(authorization(app, { ...tool, ...more }));
        const question = textOf(page, '<h1')?.startsWith('Allow') ? page : await enterWithKey(ada, page);
        assert.match(textOf(question, '<h1') ?? '', /^Allow Tool/, JSON.stringify(more));
        assert.ok(hasCode(await allow(ada.browser, question)));
      }
    }
    assert.ok(hasCode(await ada.browser.open(authorization(app, { ...tool, scope: 'openid orders:read' }))));
  });
});

describe('a client of others', () => {
  it('is shown with its home, the account, what it may do in plain words, and where it goes on', async () => {
    const browser = await somebody();
    const page = await ask(browser, { scope: 'openid profile orders:read orders:write' });
    assert.ok(isConsent(page));
    for (const words of [
      /href="https:\/\/portal\.example\.test\/" rel="noreferrer"/,
      new RegExp(`person${count}@example\\.test`),
      /See your name and the rest of your profile/,
      /<h2>On api\.example\.test\/orders<\/h2>\s*<ul><li>See orders<\/li><li>Add and change orders<\/li><\/ul>/,
      /you go back to portal\.example\.test/,
      /not asked about this again for a year/,
    ]) {
      assert.match(page.text, words);
    }
    assert.doesNotMatch(page.text, /Not verified/);
  });

  it('gets what was allowed, for the API and the person in one token', async () => {
    const browser = await somebody();
    const page = await ask(browser, { scope: 'openid email orders:read' });
    const tokens = await redeem(app, await allow(browser, page), { client: 'portal', redirectUri, secret });
    const answer = await introspect(app, tokens.access_token);
    assert.deepEqual(answer.scope.split(' ').sort(), ['email', 'openid', 'orders:read']);
    assert.equal(answer.aud, api);
  });

  it('gets access_denied when the person denies, and the next request asks again', async () => {
    const browser = await somebody();
    const back = await browser.submit(await ask(browser), { decision: 'deny' });
    assert.equal(back.url.href.split('?')[0], redirectUri);
    assert.equal(back.url.searchParams.get('error'), 'access_denied');
    assert.equal(back.url.searchParams.get('state'), 's');
    assert.equal(back.url.searchParams.get('iss'), app.issuer);
    assert.ok(isConsent(await ask(browser)));
  });

  it('is not asked about again, in this session or after a logout', async () => {
    const browser = await somebody();
    const email = `person${count}@example.test`;
    await allow(browser, await ask(browser));
    assert.ok(hasCode(await ask(browser)));
    await browser.submit(await browser.open(`${app.issuer}/oauth2/logout`), { decision: 'logout' });
    const page = await ask(browser);
    assert.ok(hasCode(await browser.submit(page, { identifier: email, password: 'a lamp beside four rivers' })));
  });

  it('is asked about again after a year', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const browser = await somebody();
    const enter = { identifier: `person${count}@example.test`, password: 'a lamp beside four rivers' };
    await allow(browser, await ask(browser));
    t.mock.timers.tick(300 * 86_400_000);
    assert.ok(hasCode(await browser.submit(await ask(browser), enter)));
    t.mock.timers.tick(66 * 86_400_000);
    assert.ok(isConsent(await browser.submit(await ask(browser), enter)));
  });

  it('is asked about when it wants more than before, or wants to be', async () => {
    const browser = await somebody();
    await allow(browser, await ask(browser, { scope: 'openid email' }));
    assert.ok(hasCode(await ask(browser, { scope: 'openid' })));
    for (const more of [
      { scope: 'openid email phone' },
      { scope: 'openid orders:read' },
      { prompt: 'consent' },
      { claims: JSON.stringify({ userinfo: { birthdate: null } }) },
    ] as Record<string, string>[]) {
      assert.ok(isConsent(await ask(browser, more)), JSON.stringify(more));
    }
    const claims = await ask(browser, { claims: JSON.stringify({ userinfo: { birthdate: null } }) });
    assert.match(claims.text, /See your birthdate/);
  });

  it('gets no more than it asked for, whatever the form says (sec-047)', async () => {
    const browser = await somebody();
    const page = await ask(browser, { scope: 'openid orders:read' });
    const forged = {
      scope: 'openid orders:write phone',
      resource: 'urn:sallyport:admin',
      grantId: 'another',
      claims: 'x',
    };
    const back = await allow(browser, page, forged);
    const tokens = await redeem(app, back, { client: 'portal', redirectUri, secret });
    assert.equal((await introspect(app, tokens.access_token)).scope, 'openid orders:read');
  });

  it('profits from nothing that was allowed to an earlier client of the same id', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    await addPortal('short-lived');
    const browser = await somebody();
    const other = { client_id: 'short-lived' };
    await allow(browser, await ask(browser, other));
    assert.ok(hasCode(await ask(browser, other)));
    await app.parts.clients.remove('short-lived', 'cli');
    t.mock.timers.tick(2000);
    await addPortal('short-lived');
    assert.ok(isConsent(await ask(browser, other)));
  });

  it('leaves a trace in the audit trail', async () => {
    const browser = await somebody();
    await allow(browser, await ask(browser, { scope: 'openid orders:read' }));
    const events = await app.parts.trail.search({ type: 'consent.given', target: 'client:portal' });
    assert.deepEqual(events.at(-1)?.detail, { client: 'portal', scope: 'openid orders:read' });
  });
});

describe('a client that anybody could pretend to be (RFC 8252 §8.6, sec-052)', () => {
  const native = { client_id: 'native', redirect_uri: 'http://127.0.0.1:51004/cb' };
  const asNative = (browser: Browser) => browser.open(authorization(app, native));
  before(async () => {
    const metadata = {
      ...{ application_type: 'native', token_endpoint_auth_method: 'none', grant_types: ['authorization_code'] },
      redirect_uris: ['http://127.0.0.1/cb'],
    };
    const said = { id: 'native', name: 'Orders portal', registrar: 'demo-registrar', metadata };
    await app.parts.clients.add(said, 'cli');
    const https = { ...metadata, application_type: 'web', redirect_uris: [redirectUri] };
    await app.parts.clients.add({ id: 'in-browser', name: 'Orders portal', metadata: https }, 'cli');
  });

  it('is asked about each time, and shown as not verified with where it goes on', async () => {
    const browser = await somebody();
    const page = await asNative(browser);
    assert.match(page.text, /Not verified\./);
    assert.match(page.text, /a program on this device \(127\.0\.0\.1:51004\)/);
    assert.match(page.text, /You are asked each time/);
    assert.ok(hasCode(await allow(browser, page)));
    assert.ok(isConsent(await asNative(browser)));
    const none = await browser.open(authorization(app, { ...native, prompt: 'none' }));
    assert.equal(none.url.searchParams.get('error'), 'interaction_required');
  });

  it('is another one than a public client whose https address is its own', async () => {
    const browser = await somebody();
    const inBrowser = { client_id: 'in-browser' };
    await allow(browser, await ask(browser, inBrowser));
    assert.ok(hasCode(await ask(browser, inBrowser)));
  });
});
