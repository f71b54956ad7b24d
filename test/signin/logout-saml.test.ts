import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Browser, formOf, type Page, textOf } from '../support/browser.ts';
import { read } from '../support/oauth.ts';
import { carried, type Keys, makeKeys } from '../support/saml-parts.ts';
import { type LogoutLies, SamlPeople } from '../support/saml-people.ts';
import { authorization, introspect, newBrowser, redeem } from '../support/signing-in.ts';

let home: TestApp;
let keys: Keys;
let partner: SamlPeople;
let byPost: SamlPeople;
before(async () => {
  [home, keys] = await Promise.all([startApp(), makeKeys()]);
  partner = new SamlPeople(home, 'partner', keys);
  byPost = new SamlPeople(home, 'by-post', keys);
  await partner.connect();
  await byPost.connect({ signOut: ['POST'] });
});
after(() => home.close());

const client = 'http://localhost:8080/';
const heading = (page: Page) => textOf(page, '<h1');
const isAlive = async (token: string) => (await introspect(home, token)).active;
const isSignedIn = async (browser: Browser) =>
  (await browser.open(authorization(home, { prompt: 'none' }))).url.searchParams.has('code');
const lastRefusal = async () => (await home.parts.trail.search({ type: 'logout.refused' })).at(-1)?.detail;

async function signedIn(person: string, sessionIndex: string, idp = partner) {
  const browser = newBrowser(home);
  const back = await idp.signIn(browser, person, sessionIndex);
  const { access_token, claims } = await redeem(home, back);
  assert.ok(await isAlive(access_token), back.text);
  return { browser, token: String(access_token), account: String(claims.sub) };
}

/** Whoever carries a message of the provider: a browser that has no cookie of ours. */
const stranger = () => newBrowser(home);
const statusOf = (url: URL): string[] =>
  [...carried({ by: 'redirect', url: url.href }).matchAll(/StatusCode Value="[^"]*:(\w+)"/g)].map(
    ([, code = '']) => code,
  );

describe('GET /federation/{id}/metadata', () => {
  it('says what a provider has to know, with keys that are made at the first look, and stay', async () => {
    const answer = await read(await fetch(partner.at('metadata')));
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/samlmetadata\+xml/);
    assert.match(answer.body, new RegExp(`entityID="${partner.at('metadata')}"`));
    assert.match(answer.body, new RegExp(`AssertionConsumerService [^>]*Location="${partner.at('acs')}"`));
    assert.equal(
      answer.body.match(new RegExp(`SingleLogoutService [^>]*Location="${partner.at('slo')}"`, 'g')).length,
      2,
    );
    assert.match(answer.body, /use="signing"[\s\S]*use="encryption"/);
    assert.equal((await read(await fetch(partner.at('metadata')))).body, answer.body);
    assert.notEqual((await read(await fetch(byPost.at('metadata')))).body, answer.body);
  });

  it('is there for a connection that is switched off, since the provider is set up first; not for another kind', async () => {
    await home.parts.connections.setState('partner', 'disabled', 'cli');
    assert.equal((await fetch(partner.at('metadata'))).status, 200);
    await home.parts.connections.setState('partner', 'enabled', 'cli');
    assert.equal((await fetch(partner.at('metadata').replace('partner', 'nobody'))).status, 404);
    assert.equal((await fetch(partner.at('metadata'), { method: 'POST' })).headers.get('allow'), 'GET, HEAD');
  });
});

