import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { atHome, enter, linksOf, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, Browser, formOf, textOf } from '../support/browser.ts';
import { cli } from '../support/cli.ts';
import { post } from '../support/oauth.ts';
import { newBrowser } from '../support/signing-in.ts';
import { storeUrl } from '../support/store.ts';

const email = 'ana@example.test';
const everywhere = [
  '/account/profile',
  '/account/email',
  '/account/email/confirm?token=x',
  '/account/password',
  '/account/sessions',
  '/account/sessions/end',
  '/account/applications',
  '/account/providers',
  '/account/history',
  '/account/data',
  '/account/data/download',
  '/account/data/delete',
];
const posts = [
  '/account/profile',
  '/account/email',
  '/account/email/confirm',
  '/account/email/undo',
  '/account/password',
  '/account/sessions/end',
  '/account/applications/withdraw',
  '/account/providers/disconnect',
  '/account/data/download',
  '/account/data/delete',
];
const fresh = [
  '/account/email',
  '/account/password',
  '/account/sessions/end',
  '/account/data/download',
  '/account/data/delete',
];

let app: TestApp;
let store: string;
before(async () => {
  store = await storeUrl();
  app = await startApp({ SALLYPORT_STORE: store });
  await somebody(app, email);
});
after(() => app.close());

