import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Api } from '../../src/directory/access.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { formOf, type Page, textOf } from '../support/browser.ts';
import { begin, connect, person, startProvider, Traveller } from '../support/federation.ts';
import { hostileProvider } from '../support/hostile-provider.ts';
import { basic, post } from '../support/oauth.ts';
import { authorization, introspect, newBrowser, redeem, signIn, signInto } from '../support/signing-in.ts';

const payments = 'https://api.example.test/payments';
const reports = 'https://api.example.test/reports';

let home: TestApp;
let provider: TestApp;
/** The one level of the provider, as a second factor, or as nothing. */
const shown = [{ acrIn: ['1fa'], level: '2fa' as const }];
const never = [{ amrAnyOf: ['mfa'], level: '2fa' as const }];

const plain: Omit<Api, 'id'> = { permissions: [], tokenFormat: 'opaque', signingAlg: 'RS256', routes: [] };
const pay = (demands: Partial<Api> = {}) =>
  home.parts.access.saveApi({ ...plain, id: payments, permissions: ['payments:make'], ...demands }, 'cli');

before(async () => {
  home = await startApp();
  provider = await startProvider();
  await home.parts.access.saveApi({ ...plain, id: reports, permissions: ['reports:read'], tokenFormat: 'jwt' }, 'cli');
  await pay();
  await connect(home, provider, 'corp', { mfa: 'accept', evidence: never });
  await person(provider, 'ana@corp.example');
});
after(() => Promise.all([home.close(), provider.close()]));
beforeEach(() => pay());

const believe = (evidence: typeof shown | typeof never) => home.parts.connections.change('corp', { evidence }, 'cli');
const errorOf = ({ url }: Page) => url.searchParams.get('error');
const describedOf = ({ url }: Page) => url.searchParams.get('error_description') ?? '';
const codeOf = ({ url }: Page) => url.searchParams.get('code');
const isSignIn = (page: Page) => textOf(page, '<h1')?.startsWith('Sign in to') === true;
const forPayments = { scope: 'openid offline_access payments:make', prompt: 'consent' };
const token = (form: Record<string, string>) =>
  post(`${home.issuer}/oauth2/token`, form, basic(home.client('demo-web')));

/** Signs ana in through her provider. */
async function through(more: Record<string, string> = {}, browser = new Traveller(home, provider)) {
  const page = await begin(browser, home, more);
  const back = page.url.origin === provider.issuer ? await browser.signIn(page, 'ana@corp.example') : page;
  return { browser, back };
}