describe('a LogoutRequest of the provider', () => {
  it('sec-192 ends that session of that person and no other, and is answered, with RelayState', async () => {
    const [one, two, other] = [
      await signedIn('ana', 's-1'),
      await signedIn('ana', 's-2'),
      await signedIn('bea', 's-1'),
    ];
    const { url } = await stranger().open(
      partner.asks({ nameId: 'ana', sessionIndex: 's-1', relayState: 'their state' }),
    );
    assert.equal(url.origin + url.pathname, 'https://idp.example.test/SingleLogoutService');
    assert.equal(url.searchParams.get('RelayState'), 'their state');
    assert.ok(url.searchParams.get('Signature'));
    assert.deepEqual(statusOf(url), ['Success']);
    assert.deepEqual([await isAlive(one.token), await isSignedIn(one.browser)], [false, false]);
    for (const still of [two, other])
      assert.deepEqual([await isAlive(still.token), await isSignedIn(still.browser)], [true, true]);
    const ended = await home.parts.trail.search({ type: 'session.ended', target: `user:${one.account}` });
    assert.deepEqual(
      ended.map(({ actor, detail }) => [actor, detail]),
      [['connection:partner', { reason: 'single logout', connection: 'partner' }]],
    );
  });

  it('ends all sessions of the person when it names none, whatever browser carries it', async () => {
    const [one, two, carrier] = [
      await signedIn('cleo', 's-3'),
      await signedIn('cleo', 's-4'),
      await signedIn('dan', 's-5'),
    ];
    const { url } = await carrier.browser.open(partner.asks({ nameId: 'cleo' }));
    assert.deepEqual(statusOf(url), ['Success']);
    assert.deepEqual([await isAlive(one.token), await isAlive(two.token)], [false, false]);
    assert.deepEqual([await isAlive(carrier.token), await isSignedIn(carrier.browser)], [true, true]);
  });

  it('comes by POST from another origin too, and is answered by POST where the provider wants that', async () => {
    const one = await signedIn('eve', 's-6', byPost);
    const fields = byPost.asksByPost({ nameId: 'eve', sessionIndex: 's-6', relayState: 'r' });
    const headers = { origin: 'https://idp.example.test', 'sec-fetch-site': 'cross-site' };
    const page = await stranger().send('POST', byPost.at('slo'), fields, headers);
    const { action, fields: answer } = formOf(page);
    assert.equal(action, 'https://idp.example.test/SingleLogoutService');
    assert.equal(answer.RelayState, 'r');
    const xml = Buffer.from(answer.SAMLResponse ?? '', 'base64').toString();
    assert.match(xml, /status:Success/);
    assert.match(xml, /SignatureValue/);
    assert.equal(await isAlive(one.token), false);
  });

  it('finds a person by NameID also where attributes are the subject', async () => {
    const by = new SamlPeople(home, 'by-uid', keys);
    await by.connect({ subject: ['uid'] });
    const one = await signedIn('fay', 's-7', by);
    await stranger().open(by.asks({ nameId: 'fay', sessionIndex: 's-7' }));
    assert.equal(await isAlive(one.token), false);
  });

  it('is answered in the affirmative when there is nothing to end', async () => {
    const { url } = await stranger().open(partner.asks({ nameId: 'nobody', sessionIndex: 'none' }));
    assert.deepEqual(statusOf(url), ['Success']);
  });

  it('sec-192 says nothing of people of another connection', async () => {
    const one = await signedIn('gil', 's-8');
    await stranger().send('POST', byPost.at('slo'), byPost.asksByPost({ nameId: 'gil', sessionIndex: 's-8' }));
    assert.ok(await isAlive(one.token));
  });

  const without = (name: string) => (url: string) => {
    const at = new URL(url);
    at.searchParams.delete(name);
    return at.href;
  };
  const twice = (url: string) => `${url}&${/SAMLRequest=[^&]*/.exec(url)?.[0]}`;
  const flaws: [what: string, reason: string | undefined, url: (lies: LogoutLies) => string][] = [
    ['without signature', 'unsigned', (lies) => without('Signature')(partner.asks(lies))],
    ['without algorithm', 'unsigned', (lies) => without('SigAlg')(partner.asks(lies))],
    ['signed by somebody else', 'bad_signature', (lies) => partner.asks({ ...lies, key: keys.other })],
    [
      'with another RelayState',
      'bad_signature',
      (lies) => partner.asks({ ...lies, relayState: 'r' }).replace('RelayState=r', 'RelayState=x'),
    ],
    ['with MD5', 'weak_algorithm', (lies) => partner.asks(lies).replace('rsa-sha256', 'rsa-md5')],
    ['for another address', 'wrong_destination', (lies) => partner.asks({ ...lies, destination: byPost.at('slo') })],
    ['with a parameter that is there twice', undefined, (lies) => twice(partner.asks(lies))],
  ];
  it('sec-191 is refused when it is not as it must be, with one page, and nothing ends', async () => {
    const one = await signedIn('hal', 's-9');
    for (const [what, reason, url] of flaws) {
      const page = await stranger().open(url({ nameId: 'hal', sessionIndex: 's-9' }));
      assert.equal(page.status, 400, what);
      if (reason === undefined) continue;
      assert.match(page.text, /This sign-out could not be confirmed/, what);
      const { connection, method, reason: found } = (await lastRefusal()) ?? {};
      assert.deepEqual([connection, method, found], ['partner', 'saml', reason], what);
    }
    const unsigned = { SAMLRequest: Buffer.from(partner.logoutRequest({ nameId: 'hal' })).toString('base64') };
    for (const fields of [unsigned, partner.asksByPost({ nameId: 'hal', key: keys.other })]) {
      assert.equal((await stranger().send('POST', partner.at('slo'), fields)).status, 400);
    }
    assert.deepEqual([await isAlive(one.token), await isSignedIn(one.browser)], [true, true]);
  });

  it('sec-191 counts once, of eight at the same moment too', async () => {
    const url = partner.asks({ nameId: 'ida', sessionIndex: 's-10' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => stranger().send('GET', url)));
    assert.equal(answers.filter(({ status }) => status === 303).length, 1);
    const one = await signedIn('ida', 's-10');
    assert.equal((await stranger().open(url)).status, 400);
    assert.equal((await lastRefusal())?.reason, 'replayed');
    assert.ok(await isAlive(one.token));
  });

  it('is a request or an answer, and never both or neither', async () => {
    const one = await signedIn('jo', 's-11');
    for (const url of [partner.at('slo'), `${partner.asks({ nameId: 'jo' })}&SAMLResponse=x`]) {
      assert.equal((await stranger().open(url)).status, 400);
    }
    assert.ok(await isAlive(one.token));
  });
});