describe('the door of the account pages', () => {
  it('signs in first and comes back to the page that was asked for', async () => {
    const browser = newBrowser(app);
    const page = await browser.open('/account/history?x=1');
    assert.equal(textOf(page, '<h1'), 'Sign in to Sallyport');
    const back = await enter(app, browser, page, email);
    assert.equal(back.url.href, `${app.issuer}/account/history?x=1`);
    assert.equal(textOf(back, '<h1'), 'History');
    assert.match(back.text, /ana@example\.test/);
    assert.deepEqual(linksOf(back, '/oauth2/logout'), ['/oauth2/logout']);
  });

  it('asks for nothing more while the session stands, and shows every room with one marked', async () => {
    const browser = await atHome(app, email);
    for (const path of everywhere) {
      const page = await browser.open(path);
      assert.equal(page.url.pathname + page.url.search, path);
      assert.equal(page.headers['cache-control'], 'no-store', path);
      assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'.*form-action 'self'/, path);
      assert.equal(page.text.match(/aria-current="page"/g)?.length, 1, path);
      assert.equal(page.text.match(/<h1/g)?.length, 1, path);
      assert.ok(page.text.length < 30_000, `${path} has ${page.text.length} characters`);
    }
  });

  it('sec-043 does nothing for a form of another site', async () => {
    const browser = await atHome(app, email);
    for (const path of posts) {
      for (const headers of [
        { origin: 'https://evil.example' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
      ]) {
        const page = await browser.send('POST', path, { name: 'Mallory', account: email, decision: 'x' }, headers);
        assert.equal(page.status, 403, path);
      }
    }
    const user = await app.parts.users.byEmail(email);
    assert.equal(user?.profile.name, undefined);
  });

  it('sec-012 takes no field twice', async () => {
    const browser = await atHome(app, email);
    const page = await browser.send('POST', '/account/profile', 'name=a&name=b');
    assert.equal(page.status, 400);
  });

  it('answers no other method, and nothing where nothing is', async () => {
    const browser = await atHome(app, email);
    const page = await browser.send('POST', '/account/history', {});
    assert.deepEqual([page.status, page.headers.allow], [405, 'GET, HEAD']);
    assert.equal((await browser.open('/account/nothing')).status, 404);
    assert.equal((await browser.send('POST', '/account/nothing', {})).status, 404);
  });

  it('leads nowhere else: the way back stands in a sealed cookie, and counts for its own request once', async () => {
    const browser = newBrowser(app);
    const begun = await browser.open('/account/profile');
    const back = await enter(app, browser, begun, email);
    assert.equal(back.status, 200);
    for (const address of [
      '/account/return?code=x&state=guessed',
      '/account/return?state=',
      '/account/return?path=https://evil.example',
    ]) {
      assert.equal((await browser.send('GET', address)).headers.location, '/account/profile', address);
      const page = await newBrowser(app).open(address);
      assert.equal(page.status, 400, address);
      assert.equal(textOf(page, '<h1'), 'This sign-in came from nowhere', address);
      assert.doesNotMatch(page.text, /evil\.example/);
    }
    const forger = newBrowser(app);
    forger.cookies.set('account-return /', {
      ...{ name: 'account-return', value: 'forged', path: '/', expires: Number.POSITIVE_INFINITY, line: '' },
    });
    assert.equal((await forger.open('/account/return?state=forged')).status, 400);
  });

  it('gives nobody a token: the code cannot be redeemed', async () => {
    const browser = newBrowser(app);
    await atHome(app, email, browser);
    const asked = await newBrowser(app).send('GET', '/account/profile');
    const request = new URL(String(asked.headers.location), app.issuer);
    assert.equal(request.searchParams.get('client_id'), 'sallyport-account');
    const answer = await browser.send('GET', request);
    const code = new URL(String(answer.headers.location)).searchParams.get('code') ?? '';
    assert.notEqual(code, '');
    const { status, body } = await post(`${app.url}/oauth2/token`, {
      ...{ grant_type: 'authorization_code', code, client_id: 'sallyport-account' },
      ...{ redirect_uri: `${app.issuer}/account/return`, code_verifier: 'x'.repeat(43) },
    });
    assert.deepEqual([status, body.error], [400, 'invalid_grant']);
  });

  it('says so when the person does not sign in', async () => {
    const browser = newBrowser(app);
    const again = await browser.send('GET', '/account/sessions');
    const request = new URL(String(again.headers.location), app.issuer);
    const state = request.searchParams.get('state');
    const page = await browser.open(`/account/return?error=access_denied&state=${state}`);
    assert.equal(textOf(page, '<h1'), 'You did not sign in');
    assert.deepEqual(linksOf(page, '/account'), ['/account/sessions']);
  });

  it('brings a browser that used another name of this machine to the issuer', async () => {
    const other = new Browser({ origin: app.issuer.replace('localhost', '127.0.0.1'), through: app.url });
    const page = await other.send('GET', '/account/history?x=1');
    assert.deepEqual([page.status, page.headers.location], [303, `${app.issuer}/account/history?x=1`]);
  });
});

describe('the session behind the account pages', () => {
  const isOpen = async (browser: Browser) => (await browser.send('GET', '/account/profile')).status === 200;

  it('sec-146 is none before the sign-in is finished', async () => {
    const browser = newBrowser(app);
    const page = await browser.open('/account/profile');
    await browser.submit(page, { identifier: email, password: '' });
    assert.equal(await isOpen(browser), false);
  });

  it('is none for a cookie that we did not sign', async () => {
    const browser = await atHome(app, email);
    for (const cookie of browser.cookies.values()) {
      if (cookie.name === 'session.sig') cookie.value = `A${cookie.value.slice(1)}`;
    }
    assert.equal(await isOpen(browser), false);
  });

  it('sec-110 ends with the person: signed out everywhere, disabled, removed', async () => {
    const id = await somebody(app, 'gone@example.test');
    const { users } = app.parts;
    const one = await atHome(app, 'gone@example.test');
    await users.signOut(id, 'cli');
    assert.equal(await isOpen(one), false);
    const two = await atHome(app, 'gone@example.test');
    await users.disable(id, 'cli');
    assert.equal(await isOpen(two), false);
    await users.enable(id, 'cli');
    const three = await atHome(app, 'gone@example.test');
    await users.remove(id, 'cli');
    assert.equal(await isOpen(three), false);
  });

  it('sec-100 ends at its fixed time, however often a page is opened', async (t) => {
    const browser = await atHome(app, email);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    for (let hours = 0; hours < 7; hours += 1) {
      t.mock.timers.tick(3_600_000);
      assert.equal(await isOpen(browser), true);
    }
    t.mock.timers.tick(3_600_000 + 1000);
    assert.equal(
      await isOpen(browser),
      false,
      'a page prolongs nothing: eight hours after the last sign-in it is over',
    );
  });
});

describe('what needs a fresh sign-in', () => {
  it('sec-162 is not shown and not done six minutes later', async (t) => {
    const browser = await atHome(app, email);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    t.mock.timers.tick(301_000);
    for (const path of fresh) {
      const page = await browser.open(path);
      assert.equal(textOf(page, '<h1'), 'Sign in to Sallyport', path);
      assert.match(page.text, /value="ana@example\.test"/, path);
      const done = await browser.send('POST', path, { account: email, email: 'new@example.test' });
      assert.deepEqual([done.status, textOf(done, '<h1')], [403, 'Confirm that it is you'], path);
      assert.deepEqual(linksOf(done, '/account'), [path]);
    }
    assert.ok(await app.parts.users.byEmail(email));
    assert.equal((await browser.open('/account/profile')).status, 200, 'the rest is open');
  });

  it('loses nothing that was typed, except secrets, and shows it to nobody else', async (t) => {
    await somebody(app, 'other@example.test');
    const browser = await atHome(app, email);
    const page = await browser.open('/account/email');
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    t.mock.timers.tick(301_000);
    const stale = await browser.submit(page, { email: 'typed@example.test' });
    assert.equal(alertOf(stale)?.startsWith('Your sign-in is too long ago'), true);
    const cookies = [...browser.cookies.values()].map(({ line }) => line).join();
    assert.doesNotMatch(decodeURIComponent(cookies), /typed@example/);
    const [path = ''] = linksOf(stale, '/account');
    const back = await enter(app, browser, await browser.open(path), email);
    assert.equal(formOf(back).fields.email, 'typed@example.test');
    assert.equal(formOf(await browser.open(path)).fields.email, '', 'shown once');
  });

  it('is done within five minutes without a word', async (t) => {
    const browser = await atHome(app, email);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    t.mock.timers.tick(290_000);
    for (const path of fresh) assert.equal((await browser.send('GET', path)).status, 200, path);
  });
});

describe('the client of the account pages', () => {
  it('stands in no list, and nobody can make, change or remove it', async () => {
    const { clients } = app.parts;
    assert.ok(await clients.get('sallyport-account'));
    assert.ok((await clients.list()).every(({ id }) => id !== 'sallyport-account'));
    for (const id of ['sallyport-account', 'Sallyport-Account']) {
      await assert.rejects(clients.add({ id, metadata: {} }, 'cli'), /belongs to this server itself/);
    }
    await assert.rejects(clients.change('sallyport-account', { name: 'x' }, 'cli'), /does not exist/);
    await assert.rejects(clients.remove('sallyport-account', 'cli'), /does not exist/);
    await assert.rejects(clients.decide('sallyport-account', 'revoke', 'cli'), /does not exist/);
    assert.equal(await clients.isReserved('SaIIyport'), true);
  });

  it('cannot be made by the command line either', async () => {
    const sallyport = await cli({
      SALLYPORT_STORE: store,
      SALLYPORT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      SALLYPORT_ISSUER: app.issuer,
    });
    const said = await sallyport.run(['client', 'add', 'sallyport-account', '--grant', 'client_credentials']);
    assert.equal(said.status, 1);
    assert.match(said.stderr, /belongs to this server itself/);
  });
});