describe('an API that demands a level (RFC 9470)', () => {
  for (const [way, wish] of [
    ['by its permission', { scope: 'openid payments:make' }],
    ['by its name', { scope: 'openid', resource: payments }],
  ] as const) {
    it(`is asked for ${way}, and the person proves more: acr and auth_time of all tokens move`, async (t) => {
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
      await believe(never);
      const { browser, back } = await through({ scope: 'openid payments:make' });
      const weak = await redeem(home, back);
      const first = await introspect(home, weak.access_token);
      assert.deepEqual([first.acr, first.auth_time, first.aud], ['1fa', Math.floor(Date.now() / 1000), payments]);
      await pay({ acr: '2fa' });
      await believe(shown);
      t.mock.timers.tick(60_000);
      const strong = await redeem(home, (await through(wish, browser)).back);
      const second = await introspect(home, strong.access_token);
      assert.deepEqual([second.sub, second.acr, second.auth_time], [first.sub, '2fa', first.auth_time + 60]);
      assert.ok(second.amr.includes('mfa') && second.amr.includes('fed'));
      assert.deepEqual([strong.claims.acr, strong.claims.sub], ['2fa', first.sub]);
      assert.equal((await introspect(home, weak.access_token)).acr, '1fa');
    });
  }

  it('lets a session through that is strong enough, also to an API that demands nothing', async () => {
    await believe(shown);
    await pay({ acr: '2fa' });
    const { browser, back } = await through({ scope: 'openid payments:make' });
    assert.ok(codeOf(back));
    assert.ok(codeOf(await browser.open(authorization(home, { scope: 'openid payments:make', prompt: 'none' }))));
    assert.ok(codeOf(await browser.open(authorization(home, { scope: 'openid reports:read', prompt: 'none' }))));
  });

  it('is heard as login_required with prompt=none, and only for this API', async () => {
    await believe(shown);
    await pay({ acr: '2fa' });
    const browser = newBrowser(home);
    await signInto(home, browser);
    const ask = (scope: string) => browser.open(authorization(home, { prompt: 'none', scope }));
    assert.equal(errorOf(await ask('openid payments:make')), 'login_required');
    assert.equal(errorOf(await ask('openid reports:read payments:make')), 'login_required');
    assert.ok(codeOf(await ask('openid reports:read')));
  });

  it('has the provider asked for a second factor in its words', async (t) => {
    const hostile = await hostileProvider();
    t.after(() => hostile.close());
    const mfa = { mfa: 'accept', evidence: shown, strongRequest: { acrValues: ['mfa'] } } as const;
    const client = {
      clientId: 'client',
      clientSecret: 'a-secret-of-32-characters-or-more',
      preset: 'generic-oidc',
      from: hostile.issuer,
    };
    await home.parts.connections.add({ id: 'words', name: 'Words', ...client, ...mfa }, 'cli');
    const asked = async (demands: Partial<Api>) => {
      await pay(demands);
      const request = authorization(home, { scope: 'openid payments:make', idp_hint: 'words' });
      return hostile.parametersOf((await newBrowser(home).open(request)).url.href).get('acr_values');
    };
    assert.deepEqual([await asked({}), await asked({ acr: '1fa' }), await asked({ acr: '2fa' })], [null, null, 'mfa']);
  });

  it('is unmet after a sign-in that did not reach it, and not asked for again', async () => {
    const browser = newBrowser(home);
    const page = await browser.open(authorization(home, { scope: 'openid payments:make' }));
    const { action, fields } = formOf(page);
    const email = 'alice@example.test';
    const form = { ...fields, identifier: email, password: home.password(email) };
    const proven = await browser.send('POST', new URL(action, page.url), form);
    assert.equal(proven.status, 303);
    await pay({ acr: 'phr' });
    const back = await browser.open(proven.headers.location ?? '');
    assert.equal(errorOf(back), 'unmet_authentication_requirements');
    assert.match(describedOf(back), /demands the acr phr; this sign-in has 1fa/);
  });

  it('is unmet after a sign-in that did not reach it, when the person gives up', async () => {
    await believe(shown);
    for (const acr of ['2fa', 'phr'] as const) {
      await pay({ acr });
      const browser = newBrowser(home);
      const page = await browser.open(authorization(home, { scope: 'openid payments:make' }));
      assert.ok(isSignIn(page));
      const back = await browser.submit(await signIn(home, browser, page), { decision: 'cancel' });
      assert.equal(errorOf(back), 'unmet_authentication_requirements');
      assert.match(describedOf(back), new RegExp(`the acr ${acr} was asked and not reached`));
    }
  });

  it('gives no token for a sign-in that never reached it: not for a code', async () => {
    const back = await signInto(home, newBrowser(home), { scope: 'openid payments:make' });
    await pay({ acr: '2fa' });
    const { error, error_description: sentence, access_token } = await redeem(home, back);
    assert.deepEqual([error, access_token], ['invalid_grant', undefined]);
    assert.match(sentence, /payments demands a sign-in with acr 2fa, and this one has 1fa; send the person/);
  });

  it('and not for a refresh token, which stays good for the time when it is enough', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const browser = newBrowser(home);
    const page = await signInto(home, browser, forPayments);
    const back = codeOf(page) ? page : await browser.submit(page, { decision: 'allow' });
    const { refresh_token } = await redeem(home, back);
    await pay({ acr: '2fa' });
    const form = { grant_type: 'refresh_token', refresh_token };
    for (const more of [{}, { resource: payments }]) {
      const { status, body } = await token({ ...form, ...more });
      assert.deepEqual([status, body.error], [400, 'invalid_grant']);
      assert.match(body.error_description, /demands a sign-in with acr 2fa/);
      t.mock.timers.tick(30_000);
    }
    await pay({ acr: '1fa' });
    const { status, body } = await token(form);
    assert.equal(status, 200);
    assert.equal((await introspect(home, body.access_token)).acr, '1fa');
  });

  it('asks machines for nothing: they have no factors', async () => {
    await home.parts.access.saveRole({ id: 'payer', permissions: [`${payments}#payments:make`], includes: [] }, 'cli');
    await home.parts.access.assign('client:demo-service', 'payer', 'cli');
    await pay({ acr: 'phr', maxAge: 60 });
    const form = { grant_type: 'client_credentials', scope: 'payments:make' };
    const { status, body } = await post(`${home.issuer}/oauth2/token`, form, basic(home.client('demo-service')));
    assert.equal(status, 200);
    const { active, acr } = await introspect(home, body.access_token);
    assert.deepEqual([active, acr], [true, undefined]);
    await home.parts.access.removeRole('payer', 'cli');
  });
});

