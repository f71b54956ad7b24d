import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { type Page, textOf } from '../support/browser.ts';
import { begin, connect, password, person, startProvider, Traveller } from '../support/federation.ts';
import { authorization, introspect, redeem } from '../support/signing-in.ts';

let home: TestApp;
let provider: TestApp;
/** The provider of these tests has one level; the connections differ in what they believe of it. */
const shown = [{ acrIn: ['1fa'], level: '2fa' }];
const never = [{ amrAnyOf: ['mfa'], level: '2fa' }];
const phishingResistant = [{ acrIn: ['1fa'], level: 'phr' }];

before(async () => {
  home = await startApp();
  provider = await startProvider();
});
after(() => Promise.all([home.close(), provider.close()]));

const traveller = () => new Traveller(home, provider);

/** Each connection has a person of its own: to another connection the same person is somebody else. */
const made = new Map<string, string>();
async function emailFor(id: string): Promise<string> {
  const known = made.get(id) ?? `${id}@corp.example`;
  if (!made.has(id)) await person(provider, known);
  made.set(id, known);
  return known;
}

async function through(id: string, more: Record<string, string> = {}, browser = traveller()): Promise<Page> {
  const page = await begin(browser, home, more, id);
  return page.url.origin === provider.issuer ? browser.signIn(page, await emailFor(id)) : page;
}

const facts = async (page: Page) => {
  const { access_token, claims } = await redeem(home, page);
  const { amr, acr } = await introspect(home, access_token);
  assert.equal(claims.acr, acr);
  return { amr, acr };
};
const errorOf = ({ url }: Page) => url.searchParams.get('error');
/** The person is asked for a factor of their own, has none, and gives up. */
async function givesUp(browser: Traveller, page: Page): Promise<Page> {
  assert.equal(textOf(page, '<h1'), 'Set up a second factor');
  return browser.submit(page, { decision: 'cancel' });
}

describe('a second factor at the provider', () => {
  it('that the connection ignores leaves the person to a factor here', async () => {
    await connect(home, provider, 'deaf', { mfa: 'ignore', evidence: shown });
    const browser = traveller();
    const back = await givesUp(browser, await through('deaf', { acr_values: '2fa' }, browser));
    assert.equal(errorOf(back), 'unmet_authentication_requirements');
  });

  it('sec-212 is worth nothing where the connection ignores it, and our token repeats no claim of it', async () => {
    assert.deepEqual(await facts(await through('deaf')), { amr: ['fed'], acr: '1fa' });
  });

  it('counts where the connection accepts it and a rule confirms it', async () => {
    await connect(home, provider, 'trusting', { mfa: 'accept', evidence: shown });
    const { acr, amr } = await facts(await through('trusting'));
    assert.equal(acr, '2fa');
    assert.ok(amr.includes('mfa') && amr.includes('fed'));
    await connect(home, provider, 'hard', { mfa: 'require', evidence: phishingResistant });
    assert.equal((await facts(await through('hard', { acr_values: 'phr' }))).acr, 'phr');
  });

  it('is one factor where no rule confirms it', async () => {
    await connect(home, provider, 'careful', { mfa: 'accept', evidence: never });
    assert.deepEqual(await facts(await through('careful')), { amr: ['fed'], acr: '1fa' });
  });

  it('is a refusal, and no local factor instead, where it is required and not shown', async () => {
    await connect(home, provider, 'strict', { mfa: 'require', evidence: never, name: 'Strict SSO' });
    const page = await through('strict');
    assert.equal(page.status, 400);
    assert.match(textOf(page, '<h1') ?? '', /The sign-in with Strict SSO did not work/);
    const event = (await home.parts.trail.search({ type: 'signin.failed' })).at(-1);
    assert.equal(event?.detail?.reason, 'no_second_factor');
  });
});

