import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import { begin, connect, password, person, startProvider, Traveller } from '../support/federation.ts';
import { authorization, redeem } from '../support/signing-in.ts';
import { storeUrl } from '../support/store.ts';

const email = 'ana@corp.example';
const heading = (page: Page) => textOf(page, '<h1');
const hasEnded = (page: Page) => assert.equal(heading(page), 'This sign-in has ended', page.text);

/** Signs in at the provider, up to the address of ours that the provider sends the browser to. */
async function toTheCallback(browser: Traveller, home: TestApp, provider: TestApp, id = 'corp'): Promise<URL> {
  const page = await begin(browser, home, {}, id);
  const there = browser.at(provider);
  let answer = await there.send('POST', page.url, { identifier: email, password });
  while (!answer.headers.location?.startsWith(home.issuer)) {
    assert.ok(answer.headers.location, answer.text);
    answer = await there.send('GET', new URL(answer.headers.location, provider.issuer));
  }
  return new URL(answer.headers.location);
}

describe('what a provider sends back', () => {
  let home: TestApp;
  let provider: TestApp;
  before(async () => {
    home = await startApp();
    provider = await startProvider();
    await connect(home, provider);
    await connect(home, provider, 'second');
    await person(provider, email);
  });
  after(() => Promise.all([home.close(), provider.close()]));
  const traveller = () => new Traveller(home, provider);
  const lastReason = async () => (await home.parts.trail.search({ type: 'signin.failed' })).at(-1)?.detail?.reason;

  it('is only filed at the callback, and picked up by the browser that began', async () => {
    const browser = traveller();
    const callback = await toTheCallback(browser, home, provider);
    const filed = await new Traveller(home).at(home).send('GET', callback);
    assert.equal(filed.status, 303);
    const back = new URL(filed.headers.location ?? '', home.issuer);
    assert.match(back.pathname, /^\/signin\/[\w-]+\/return$/);
    assert.match((await redeem(home, await browser.open(back))).claims.sub, /^usr_/);
  });

  it('sec-207 sec-222 sec-228 proves nothing in another browser, and is not used up by the attempt', async () => {
    const browser = traveller();
    const callback = await toTheCallback(browser, home, provider);
    const stranger = traveller();
    await begin(stranger, home);
    hasEnded(await stranger.open(callback));
    assert.match(String((await browser.open(callback)).url), /code=/);
  });

  it('sec-207 sec-228 counts once: of eight that pick it up at the same moment one goes on', async () => {
    const browser = traveller();
    const callback = await toTheCallback(browser, home, provider);
    const filed = await browser.at(home).send('GET', callback);
    const back = filed.headers.location ?? '';
    const answers = await Promise.all(Array.from({ length: 8 }, () => browser.at(home).send('GET', back)));
    const onwards = answers.filter(({ headers }) => headers.location?.includes('/oauth2/authorize/'));
    assert.ok(onwards.length >= 1 && answers.every(({ status }) => status === 303));
    const successes = await home.parts.trail.search({ type: 'signin.succeeded' });
    const requests = answers.map(({ headers }) => headers['x-request-id']);
    assert.equal(successes.filter(({ requestId }) => requests.includes(requestId)).length, 1);
    const finished = await browser.open(new URL(onwards[0]?.headers.location ?? '', home.issuer));
    assert.match(String(finished.url), /code=/);
    hasEnded(await browser.open(callback));
    hasEnded(await browser.open(new URL(back, home.issuer)));
  });

  it('sec-204 belongs to the connection that it was asked of', async () => {
    const browser = traveller();
    const callback = await toTheCallback(browser, home, provider);
    const forged = new URL(callback);
    forged.pathname = '/federation/second/callback';
    forged.searchParams.set('code', 'of-the-second');
    hasEnded(await browser.open(forged));
    assert.equal(await lastReason(), 'unknown_ticket');
    assert.match(String((await browser.open(callback)).url), /code=/);
  });

  it('belongs to the sign-in that asked for it: another one of the same browser does not get it', async () => {
    const browser = traveller();
    const callback = await toTheCallback(browser, home, provider);
    const filed = await browser.at(home).send('GET', callback);
    const ticket = new URL(filed.headers.location ?? '', home.issuer).search;
    const other = await browser.open(authorization(home, { client_id: 'demo-web' }));
    const answer = await browser.at(home).send('GET', `${other.url.pathname}/return${ticket}`);
    assert.equal(answer.headers.location, other.url.pathname);
  });

  it('is refused without a state, with one that nobody knows, and with a field that is sent twice', async () => {
    const place = `${home.issuer}/federation/corp/callback`;
    hasEnded(await traveller().open(`${place}?code=x`));
    assert.equal(await lastReason(), 'unsolicited');
    hasEnded(await traveller().open(`${place}?code=x&state=unknown`));
    assert.equal(await lastReason(), 'unknown_ticket');
    const twice = await traveller().open(`${place}?code=x&state=a&state=b`);
    assert.equal(twice.status, 400);
    assert.match(twice.text, /more than once/);
  });

  it('may be a form from another site, of at most 256 KiB', async () => {
    const browser = traveller();
    const callback = await toTheCallback(browser, home, provider);
    const foreign = { origin: provider.issuer, 'sec-fetch-site': 'cross-site' };
    const stranger = new Traveller(home).at(home);
    const place = callback.pathname;
    const large = await stranger.send('POST', place, { state: 'x', more: 'a'.repeat(300_000) }, foreign);
    assert.equal(large.status, 413);
    const filed = await stranger.send('POST', place, Object.fromEntries(callback.searchParams), foreign);
    assert.equal(filed.status, 303);
    const back = await browser.open(new URL(filed.headers.location ?? '', home.issuer));
    assert.match(String(back.url), /code=/);
  });

  it('is answered only where a provider of the kind sends it', async () => {
    assert.equal((await traveller().open(`${home.issuer}/federation/nobody/callback?state=x`)).status, 404);
    const acs = await traveller().at(home).send('POST', '/federation/corp/acs', { RelayState: 'x', SAMLResponse: 'x' });
    assert.equal(acs.status, 404);
    const put = await fetch(`${home.issuer}/federation/corp/callback`, { method: 'PUT' });
    assert.equal(put.status, 405);
    assert.equal(put.headers.get('allow'), 'GET, POST');
  });

  it('sec-196 sec-227 is refused at the callback and after it, once the connection is switched off', async () => {
    const { connections } = home.parts;
    const [early, late] = [traveller(), traveller()];
    const callback = await toTheCallback(early, home, provider);
    const filed = await late.at(home).send('GET', await toTheCallback(late, home, provider));
    await connections.setState('corp', 'disabled', 'cli');
    const refused = await early.open(callback);
    assert.equal(refused.status, 403);
    assert.equal(await lastReason(), 'connection_disabled');
    const after = await late.open(new URL(filed.headers.location ?? '', home.issuer));
    assert.match(alertOf(after) ?? '', /switched off/);
    assert.doesNotMatch(after.text, /Try again/);
    const chooser = await traveller().open(authorization(home, { idp_hint: 'corp' }));
    assert.doesNotMatch(chooser.text, /value="corp"/);
    const forged = await traveller().submit(chooser, { connection: 'corp' });
    assert.doesNotMatch(String(forged.url), new RegExp(provider.issuer));
    await connections.setState('corp', 'enabled', 'cli');
  });

  it('keeps nothing readable in the store: neither the reply nor what waits for it', async () => {
    const browser = traveller();
    const callback = await toTheCallback(browser, home, provider);
    await browser.at(home).send('GET', callback);
    const kept = await home.parts.store
      .collection<{ id: string }, 'connection'>({
        name: 'federation-tickets',
        indexes: { connection: { key: () => undefined } },
      })
      .find({}, { limit: 1000 });
    assert.ok(kept.length > 0);
    for (const secret of ['code', 'state']) {
      assert.doesNotMatch(JSON.stringify(kept), new RegExp(callback.searchParams.get(secret) ?? 'never'));
    }
    assert.doesNotMatch(home.log.join(), new RegExp(callback.searchParams.get('code') ?? 'never'));
  });
});