describe('an API that demands a young sign-in (RFC 9470)', () => {
  const wish = { scope: 'openid payments:make' };

  it('has the person asked again when it is older, and tells the client auth_time', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    await pay({ maxAge: 300 });
    const browser = newBrowser(home);
    const { claims } = await redeem(home, await signInto(home, browser, wish));
    t.mock.timers.tick(300_000);
    assert.equal(
      (await redeem(home, await browser.open(authorization(home, wish)))).claims.auth_time,
      claims.auth_time,
    );
    t.mock.timers.tick(1_000);
    assert.ok(codeOf(await browser.open(authorization(home))));
    assert.equal(errorOf(await browser.open(authorization(home, { ...wish, prompt: 'none' }))), 'login_required');
    const page = await browser.open(authorization(home, wish));
    assert.ok(isSignIn(page));
    const again = await redeem(home, await signIn(home, browser, page));
    assert.equal(again.claims.auth_time, claims.auth_time + 301);
    assert.equal((await introspect(home, again.access_token)).auth_time, claims.auth_time + 301);
  });

  it('leaves a shorter max_age of the client, and refuses one that is none', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    await pay({ maxAge: 300 });
    const browser = newBrowser(home);
    await signInto(home, browser, wish);
    t.mock.timers.tick(100_000);
    assert.ok(isSignIn(await browser.open(authorization(home, { ...wish, max_age: '60' }))));
    assert.ok(codeOf(await browser.open(authorization(home, { ...wish, max_age: '200' }))));
    t.mock.timers.tick(250_000);
    assert.ok(isSignIn(await browser.open(authorization(home, { ...wish, max_age: '3600' }))));
    assert.equal(errorOf(await browser.open(authorization(home, { ...wish, max_age: 'x' }))), 'invalid_request');
  });

  it('counts for OAuth without OpenID Connect too, and for pushed requests', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    await pay({ maxAge: 300 });
    const browser = newBrowser(home);
    assert.ok(codeOf(await signInto(home, browser, { scope: 'payments:make' })));
    const pushed = async () => {
      const form = Object.fromEntries(new URL(authorization(home, { scope: 'payments:make' })).searchParams);
      const { body } = await post(`${home.issuer}/oauth2/par`, form, basic(home.client('demo-web')));
      const query = new URLSearchParams({ client_id: 'demo-web', request_uri: body.request_uri });
      return browser.open(`${home.issuer}/oauth2/authorize?${query}`);
    };
    assert.ok(codeOf(await pushed()));
    t.mock.timers.tick(301_000);
    assert.ok(isSignIn(await browser.open(authorization(home, { scope: 'payments:make' }))));
    assert.ok(isSignIn(await pushed()));
  });

  it('asks the provider for a young one', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    await believe(never);
    await pay({ maxAge: 300 });
    const { browser } = await through(wish);
    t.mock.timers.tick(301_000);
    const page = await begin(browser, home, wish);
    assert.deepEqual([page.url.origin, isSignIn(page)], [provider.issuer, true]);
  });

  it('does not stop a refresh: the API sees the age itself', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    await pay({ maxAge: 300 });
    const browser = newBrowser(home);
    const page = await signInto(home, browser, forPayments);
    const back = codeOf(page) ? page : await browser.submit(page, { decision: 'allow' });
    const { refresh_token, access_token } = await redeem(home, back);
    const { auth_time } = await introspect(home, access_token);
    t.mock.timers.tick(400_000);
    const { status, body } = await token({ grant_type: 'refresh_token', refresh_token });
    assert.equal(status, 200);
    assert.equal((await introspect(home, body.access_token)).auth_time, auth_time);
  });
});