describe('a sign-out here of a session that came by SAML', () => {
  async function leave(browser: Browser): Promise<Page> {
    const query = new URLSearchParams({ client_id: 'demo-web', post_logout_redirect_uri: client, state: 'out' });
    return browser.submit(await browser.open(`${home.issuer}/oauth2/logout?${query}`), { decision: 'logout' });
  }
  const assertUnsure = (page: Page) => {
    assert.equal(heading(page), 'You are signed out here', page.text);
    assert.match(alertOf(page) ?? '', /^Your session at Partner may go on/);
    assert.match(page.text, /href="http:\/\/localhost:8080\/\?state=out"/);
  };

  it('goes on with a signed LogoutRequest for that session, and comes back to the application', async () => {
    const { browser, token } = await signedIn('kim', 's-12');
    const { url } = await leave(browser);
    const xml = carried({ by: 'redirect', url: url.href });
    assert.match(xml, /<samlp:LogoutRequest [^>]*Destination="https:\/\/idp\.example\.test\/SingleLogoutService"/);
    assert.match(xml, />kim<\/saml:NameID><samlp:SessionIndex>s-12</);
    assert.ok(url.searchParams.get('Signature'));
    assert.match(url.searchParams.get('RelayState') ?? '', /^[\w-]{40,80}$/);
    assert.equal(await isAlive(token), false);
    assert.equal(await isSignedIn(browser), false);
    const back = await browser.open(partner.answers(url, 'Success'));
    assert.equal(back.url.href, `${client}?state=out`, back.text);
    assert.equal((await browser.open(partner.answers(url, 'Success'))).status, 400, 'a ticket counts once');
  });

  it('goes by POST where the provider wants that', async () => {
    const { browser } = await signedIn('lou', 's-13', byPost);
    const query = new URLSearchParams({ client_id: 'demo-web', post_logout_redirect_uri: client });
    const asked = await browser.open(`${home.issuer}/oauth2/logout?${query}`);
    const page = await browser.submit(asked, { decision: 'logout' });
    assert.equal(page.status, 200);
    assert.equal(formOf(page).action, 'https://idp.example.test/SingleLogoutService');
    assert.ok(formOf(page).fields.SAMLRequest);
  });

  const unsure: [what: string, answer: (url: URL) => string, reason?: string][] = [
    ['that not all could be ended', (url) => partner.answers(url, 'PartialLogout')],
    ['under another key', (url) => partner.answers(url, 'Success', { key: keys.other }), 'bad_signature'],
    [
      'for another address',
      (url) => partner.answers(url, 'Success', { destination: byPost.at('slo') }),
      'wrong_destination',
    ],
  ];
  it('tells the person that the session there may go on when the provider answers otherwise', async () => {
    for (const [what, answer, reason] of unsure) {
      const { browser } = await signedIn('max', 's-14');
      assertUnsure(await browser.open(answer((await leave(browser)).url)));
      assert.equal(await isSignedIn(browser), false);
      if (reason !== undefined) assert.equal((await lastRefusal())?.reason, reason, what);
    }
  });

  it('sec-193 goes nowhere by a RelayState that is no ticket', async () => {
    const { browser } = await signedIn('nat', 's-15');
    const { url } = await leave(browser);
    for (const relayState of ['https://evil.example', '//evil.example', 'javascript:alert(1)', 'x'.repeat(5000)]) {
      assert.equal((await browser.open(partner.answers(url, 'Success', { relayState }))).status, 400);
    }
  });
});