describe('two servers on one store', () => {
  let one: TestApp;
  let two: TestApp;
  let provider: TestApp;
  before(async () => {
    const store = await storeUrl();
    one = await startApp({ SALLYPORT_STORE: store });
    two = await startApp({ SALLYPORT_STORE: store, SALLYPORT_ISSUER: one.issuer });
    provider = await startProvider();
    await connect(one, provider);
    await person(provider, email);
  });
  after(() => Promise.all([one.close(), two.close(), provider.close()]));

  it('finish each other’s ways to a provider, at every step of it', async () => {
    for (const [begins, files, finishes] of [
      [one, two, one],
      [two, one, two],
      [one, two, two],
    ] as const) {
      const at = (server: TestApp) => ({ issuer: one.issuer, url: server.url });
      const browser = new Traveller(at(begins), provider);
      const callback = await toTheCallback(browser, one, provider);
      const filed = await new Traveller(at(files)).at(one).send('GET', callback);
      const last = new Traveller(at(finishes), provider);
      for (const [key, cookie] of browser.at(one).cookies) last.at(one).cookies.set(key, cookie);
      const back = await last.open(new URL(filed.headers.location ?? '', one.issuer));
      assert.match(String(back.url), /code=/, back.text);
      assert.match((await redeem({ ...one, url: begins.url }, back)).claims.sub, /^usr_/);
    }
  });
});
