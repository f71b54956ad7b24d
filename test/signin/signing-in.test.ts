import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as oauth from 'openid-client';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, textOf } from '../support/browser.ts';
import { authorization, callback, newBrowser, redeem, signIn, signInto } from '../support/signing-in.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const alice = 'alice@example.test';

describe('a sign-in with a password', () => {
  it('takes one page and four requests to the code', async () => {
    const browser = newBrowser(app);
    const back = await signInto(app, browser);
    assert.equal(back.url.origin + back.url.pathname, callback);
    assert.deepEqual(browser.hops, [
      'GET /oauth2/authorize 303',
      'GET /signin/… 200',
      'POST /signin/… 303',
      'GET /oauth2/authorize/… 303',
    ]);
  });

  it('satisfies a standard client, which learns who signed in, how and when', async () => {
    const { client_id, client_secret } = app.client('demo-web');
    const config = await oauth.discovery(new URL(app.issuer), client_id, client_secret, undefined, {
      execute: [oauth.allowInsecureRequests],
    });
    const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
    const checks = { expectedState: oauth.randomState(), expectedNonce: oauth.randomNonce(), pkceCodeVerifier };
    const url = oauth.buildAuthorizationUrl(config, {
      ...{ redirect_uri: callback, scope: 'openid profile email orders:read', response_type: 'code' },
      code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
      ...{ code_challenge_method: 'S256', state: checks.expectedState, nonce: checks.expectedNonce },
      claims: JSON.stringify({ id_token: { acr: null, amr: null, auth_time: null } }),
    });
    const before = Math.floor(Date.now() / 1000);
    const browser = newBrowser(app);
    const back = await signIn(app, browser, await browser.open(url));
    const tokens = await oauth.authorizationCodeGrant(config, back.url, { ...checks, idTokenExpected: true });
    const claims = tokens.claims();
    const user = await app.parts.users.byEmail(alice);
    assert.equal(claims?.sub, user?.id);
    assert.equal(claims?.acr, '1fa');
    assert.deepEqual(claims?.amr, ['pwd']);
    assert.ok(Number(claims?.auth_time) >= before);
    const info = await oauth.fetchUserInfo(config, tokens.access_token, String(claims?.sub));
    assert.equal(info.email, alice);
  });

  it('names the application, and asks for what password managers know', async () => {
    const page = await newBrowser(app).open(authorization(app));
    assert.equal(textOf(page, '<h1'), 'Sign in to Demo web application');
    assert.match(page.text, /<input[^>]*name="identifier"[^>]*autocomplete="username webauthn"/);
    assert.match(page.text, /<input[^>]*name="password"[^>]*autocomplete="current-password"/);
    assert.equal(page.text.match(/<main/g)?.length, 1);
    assert.equal(page.text.match(/<h1/g)?.length, 1);
  });

  it('may take the address first, keeps it visible, and gives a way to change it', async () => {
    const browser = newBrowser(app);
    const first = await browser.open(authorization(app));
    const second = await browser.submit(first, { identifier: ' bob@example.test ', password: '' });
    assert.equal(second.status, 200);
    assert.match(second.text, /bob@example\.test/);
    assert.doesNotMatch(second.text, /name="identifier"/);
    const again = await browser.open(/href="([^"]*restart)"/.exec(second.text)?.[1] ?? '');
    assert.match(again.text, /name="identifier"/);
    assert.match(String((await signIn(app, browser, again)).url), /code=/);
  });

  it('begins with the address that the application hints at', async () => {
    const page = await newBrowser(app).open(authorization(app, { login_hint: 'carol@example.test' }));
    assert.match(page.text, /name="identifier"[^>]*value="carol@example\.test"/);
  });

  it('takes a corrected address from the page before', async () => {
    const browser = newBrowser(app);
    const first = await browser.open(authorization(app));
    await browser.submit(first, { identifier: 'alcie@example.test', password: app.password(alice) });
    assert.match(String((await signIn(app, browser, first)).url), /code=/);
  });

  it('takes the address in any spelling', async () => {
    const browser = newBrowser(app);
    const first = await browser.open(authorization(app));
    const back = await browser.submit(first, { identifier: 'ALICE@Example.test', password: app.password(alice) });
    assert.match(String(back.url), /code=/);
  });

  it('says what is missing', async () => {
    const browser = newBrowser(app);
    const page = await browser.submit(await browser.open(authorization(app)), { identifier: ' ' });
    assert.equal(page.status, 400);
    assert.equal(alertOf(page), 'Enter your e-mail address.');
    assert.match(page.text, /<title>Error: Sign in/);
  });

  it('answers by form_post when it is asked to, without an inline script', async () => {
    const page = await signInto(app, newBrowser(app), { response_mode: 'form_post' });
    assert.equal(page.status, 200);
    assert.equal(textOf(page, '<h1'), 'One moment');
    assert.match(page.text, new RegExp(`<form method="post" action="${callback}"`));
    assert.match(page.text, /name="code" value="[\w-]{43}/);
    assert.doesNotMatch(page.text, /<script(?! src)/);
    assert.doesNotMatch(String(page.headers['content-security-policy']), /sha256|unsafe/);
  });

  it('puts the outcome into the audit trail, without what was typed', async () => {
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    await browser.submit(page, { identifier: 'carl@example.test', password: 'my-secret-typed-wrongly' });
    await signIn(app, browser, page);
    const person = `user:${(await app.parts.users.byEmail(alice))?.id}`;
    const [success] = await app.parts.trail.search({ type: 'signin.succeeded', target: person });
    assert.deepEqual(success?.detail, {
      method: 'password',
      client: 'demo-web',
      acr: '1fa',
      device: 'new',
      browser: 'Browser',
    });
    assert.ok(success?.ip && success.requestId);
    const failures = await app.parts.trail.search({ type: 'signin.failed' });
    assert.doesNotMatch(JSON.stringify(failures) + app.log.join(), /typed-wrongly|carl@/);
    assert.equal(failures.at(-1)?.outcome, 'failure');
  });
});

