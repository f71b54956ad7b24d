import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { doneOf, linksOf, rowsOf, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import { connect, password, person, startProvider, Traveller } from '../support/federation.ts';
import { authorization, introspect, redeem } from '../support/signing-in.ts';

let home: TestApp;
let provider: TestApp;
before(async () => {
  home = await startApp();
  provider = await startProvider();
  await connect(home, provider, 'corp');
  await connect(home, provider, 'second', { name: 'Second SSO' });
});
after(() => Promise.all([home.close(), provider.close()]));

const list = () => `${home.issuer}/account/providers`;
/** Signs in at home with a password; answers the page of providers. */
async function byPassword(email: string) {
  const browser = new Traveller(home, provider);
  const page = await browser.submit(await browser.open(list()), { identifier: email, password });
  return { browser, page };
}
/** Signs in through the provider. */
async function through(email: string) {
  const browser = new Traveller(home, provider);
  const at = await browser.open(list());
  const page = await browser.signIn(await browser.submit(at, { connection: 'corp' }), email);
  return { browser, page };
}
const addressOf = (page: Page, begin: string) => new URL(linksOf(page, begin)[0] ?? '', home.issuer);

describe('/account/providers', () => {
  it('connects a provider by a sign-in there, the password here and a yes, and comes back', async () => {
    const id = await somebody(home, 'ana@example.test');
    await person(provider, 'ana@corp.example');
    const { browser, page } = await byPassword('ana@example.test');
    assert.match(page.text, /No provider opens this account/);
    const there = await browser.open(addressOf(page, '/account/providers/connect?connection=corp'));
    const asked = await browser.signIn(there, 'ana@corp.example');
    assert.equal(textOf(asked, '<h1'), 'Connect your account');
    const question = await browser.submit(asked, { identifier: 'ana@example.test', password });
    assert.match(String(textOf(question, '<h1')), /^Connect Corp SSO to your account/);
    assert.deepEqual(await home.parts.identities.ofUser(id), [], 'nothing before the yes');
    const done = await browser.submit(question, { decision: 'link' });
    assert.equal(done.url.pathname, '/account/providers');
    assert.match(String(rowsOf(done)[0]), /^Corp SSO ana@corp\.example Connected .* Disconnect/);
    assert.equal((await home.parts.users.get(id))?.email, 'ana@example.test');
  });

  it('takes nobody in on the way, though the connection does so otherwise', async () => {
    const id = await somebody(home, 'bea@example.test');
    await person(provider, 'bea@corp.example');
    const { browser, page } = await byPassword('bea@example.test');
    const there = await browser.open(addressOf(page, '/account/providers/connect?connection=corp'));
    await browser.signIn(there, 'bea@corp.example');
    assert.equal(await home.parts.users.byEmail('bea@corp.example'), undefined);
    assert.deepEqual(await home.parts.identities.ofUser(id), []);
    const otherwise = await through('bea@corp.example');
    assert.equal(textOf(otherwise.page, '<h1'), 'Providers');
    assert.ok(await home.parts.users.byEmail('bea@corp.example'));
  });

  it('connects no account that opens somebody else’s', async () => {
    await person(provider, 'owner@corp.example');
    const owner = await through('owner@corp.example');
    assert.equal(rowsOf(owner.page).length, 1);
    const id = await somebody(home, 'mallory@example.test');
    const { browser, page } = await byPassword('mallory@example.test');
    const there = await browser.open(addressOf(page, '/account/providers/connect?connection=corp'));
    const refused = await browser.signIn(there, 'owner@corp.example');
    assert.equal(refused.status, 400);
    assert.equal(refused.url.pathname.startsWith('/signin/'), true);
    assert.deepEqual(await home.parts.identities.ofUser(id), []);
    const still = await browser.open(list());
    assert.match(still.text, /mallory@example\.test/);
  });

  it('disconnects: that way in is closed, its session ends with its tokens, its roles go', async () => {
    const email = 'cleo@corp.example';
    await person(provider, email);
    const { browser: federated } = await through(email);
    const tokens = await redeem(home, await federated.open(authorization(home)));
    const user = await home.parts.users.byEmail(email);
    assert.ok(user);
    await home.parts.users.setPassword(user.id, password, 'cli');
    const again = await through(email);
    await home.parts.access.sync(`user:${user.id}`, 'corp', ['orders-reader'], 'connection:corp');
    const live = await redeem(home, await again.browser.open(authorization(home)));
    assert.equal((await introspect(home, live.access_token)).active, true);
    const { browser, page } = await byPassword(email);
    const question = await browser.open(addressOf(page, '/account/providers/disconnect'));
    assert.equal(textOf(question, '<h1'), 'Disconnect Corp SSO?');
    const done = await browser.submit(question, {});
    assert.equal(doneOf(done), 'Corp SSO is disconnected.');
    assert.equal(rowsOf(done).length, 0);
    assert.deepEqual((await home.parts.decide.held(`user:${user.id}`, undefined)).roles, []);
    assert.deepEqual(await introspect(home, live.access_token), { active: false });
    assert.deepEqual(await introspect(home, tokens.access_token), { active: false });
    assert.equal(textOf(await again.browser.open(list()), '<h1'), 'Sign in to Sallyport');
    const elsewhere = await through(email);
    assert.equal(textOf(elsewhere.page, '<h1'), 'Connect your account');
  });

  it('sec-229 keeps the only way to sign in, by page and by form', async () => {
    const email = 'dora@corp.example';
    await person(provider, email);
    const { browser, page } = await through(email);
    assert.match(String(rowsOf(page)[0]), /Your only way to sign in/);
    assert.deepEqual(linksOf(page, '/account/providers/disconnect'), []);
    assert.match(page.text, /you need a password and a confirmed e-mail address/);
    const user = await home.parts.users.byEmail(email);
    const [identity] = await home.parts.identities.ofUser(user?.id ?? '');
    assert.ok(identity);
    const address = `${home.issuer}/account/providers/disconnect`;
    // The provider says when the person signed in only when it is asked for it.
    const asked = await browser.open(`${address}?identity=${identity.id}`);
    const fresh = await browser.submit(asked, { connection: 'corp' });
    assert.equal(fresh.status, 409);
    assert.match(String(alertOf(fresh)), /Your only way to sign in/);
    const sent = await browser.at(home).send('POST', address, { identity: identity.id });
    assert.equal(sent.status, 409);
    assert.equal((await home.parts.identities.ofUser(user?.id ?? '')).length, 1);
  });

  it('disconnects nobody else’s, and connects nothing that is not offered', async () => {
    await person(provider, 'victim@corp.example');
    await through('victim@corp.example');
    const victim = await home.parts.users.byEmail('victim@corp.example');
    const [identity] = await home.parts.identities.ofUser(victim?.id ?? '');
    assert.ok(identity);
    await somebody(home, 'eva@example.test');
    const { browser } = await byPassword('eva@example.test');
    const address = `${home.issuer}/account/providers/disconnect`;
    assert.equal((await browser.open(`${address}?identity=${identity.id}`)).status, 404);
    assert.equal((await browser.at(home).send('POST', address, { identity: identity.id })).status, 404);
    assert.equal((await home.parts.identities.ofUser(victim?.id ?? '')).length, 1);
    assert.equal((await browser.open(`${home.issuer}/account/providers/connect?connection=nothing`)).status, 404);
  });

  it('keeps one of two that are disconnected at the same moment', async () => {
    const email = 'fay@corp.example';
    await person(provider, email);
    const { browser } = await through(email);
    const user = await home.parts.users.byEmail(email);
    assert.ok(user);
    await home.parts.identities.link(
      { connection: 'second', subject: 'fay', user: user.id, origin: false, label: 'fay' },
      { actor: 'cli', ip: '192.0.2.1', requestId: 'x' },
    );
    const address = `${home.issuer}/account/providers/disconnect`;
    const all = await home.parts.identities.ofUser(user.id);
    const asked = await browser.open(`${address}?identity=${all[0]?.id}`);
    assert.equal((await browser.submit(asked, { connection: 'corp' })).status, 200);
    const statuses = await Promise.all(
      all.map(async ({ id }) => (await browser.at(home).send('POST', address, { identity: id })).status),
    );
    assert.ok(statuses.includes(409) || statuses.includes(403) || statuses.includes(404), String(statuses));
    assert.ok((await home.parts.identities.ofUser(user.id)).length >= 1);
  });
});
