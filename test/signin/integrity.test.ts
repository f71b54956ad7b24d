import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, formOf, type Page, textOf } from '../support/browser.ts';
import { authorization, callback, newBrowser, redeem, signIn, signInto } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
  await app.parts.clients.add(
    {
      ...{ id: 'portal', name: 'Orders portal' },
      metadata: { redirect_uris: ['https://portal.example.test/cb'], client_uri: 'https://portal.example.test/' },
    },
    'cli',
  );
});
after(() => app.close());

const alice = 'alice@example.test';
const portal = { client_id: 'portal', redirect_uri: 'https://portal.example.test/cb' };
const ended = 'This sign-in has ended';
const rightAnswer = () => ({ identifier: alice, password: app.password(alice) });

describe('a sign-in belongs to the browser that began it', () => {
  it('so another one sees and changes nothing, and gets no session (sec-042)', async () => {
    const page = await newBrowser(app).open(authorization(app));
    const resume = page.url.pathname.replace('/signin/', '/oauth2/authorize/');
    for (const stranger of [newBrowser(app), newBrowser(app)]) {
      const answers = [
        await stranger.send('GET', page.url),
        await stranger.send('POST', page.url, rightAnswer()),
        await stranger.send('GET', resume),
      ];
      for (const answer of answers) {
        assert.equal(answer.status, 400);
        assert.equal(textOf(answer, '<h1'), ended);
      }
      assert.equal(stranger.cookies.get('session /'), undefined);
    }
  });

  it('even when the other one has a sign-in of its own', async () => {
    const victim = await newBrowser(app).open(authorization(app));
    const thief = newBrowser(app);
    await thief.open(authorization(app));
    const own = [...thief.cookies.values()].filter(({ name }) => name.startsWith('signin'));
    const cookie = own.map(({ name, value }) => `${name}=${value}`).join('; ');
    const answer = await thief.send('GET', victim.url, undefined, { cookie });
    assert.equal(answer.status, 400);
  });

  it('and only its own pages may post to it (sec-043)', async () => {
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
    ] as Record<string, string>[]) {
      const answer = await browser.send('POST', page.url, rightAnswer(), headers);
      assert.equal(answer.status, 403, JSON.stringify(headers));
      assert.equal(browser.cookies.get('session /'), undefined);
    }
    const own = { 'sec-fetch-site': 'same-origin', origin: app.issuer };
    assert.equal((await browser.send('POST', page.url, rightAnswer(), own)).status, 303);
  });
});

describe('a form for a step that is not the current one (sec-045)', () => {
  const backTo = async (browser: Browser, page: Page, fields: Record<string, string>) => {
    const answer = await browser.send('POST', page.url, fields);
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.location, page.url.pathname);
  };

  it('is sent back: consent before the sign-in, a password before the address', async () => {
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app, portal));
    await backTo(browser, page, { decision: 'allow' });
    await backTo(browser, page, { password: app.password(alice) });
    await backTo(browser, page, {});
  });

  it('is sent back: a password at the consent, or a decision that is none', async () => {
    const browser = newBrowser(app);
    const consent = await signInto(app, browser, portal);
    assert.equal(formOf(consent).action, consent.url.pathname);
    await backTo(browser, consent, { identifier: 'bob@example.test', password: app.password('bob@example.test') });
    await backTo(browser, consent, { decision: 'perhaps' });
  });

  it('is sent on when everything is answered: the form sent twice', async () => {
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    const first = await browser.send('POST', page.url, rightAnswer());
    const second = await browser.send('POST', page.url, rightAnswer());
    assert.equal(second.headers.location, first.headers.location);
    assert.equal((await browser.send('GET', page.url)).headers.location, first.headers.location);
    assert.match(String((await browser.open(first.headers.location ?? '')).url), /code=/);
  });

  it('does not help to go on early: the library asks anew', async () => {
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    await browser.submit(page, { identifier: alice, password: '' });
    const again = await browser.open(page.url.pathname.replace('/signin/', '/oauth2/authorize/'));
    assert.notEqual(again.url.pathname, page.url.pathname);
    assert.equal(textOf(again, '<h1'), 'Sign in to Demo web application');
    assert.match(String((await signIn(app, browser, again)).url), /code=/);
  });
});

describe('what a form may say', () => {
  it('is who and with what, never which account (sec-046)', async () => {
    const bob = await app.parts.users.byEmail('bob@example.test');
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    const more = { accountId: bob?.id ?? '', user: bob?.id ?? '', sub: bob?.id ?? '', client_id: 'portal' };
    const { claims } = await redeem(app, await browser.submit(page, { ...rightAnswer(), ...more }));
    assert.equal(claims.sub, (await app.parts.users.byEmail(alice))?.id);
  });

  it('is each thing once (sec-012)', async () => {
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    const twice = `${new URLSearchParams(rightAnswer())}&identifier=bob%40example.test`;
    assert.equal((await browser.send('POST', page.url, twice)).status, 400);
  });

  it('is a form', async () => {
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    const json = { 'content-type': 'application/json' };
    assert.equal((await browser.send('POST', page.url, JSON.stringify(rightAnswer()), json)).status, 400);
  });
});