describe('acr_values of a client', () => {
  it('are met by a connection that shows the level, in one go and silently afterwards', async () => {
    const browser = traveller();
    const back = await through('trusting', { acr_values: '2fa' }, browser);
    assert.equal((await facts(back)).acr, '2fa');
    const silent = await browser.open(authorization(home, { acr_values: '2fa' }));
    assert.match(String(silent.url), /code=/);
  });

  it('are asked of a factor here where it does not, and are unmet when the person gives up', async () => {
    const browser = traveller();
    const back = await givesUp(browser, await through('careful', { acr_values: '2fa' }, browser));
    assert.equal(errorOf(back), 'unmet_authentication_requirements');
    assert.equal(browser.at(home).hops.filter((hop) => hop.startsWith('GET /signin')).length, 3);
  });

  it('take a session back to the provider that can show the level, without asking who it is', async () => {
    const browser = traveller();
    await connect(home, provider, 'unsure', { mfa: 'accept', evidence: never });
    assert.equal((await facts(await through('unsure', {}, browser))).acr, '1fa');
    await home.parts.connections.change('unsure', { evidence: shown }, 'cli');
    const page = await browser.open(authorization(home, { acr_values: '2fa' }));
    assert.equal((await facts(page)).acr, '2fa');
  });

  it('step a weak session up through a provider', async () => {
    const there = await person(provider, 'both@corp.example');
    const user = await home.parts.users.add({ email: 'both@home.example', password, emailVerified: true }, 'cli');
    const from = { actor: 'cli', ip: '::1', requestId: 'test' };
    const identity = { connection: 'trusting', subject: there.id, user: user.id, origin: false, label: 'both' };
    await home.parts.identities.link(identity, from);
    const browser = traveller();
    const local = await browser.submit(await browser.open(authorization(home)), { identifier: user.email, password });
    assert.equal((await facts(local)).acr, '1fa');
    const page = await begin(browser, home, { acr_values: '2fa' }, 'trusting');
    const back = await browser.signIn(page, 'both@corp.example');
    assert.equal((await facts(back)).acr, '2fa');
    assert.equal((await redeem(home, await browser.open(authorization(home)))).claims.sub, user.id);
  });
});

describe('max_age and prompt=login', () => {
  it('make the provider ask again, and the answer is checked', async () => {
    const browser = traveller();
    await through('deaf', {}, browser);
    const page = await begin(browser, home, { prompt: 'login' }, 'deaf');
    assert.equal(page.url.origin, provider.issuer);
    assert.match(String((await browser.signIn(page, await emailFor('deaf'))).url), /code=/);
  });

  it('count from the proof at the provider, not from the session here (OIDC Core §3.1.2.1)', async (t) => {
    const start = Date.now();
    t.mock.timers.enable({ apis: ['Date'], now: start });
    const browser = traveller();
    const first = await begin(browser, home, { max_age: '86400' }, 'deaf');
    assert.match(String((await browser.signIn(first, await emailFor('deaf'))).url), /code=/);
    t.mock.timers.tick(600_000);
    // A new session here, on the same proof there.
    for (const key of browser.at(home).cookies.keys()) browser.at(home).cookies.delete(key);
    assert.match(String((await begin(browser, home, { max_age: '86400' }, 'deaf')).url), /code=/);
    t.mock.timers.tick(10_000);
    assert.match(String((await browser.open(authorization(home, { max_age: '900' }))).url), /code=/);
    const asked = await begin(browser, home, { max_age: '300' }, 'deaf');
    assert.equal(asked.url.origin, provider.issuer);
    assert.match(String((await browser.submit(asked, { identifier: await emailFor('deaf'), password })).url), /code=/);
  });

  it('sec-212 are not satisfied by a proof of unknown age: who was asked nothing of it is asked again', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const browser = traveller();
    await through('deaf', {}, browser);
    t.mock.timers.tick(600_000);
    // A new session here, on the old proof there, whose time nobody asked for.
    for (const key of browser.at(home).cookies.keys()) browser.at(home).cookies.delete(key);
    assert.match(String((await begin(browser, home, {}, 'deaf')).url), /code=/);
    const silent = await browser.open(authorization(home, { prompt: 'none', max_age: '300' }));
    assert.equal(silent.url.searchParams.get('error'), 'login_required');
    const asked = await begin(browser, home, { max_age: '300' }, 'deaf');
    assert.equal(asked.url.origin, provider.issuer);
  });
});
