import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Page, textOf } from '../support/browser.ts';
import { beginTest, reportOf, startOf } from '../support/connection-test.ts';
import { begin, connect, startProvider, Traveller } from '../support/federation.ts';
import { type HostileProvider, hostileProvider } from '../support/hostile-provider.ts';
import { authorization, newBrowser } from '../support/signing-in.ts';

const heading = (page: Page) => textOf(page, '<h1');

describe('the link of a test of a connection', () => {
  let home: TestApp;
  let provider: TestApp;
  let hostile: HostileProvider;
  before(async () => {
    [home, provider, hostile] = await Promise.all([startApp(), startProvider(), hostileProvider()]);
    await connect(home, provider, 'corp');
    await home.parts.connections.add(
      {
        ...{ id: 'lies', name: 'Liar', preset: 'generic-oidc', from: hostile.issuer, clientId: 'client' },
        ...{ clientSecret: 'secret of the client', provision: true },
      },
      'cli',
    );
  });
  beforeEach(() => hostile.reset());
  after(async () => {
    hostile.close();
    await Promise.all([home.close(), provider.close()]);
  });

  it('belongs to the browser that opened its link first', async () => {
    const { run, link } = await beginTest(home, 'lies');
    const [mine, other] = [newBrowser(home), newBrowser(home)];
    const place = `${home.issuer}/admin/connections/lies/test/${run}`;
    const isNothing = (page: Page) => assert.deepEqual([page.status, heading(page)], [404, 'Page not found']);
    isNothing(await other.open(place));
    isNothing(await other.open(`${place}?key=guessed`));
    const start = await mine.open(link);
    assert.equal(start.status, 200);
    const [cookie] = [...mine.cookies.values()];
    assert.match(
      cookie?.line ?? '',
      new RegExp(`; path=/admin/connections/lies/test/${run}; .*samesite=lax; httponly`),
    );
    // The cookie of a test of its own opens no other one.
    const own = await beginTest(home, 'lies');
    await other.open(own.link);
    for (const kept of [...other.cookies.values()]) {
      other.cookies.set('moved', { ...kept, path: `/admin/connections/lies/test/${run}` });
    }
    for (const address of [link, place, `${place}/return?ticket=x`]) isNothing(await other.open(address));
    isNothing(await other.send('POST', place, {}));
    assert.equal((await mine.open(link)).status, 200);
    const there = await startOf(mine, start);
    const back = new URL(`${home.issuer}/federation/lies/callback?${new URLSearchParams(hostile.answer(there.href))}`);
    isNothing(await other.open(back));
    assert.equal((await reportOf(home, 'lies', run)).state, 'waiting');
    assert.match(heading(await mine.open(back)) ?? '', /works$/);
  });

  it('lets one of eight browsers in that open the link at the same moment', async () => {
    const { link } = await beginTest(home, 'lies');
    const browsers = Array.from({ length: 8 }, () => newBrowser(home));
    const pages = await Promise.all(browsers.map((browser) => browser.send('GET', link)));
    assert.equal(pages.filter(({ status }) => status === 303).length, 1);
  });

  it('is known under its own connection only, and to those who may change connections', async () => {
    const { run, link } = await beginTest(home, 'lies');
    const other = link.replace('/connections/lies/', '/connections/corp/');
    assert.equal((await newBrowser(home).open(other)).status, 404);
    assert.equal((await newBrowser(home).open(link)).status, 200);
    const api = adminApi(home, await adminToken(home));
    assert.equal((await api.get(`/connections/corp/test/${run}`)).status, 404);
    assert.equal((await api.get('/connections/lies/test/unknown')).status, 404);
    assert.equal((await api.send('POST', '/connections/nobody/test', {})).status, 404);
    const reader = adminApi(home, await adminToken(home, 'connections:read'));
    assert.equal((await reader.get(`/connections/lies/test/${run}`)).status, 403);
    assert.equal((await reader.send('POST', '/connections/lies/test', {})).status, 403);
  });

  it('ends once: what comes back from a second way to the provider changes nothing', async () => {
    const { run, link } = await beginTest(home, 'lies');
    const browser = newBrowser(home);
    const page = await browser.open(link);
    const ways = [await startOf(browser, page), await startOf(browser, page)];
    const [first, second] = ways.map(({ href }) => new URLSearchParams(hostile.answer(href)));
    const place = `${home.issuer}/federation/lies/callback`;
    assert.match(heading(await browser.open(`${place}?${first}`)) ?? '', /works$/);
    const before = await reportOf(home, 'lies', run);
    const events = async () => (await home.parts.trail.search({ type: 'connection.tested' })).length;
    const told = await events();
    hostile.lies.claims = (said) => ({ ...said, aud: 'somebody-else' });
    assert.match(heading(await browser.open(`${place}?${second}`)) ?? '', /works$/);
    assert.deepEqual([await reportOf(home, 'lies', run), await events()], [before, told]);
    assert.equal((await browser.send('POST', page.url, {})).headers.location, page.url.pathname);
  });

  it('is begun from its own page only', async () => {
    const { link } = await beginTest(home, 'lies');
    const browser = newBrowser(home);
    const page = await browser.open(link);
    const foreign = await browser.send('POST', page.url, {}, { origin: 'https://evil.example' });
    assert.equal(foreign.status, 403);
    const put = await fetch(page.url, { method: 'PUT' });
    assert.deepEqual([put.status, put.headers.get('allow')], [405, 'GET, POST']);
    assert.equal((await fetch(link, { method: 'HEAD' })).status, 405);
  });

  it('is no way into a sign-in, nor a sign-in a way into a test', async () => {
    hostile.claims = { sub: 'person-2', email: 'bo@corp.example' };
    const { run, link } = await beginTest(home, 'lies');
    const browser = newBrowser(home);
    const [page, elsewhere] = [await browser.open(link), await browser.open(authorization(home, { idp_hint: 'lies' }))];
    const uid = [...browser.cookies.values()].find(({ path }) => path.startsWith('/signin/'))?.path;
    const there = await startOf(browser, page);
    const ticketOf = async (url: URL) => {
      const reply = new URLSearchParams(hostile.answer(url.href));
      const { headers } = await browser.send('GET', `${home.issuer}/federation/lies/callback?${reply}`);
      return new URL(headers.location ?? '', home.issuer);
    };
    const [test, signIn] = [await ticketOf(there), await ticketOf(elsewhere.url)];
    const swapped = await browser.send('GET', `${uid}/return${test.search}`);
    assert.equal(swapped.headers.location, uid);
    await browser.open(`${page.url}/return${signIn.search}`);
    assert.equal((await reportOf(home, 'lies', run)).state, 'waiting');
    assert.match(heading(await browser.open(test)) ?? '', /works$/);
    assert.match(String((await browser.open(signIn)).url), /code=/);
  });

  it('goes through a connection that is switched off, through which nobody else gets', async () => {
    const { connections } = home.parts;
    const early = await beginTest(home, 'lies');
    const browser = newBrowser(home);
    await connections.setState('lies', 'disabled', 'cli');
    const page = await browser.open(early.link);
    assert.match(page.text, /switched off\. Only a test gets through/);
    const there = await startOf(browser, page);
    const ended = await browser.open(
      `${home.issuer}/federation/lies/callback?${new URLSearchParams(hostile.answer(there.href))}`,
    );
    assert.match(heading(ended) ?? '', /works$/);
    assert.match(ended.text, /sallyport connection enable lies/);
    await assert.rejects(connections.connector('lies'), { code: 'connection_disabled' });
    const chooser = await begin(new Traveller(home), home, {}, 'lies');
    assert.equal(chooser.url.origin, home.issuer);
    const stranger = await newBrowser(home).open(`${home.issuer}/federation/lies/callback?code=x&state=unknown`);
    assert.equal(stranger.status, 403);
    await connections.setState('lies', 'enabled', 'cli');
  });

  it('does not let a sign-in that was begun before in through a connection that is switched off', async () => {
    const traveller = new Traveller(home);
    const there = await begin(traveller, home, {}, 'lies');
    assert.equal(there.url.origin, hostile.issuer);
    await home.parts.connections.setState('lies', 'disabled', 'cli');
    const fields = new URLSearchParams(hostile.answer(there.url.href));
    assert.equal((await traveller.open(`${home.issuer}/federation/lies/callback?${fields}`)).status, 403);
    await home.parts.connections.setState('lies', 'enabled', 'cli');
  });

  it('is over when its connection is gone', async () => {
    await connect(home, provider, 'short-lived');
    const { link } = await beginTest(home, 'short-lived');
    const browser = newBrowser(home);
    const page = await browser.open(link);
    await home.parts.connections.remove('short-lived', 'cli');
    assert.equal((await browser.open(page.url)).status, 404);
  });
});