describe('a wrong password', () => {
  it('is told like an unknown and like a disabled person (sec-116)', async () => {
    const { id } = await app.parts.users.add(
      { email: 'dora@example.test', password: 'a lamp beside four rivers' },
      'cli',
    );
    await app.parts.users.disable(id, 'cli');
    const answers = await Promise.all(
      [
        [alice, 'wrong'],
        ['nobody@example.test', 'wrong'],
        ['dora@example.test', 'a lamp beside four rivers'],
      ].map(async ([identifier = '', password = '']) => {
        const browser = newBrowser(app);
        const page = await browser.submit(await browser.open(authorization(app)), { identifier, password });
        // What is random in every page: its address, and the challenge for a passkey.
        const same = page.text.replaceAll(/\/signin\/[\w-]+|challenge&quot;:&quot;[\w-]+/g, '');
        return { status: page.status, text: same.replaceAll(identifier, '') };
      }),
    );
    assert.equal(answers[0]?.status, 400);
    assert.match(answers[0]?.text ?? '', /role="alert"/);
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
  });

  it('leaves the person on the page, with the address and the way on', async () => {
    const browser = newBrowser(app);
    const page = await browser.submit(await browser.open(authorization(app)), { identifier: alice, password: 'wrong' });
    assert.match(alertOf(page) ?? '', /do not belong together/);
    assert.match(page.text, /Not you\?/);
    assert.match(page.text, /aria-invalid="true" aria-describedby="wrong"/);
    assert.match(String((await browser.submit(page, { password: app.password(alice) })).url), /code=/);
  });

  it('makes the next ones wait, for the right password too, and says how long (sec-117)', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    const attempt = (password: string) => browser.submit(page, { identifier: 'bob@example.test', password });
    for (let count = 0; count < 5; count += 1) assert.equal((await attempt('wrong')).status, 400);
    const refused = await attempt(app.password('bob@example.test'));
    assert.equal(refused.status, 429);
    assert.match(alertOf(refused) ?? '', /Wait \d+ seconds and try again/);
    t.mock.timers.tick(Number(refused.headers['retry-after']) * 1000);
    assert.match(String((await attempt(app.password('bob@example.test'))).url), /code=/);
    const [slowed] = await app.parts.trail.search({ type: 'signin.slowed' });
    assert.equal(slowed?.outcome, 'failure');
  });
});

describe('a session', () => {
  it('makes the next sign-in silent, under an id that changed at the sign-in (sec-044)', async () => {
    const browser = newBrowser(app);
    await browser.open(`${app.issuer}/oauth2/logout`);
    const before = browser.cookies.get('session /')?.value;
    await signInto(app, browser);
    assert.notEqual(browser.cookies.get('session /')?.value, before);
    const silent = await browser.during(() => browser.open(authorization(app)));
    assert.deepEqual(silent, ['GET /oauth2/authorize 303']);
  });

  it('ends when it is unused for eight hours, and a day after the sign-in however much it is used (sec-100, sec-101)', async (t) => {
    const hour = 3600 * 1000;
    const began = Date.now();
    t.mock.timers.enable({ apis: ['Date'], now: began });
    const used = newBrowser(app);
    const unused = newBrowser(app);
    await signInto(app, used);
    await signInto(app, unused);
    for (let passed = 7; passed < 24; passed += 7) {
      t.mock.timers.tick(7 * hour);
      assert.match(String((await used.open(authorization(app))).url), /code=/, `${passed} h`);
    }
    assert.ok(Number(used.cookies.get('session /')?.expires) <= began + 24 * hour);
    assert.equal(textOf(await unused.open(authorization(app)), '<h1')?.startsWith('Sign in'), true);
    t.mock.timers.tick(3 * hour);
    assert.equal(textOf(await used.open(authorization(app)), '<h1')?.startsWith('Sign in'), true);
  });

  it('counts no more once the person is disabled or has another password (sec-110)', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const { users } = app.parts;
    const { id } = await users.add({ email: 'erin@example.test', password: 'a lamp beside four rivers' }, 'cli');
    const browser = newBrowser(app);
    const enter = (page: Awaited<ReturnType<typeof browser.open>>, password: string) =>
      browser.submit(page, { identifier: 'erin@example.test', password });
    const back = await enter(await browser.open(authorization(app)), 'a lamp beside four rivers');
    assert.equal((await redeem(app, back)).claims.sub, id);
    await users.setPassword(id, 'seven chairs under water', 'cli');
    t.mock.timers.tick(1000);
    const asked = await browser.open(authorization(app));
    assert.equal(asked.status, 200);
    assert.match(String((await enter(asked, 'seven chairs under water')).url), /code=/);
    await users.disable(id, 'cli');
    assert.equal((await browser.open(authorization(app))).status, 200);
    const none = await browser.open(authorization(app, { prompt: 'none' }));
    assert.equal(none.url.searchParams.get('error'), 'login_required');
  });
});