describe('a sign-in that is over', () => {
  it('says so after its time, with a way on (sec-048)', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app, portal));
    t.mock.timers.tick(16 * 60 * 1000);
    for (const answer of [
      await browser.submit(page, rightAnswer()),
      await browser.send('GET', page.url),
      await browser.send('GET', page.url.pathname.replace('/signin/', '/oauth2/authorize/')),
    ]) {
      assert.equal(answer.status, 400);
      assert.equal(textOf(answer, '<h1'), ended);
    }
    const { text } = await browser.send('GET', page.url);
    assert.match(
      text,
      /<a class="primary" href="https:\/\/portal\.example\.test\/" rel="noreferrer">Go back to Orders portal/,
    );
  });

  it('says so to the back button after the code', async () => {
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    await signIn(app, browser, page);
    const answer = await browser.send('GET', page.url);
    assert.equal(answer.status, 400);
    assert.match(answer.text, /href="http:\/\/localhost:8080\/"[^>]*>Go back to Demo web application/);
  });

  it('says so when the address was never one, whatever the cookies are', async () => {
    for (const cookie of ['', 'signin-client=%zz', `signin-client=${'A'.repeat(500)}`]) {
      assert.equal((await newBrowser(app).send('GET', '/signin/never', undefined, { cookie })).status, 400);
    }
  });
});

describe('what somebody else wrote (sec-008)', () => {
  const evil = '"><img src=x onerror=alert(1)><script>alert(1)</script>';

  it('is shown as text on every page', async () => {
    const id = "o'brien";
    await app.parts.clients.add({ id, name: evil.slice(0, 60), metadata: { redirect_uris: [callback] } }, 'cli');
    const browser = newBrowser(app);
    const first = await browser.open(authorization(app, { client_id: id, login_hint: evil, ui_locales: evil }));
    const second = await browser.submit(first, { identifier: evil, password: 'wrong' });
    const pages = [
      first,
      second,
      await signInto(app, newBrowser(app), { client_id: id }),
      await browser.open(authorization(app, { client_id: evil })),
      await browser.open(authorization(app, { redirect_uri: `https://x.example/${evil}` })),
      await browser.open(`${app.issuer}/oauth2/logout?client_id=${encodeURIComponent(evil)}`),
      await browser.open(`${app.issuer}/${encodeURIComponent(evil)}`),
      await signInto(app, newBrowser(app), { state: evil, response_mode: 'form_post' }),
    ];
    for (const { text } of pages) assert.doesNotMatch(text, /<img src=x|<script>/);
  });
});

describe('every page', () => {
  it('carries the headers that keep it to itself (sec-006, sec-018)', async () => {
    const browser = newBrowser(app);
    const identify = await browser.open(authorization(app, portal));
    const consent = await signIn(app, browser, identify);
    const pages = [
      identify,
      consent,
      await browser.open(`${app.issuer}/oauth2/logout`),
      await browser.open('/signin/never'),
      await browser.open(authorization(app, { redirect_uri: 'https://evil.example' })),
      await browser.open('/'),
    ];
    for (const { headers, url } of pages) {
      const policy = String(headers['content-security-policy']);
      assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/, url.pathname);
      assert.doesNotMatch(policy, /unsafe|sha256/);
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.match(String(headers['cache-control']), /no-store/);
    }
  });

  it('is reached and left without a password in an address, by 303 only (sec-016)', async () => {
    const browser = newBrowser(app);
    await signInto(app, browser);
    assert.deepEqual(
      browser.hops.filter((hop) => / 30[1278]$/.test(hop)),
      [],
    );
  });

  it('sets cookies over https that stay on this host, this path and this protocol (sec-005)', async () => {
    const issuer = 'https://id.example.test';
    const secure = await startApp({ SALLYPORT_ISSUER: issuer, SALLYPORT_TRUSTED_PROXIES: '127.0.0.1,::1' });
    const browser = new Browser({ origin: issuer, through: secure.url, headers: { 'x-forwarded-proto': 'https' } });
    await signInto(secure, browser);
    const lines = [...browser.cookies.values()].filter(({ value }) => value !== '').map(({ line }) => line);
    assert.ok(lines.length >= 3);
    for (const line of lines) {
      assert.match(line, /; secure/i);
      assert.match(line, /; httponly/i);
      assert.match(line, /; samesite=lax/i);
      assert.match(
        line,
        /^__Host-(session(\.sig)?|browser)=[^;]+; path=\/;|^__Secure-[\w.-]+=[^;]+; path=\/(signin|oauth2)\//,
      );
      assert.doesNotMatch(line, /domain=/i);
    }
    await secure.close();
  });
});
