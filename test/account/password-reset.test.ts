import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { User } from '../../src/directory/users.ts';
import { PasswordResets } from '../../src/signin/password-resets.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, Browser, formOf, type Page, textOf } from '../support/browser.ts';
import { authorize, introspect, redeem, refresh } from '../support/code-flow.ts';
import { type MailServer, startMailServer } from '../support/mail.ts';
import { openParts } from '../support/parts.ts';
import { addTotp } from '../support/second-factor.ts';
import { authorization, callback, newBrowser } from '../support/signing-in.ts';
import { codeOf } from '../support/totp.ts';

const old = 'the password that was forgotten';
const fresh = 'four rivers beside one lamp';

let app: TestApp;
let server: MailServer;
before(async () => {
  server = await startMailServer();
  app = await startApp({ SALLYPORT_MAIL_URL: server.url, SALLYPORT_TRUSTED_PROXIES: '127.0.0.1,::1' });
});
after(async () => {
  await app.close();
  await server.stop();
});

let count = 0;
/** Somebody with a password, an address in the world, and a browser there. */
async function somebody(): Promise<{ user: User & { email: string }; browser: Browser }> {
  count += 1;
  const user = await app.parts.users.add({ email: `person${count}@example.test`, password: old }, 'cli');
  return { user, browser: browserAt(`198.51.100.${count}`) };
}
const browserAt = (ip: string): Browser => new Browser({ origin: app.issuer, headers: { 'x-forwarded-for': ip } });

const ask = async (browser: Browser, identifier: string, query = ''): Promise<Page> =>
  browser.submit(await browser.open(`/account/forgot${query}`), { identifier });

/** Mails to this address that say this, once there are so many. */
async function mailsTo(address: string, wanted: number, says = /./) {
  for (;;) {
    const found = server.mails.filter(({ to, text }) => to.includes(address) && says.test(text));
    if (found.length >= wanted) return found;
    await server.arrived(server.mails.length + 1);
  }
}

const aLink = /^(http\S+\/account\/reset\/[\w-]{43})$/m;

/** The link in the latest of so many mails that have one. */
async function linkTo(address: string, wanted = 1): Promise<string> {
  const mail = (await mailsTo(address, wanted, aLink)).at(-1);
  return aLink.exec(mail?.text ?? '')?.[1] ?? assert.fail('there is no link');
}

async function asked(browser: Browser, user: User & { email: string }): Promise<string> {
  const before = server.mails.filter(({ to, text }) => to.includes(user.email) && aLink.test(text)).length;
  assert.equal((await ask(browser, user.email)).status, 200);
  return linkTo(user.email, before + 1);
}

const set = async (browser: Browser, link: string, password = fresh): Promise<Page> =>
  browser.submit(await browser.open(link), { password });

const over = /link does not work any more/;

describe('a forgotten password', () => {
  it('is set anew by a link to the address of the account, and the old one is gone', async () => {
    const { user, browser } = await somebody();
    const sent = await ask(browser, ` ${user.email.toUpperCase()} `);
    assert.equal(textOf(sent, '<h1'), 'Look into your mailbox');
    const page = await browser.open(await linkTo(user.email));
    assert.match(page.text, /name="password" type="password" autocomplete="new-password"/);
    assert.equal(page.headers['referrer-policy'], 'no-referrer');
    assert.equal(page.headers['cache-control'], 'no-store');
    const done = await browser.submit(page, { password: fresh });
    assert.equal(textOf(done, '<h1'), 'Your new password is set');
    assert.ok(await app.parts.users.signIn(user.email, fresh));
    assert.equal(await app.parts.users.signIn(user.email, old), undefined);
    const [, notice] = await mailsTo(user.email, 2);
    assert.match(notice?.subject ?? '', /has a new password/);
    assert.match(notice?.text ?? '', /Where from: 198\.51\.100\./);
    const events = await app.parts.trail.search({ target: `user:${user.id}` });
    const types = events.map(({ type }) => type).filter((type) => !type.startsWith('notice.'));
    assert.deepEqual(types, ['user.created', 'user.password-reset-asked', 'user.password-reset']);
    assert.equal(events.find(({ type }) => type === 'user.password-reset')?.ip, `198.51.100.${count}`);
  });

  it('goes back to the application that the person came from, and to none that is not known', async () => {
    const { user, browser } = await somebody();
    const first = await browser.open(authorization(app));
    const next = await browser.submit(first, { identifier: user.email, password: '' });
    for (const { text } of [first, next]) {
      assert.match(text, /<a href="\/account\/forgot\?client=demo-web">Forgot your password\?<\/a>/);
    }
    assert.equal(formOf(await browser.open('/account/forgot?client=demo-web')).fields.client, 'demo-web');
    await ask(browser, user.email, '?client=demo-web');
    const done = await set(browser, await linkTo(user.email));
    assert.match(done.text, /<a class="primary" href="http:\/\/localhost:8080\/"[^>]*>Go to Demo Web/i);
    await ask(browser, user.email, '?client=https://evil.example');
    const other = await set(browser, await linkTo(user.email, 2), 'one lamp beside four rivers');
    assert.doesNotMatch(other.text, /evil\.example/);
    assert.match(other.text, /Go back to the application/);
  });

  it('does not lead on to an application that is suspended', async () => {
    const { user, browser } = await somebody();
    const metadata = { redirect_uris: ['https://late.example.test/callback'], token_endpoint_auth_method: 'none' };
    await app.parts.clients.add({ id: 'late', name: 'Late', metadata }, 'cli');
    await ask(browser, user.email, '?client=late');
    const link = await linkTo(user.email);
    await app.parts.clients.decide('late', 'suspend', 'cli');
    assert.doesNotMatch((await set(browser, link)).text, /late\.example/);
  });

  it('a password that is refused says why, and does not use the link up', async () => {
    const { user, browser } = await somebody();
    const link = await asked(browser, user);
    for (const [password, why] of [
      ['too short', /needs at least 15/],
      [`my name is ${user.email.split('@')[0]}`, /must not contain the name/],
      ['passwordpassword1', /first to be guessed/],
      ['', /needs at least 15/],
    ] as const) {
      const page = await set(browser, link, password);
      assert.equal(page.status, 400);
      assert.match(alertOf(page) ?? '', why);
      assert.doesNotMatch(page.text, /passwordpassword1/);
    }
    assert.equal((await set(browser, link)).status, 200);
  });

  it('asks for an address, and takes no form from another site', async () => {
    const { user, browser } = await somebody();
    assert.equal((await ask(browser, ' ')).status, 400);
    const page = await browser.open('/account/forgot');
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    assert.equal((await browser.submit(page, { identifier: user.email }, foreign)).status, 403);
    const link = await asked(browser, user);
    const form = await browser.open(link);
    assert.equal((await browser.submit(form, { password: fresh }, foreign)).status, 403);
    assert.ok(await app.parts.users.signIn(user.email, old));
  });

  it('says in the language of the browser what the mail says in that of the person', async () => {
    const browser = new Browser({
      origin: app.issuer,
      headers: { 'accept-language': 'de', 'x-forwarded-for': '198.51.100.200' },
    });
    const profile = { locale: 'de' };
    const user = await app.parts.users.add({ email: 'deutsch@example.test', password: old, profile }, 'cli');
    assert.match((await ask(browser, user.email)).text, /Sehen Sie in Ihr Postfach/);
    const page = await browser.open(await linkTo(user.email));
    assert.match(page.text, /<html lang="de">[\s\S]*Neues Passwort festlegen/);
    assert.match((await mailsTo(user.email, 1))[0]?.subject ?? '', /^Neues Passwort bei/);
  });
});

describe('asking for a link', () => {
  it('sec-116 sec-127 answers the same for people and for nobody, and does the same until it has answered', async () => {
    const { user } = await somebody();
    const off = await somebody();
    await app.parts.users.disable(off.user.id, 'cli');
    await app.parts.users.provision('usr_elsewhere', { email: 'elsewhere@example.test' }, 'corp');
    const people = [user.email, off.user.email, 'elsewhere@example.test', 'nobody@example.test', 'no address'];
    const answers: string[] = [];
    for (const [at, identifier] of people.entries()) {
      const { status, text, headers } = await ask(browserAt(`203.0.113.${at}`), identifier);
      const { 'x-request-id': _, date: __, ...rest } = headers;
      answers.push(JSON.stringify([status, text, rest]));
    }
    assert.equal(new Set(answers).size, 1, answers.join('\n'));
    const control = await somebody();
    await asked(control.browser, control.user);
    const [link] = await mailsTo(user.email, 1);
    assert.match(link?.text ?? '', /account\/reset/);
    const [word] = await mailsTo('elsewhere@example.test', 1);
    assert.match(word?.text ?? '', /you sign in through your organisation/);
    assert.doesNotMatch(word?.text ?? '', /account\/reset/);
    const silent = server.mails.flatMap(({ to }) => to).filter((to) => to === off.user.email || /^no/.test(to));
    assert.deepEqual(silent, []);
    const events = await app.parts.trail.search({ type: 'user.password-reset-asked' });
    const ofThese = events.filter(({ ip }) => ip?.startsWith('203.0.113.'));
    assert.deepEqual(
      ofThese.map(({ outcome, target }) => [outcome, target !== undefined]),
      [
        ['success', true],
        ['failure', true],
        ['success', true],
        ['failure', false],
        ['failure', false],
      ],
    );
  });

  it('sec-116 looks nobody up: it can be answered while no person can be read', async () => {
    const { user, browser } = await somebody();
    const gone = await openParts();
    await gone.close();
    const { issuer, parts } = app;
    const blind = new PasswordResets({ ...parts, issuer, endings: [], users: gone.users });
    await assert.rejects(gone.users.byEmail(user.email));
    const errand = { identifier: user.email, ip: '198.51.100.230', requestId: 'r' };
    assert.equal(await blind.ask(errand), undefined);
    assert.equal((await browser.open(await linkTo(user.email))).status, 200);
  });

  it('sec-117 one person gets five links an hour, and those who ask on are told nothing else', async () => {
    const { user } = await somebody();
    const pages: string[] = [];
    for (let at = 1; at <= 8; at += 1) pages.push((await ask(browserAt(`192.0.2.${at}`), user.email)).text);
    assert.equal(new Set(pages).size, 1);
    const last = await somebody();
    await asked(last.browser, last.user);
    assert.equal((await mailsTo(user.email, 5)).length, 5);
    const set5 = await set(browserAt('192.0.2.9'), await linkTo(user.email, 5));
    assert.equal(set5.status, 200, 'and the newest of them still works');
  });

  it('sec-117 one address asks twenty times an hour, over all people, and hears how long to wait', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const browser = browserAt('2001:db8:1:2::1');
    for (let at = 0; at < 20; at += 1) assert.equal((await ask(browser, `x${at}@example.test`)).status, 200);
    for (const ip of ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9']) {
      const page = await ask(browserAt(ip), 'x@example.test');
      assert.equal(page.status, 429);
      assert.match(alertOf(page) ?? '', /Wait 60 minutes/);
      assert.equal(Number(page.headers['retry-after']), 3600);
    }
    assert.equal((await ask(browserAt('2001:db8:1:3::1'), 'x@example.test')).status, 200);
    t.mock.timers.setTime(Date.now() + 3_601_000);
    assert.equal((await ask(browser, 'x@example.test')).status, 200);
  });

  it('sec-121 the link leads to the issuer, whatever the request calls us', async () => {
    const { user } = await somebody();
    for (const [at, headers] of [
      { 'x-forwarded-host': 'evil.example' },
      {
        host: `localhost:${new URL(app.issuer).port}`,
        'x-forwarded-host': 'evil.example',
        forwarded: 'host=evil.example',
      },
      { host: '127.0.0.1:1' },
    ].entries()) {
      const ip = `198.51.100.${240 + at}`;
      const browser = browserAt(ip);
      const form = { identifier: user.email };
      await browser.send('POST', '/account/forgot', form, { ...headers, 'x-forwarded-for': ip });
    }
    await browserAt('198.51.100.250').send(
      'POST',
      '/account/forgot',
      { identifier: user.email },
      { host: 'evil.example' },
    );
    const control = await somebody();
    await asked(control.browser, control.user);
    const mails = await mailsTo(user.email, 1);
    for (const { text, html } of mails) {
      assert.doesNotMatch(`${text}${html}`, /evil/);
      assert.ok(text.includes(`${app.issuer}/account/reset/`));
    }
  });
});

describe('a link', () => {
  it('sec-122 works once, after any number of looks, and of two at the same moment one counts', async () => {
    const { user, browser } = await somebody();
    const link = await asked(browser, user);
    for (let look = 0; look < 3; look += 1) assert.equal((await browser.open(link)).status, 200);
    const page = await browser.open(link);
    const passwords = Array.from({ length: 4 }, (_, at) => `${fresh} ${at} and one more`);
    const answers = await Promise.all(passwords.map((password) => browser.submit(page, { password })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400, 400]);
    const fits = await Promise.all(passwords.map((password) => app.parts.users.signIn(user.email, password)));
    assert.deepEqual(
      fits.map((one) => one !== undefined),
      answers.map(({ status }) => status === 200),
    );
    for (const again of [await browser.open(link), await browser.submit(page, { password: `${fresh} again` })]) {
      assert.equal(again.status, 400);
      assert.match(again.text, over);
    }
  });

  it('sec-122 is over after half an hour', async (t) => {
    const { user, browser } = await somebody();
    const now = Date.now();
    t.mock.timers.enable({ apis: ['Date'], now });
    const link = await asked(browser, user);
    t.mock.timers.setTime(now + 29 * 60_000);
    const page = await browser.open(link);
    assert.equal(page.status, 200);
    t.mock.timers.setTime(now + 31 * 60_000);
    assert.match((await browser.open(link)).text, over);
    assert.match((await browser.submit(page, { password: fresh })).text, over);
  });

  it('sec-122 is over when there is a newer one, another address, another password, or the person may not sign in', async () => {
    const { users } = app.parts;
    const ways: [string, (user: User & { email: string }, browser: Browser) => Promise<unknown>][] = [
      ['a newer link', (user, browser) => asked(browser, user)],
      ['another address', ({ id, email }) => users.change(id, { email: `new.${email}` }, 'cli')],
      ['another password', ({ id }) => users.setPassword(id, 'another four words of theirs', 'cli')],
      ['disabled', ({ id }) => users.disable(id, 'cli')],
      ['removed', ({ id }) => users.remove(id, 'cli')],
    ];
    for (const [name, end] of ways) {
      const { user, browser } = await somebody();
      const link = await asked(browser, user);
      const page = await browser.open(link);
      await end(user, browser);
      assert.match((await browser.open(link)).text, over, name);
      assert.match((await browser.submit(page, { password: fresh })).text, over, name);
      assert.equal(await users.signIn(user.email, fresh), undefined, name);
    }
  });

  it('sec-122 opens nothing when it is made up, and nothing in the store or the log is worth one', async () => {
    const { user, browser } = await somebody();
    const link = await asked(browser, user);
    await browser.open(link);
    const token = link.split('/').at(-1) ?? '';
    for (const wrong of [token.slice(0, -1), `${token}a`, user.id, 'x']) {
      assert.match((await browser.open(`/account/reset/${wrong}`)).text, over);
    }
    const raw = app.parts.store.collection({ name: 'password-resets', indexes: { token: { key: () => undefined } } });
    const kept = JSON.stringify(await raw.get(user.id));
    assert.match(kept, /"token"/);
    assert.ok(!kept.includes(token) && !kept.includes(user.email));
    assert.match((await browser.open(`/account/reset/${JSON.parse(kept).token}`)).text, over);
    assert.ok(app.log.some((line) => line.includes('/account/reset/*')));
    assert.ok(!app.log.some((line) => line.includes(token)));
    const events = JSON.stringify(await app.parts.trail.search({ target: `user:${user.id}` }));
    assert.ok(!events.includes(token) && !events.includes(user.email));
  });

  it('sec-123 signs nobody in, and second factors are asked for as before', async (t) => {
    const { user, browser } = await somebody();
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const secret = await addTotp(app, user.id);
    t.mock.timers.setTime(Date.now() + 90_000);
    const signedIn = [...browser.cookies.values()].length;
    await set(browser, await asked(browser, user));
    assert.equal([...browser.cookies.values()].length, signedIn, 'no session and nothing else is kept');
    t.mock.timers.setTime(Date.now() + 2000);
    const page = await browser.open(authorization(app));
    const factor = await browser.submit(page, { identifier: user.email, password: fresh });
    assert.match(factor.text, /name="code"/);
    const silent = await browser.open(authorization(app, { prompt: 'none' }));
    assert.equal(silent.url.searchParams.get('error'), 'login_required');
    const back = await browser.submit(factor, { code: codeOf(secret) });
    assert.ok(back.url.searchParams.has('code'), back.text);
  });

  it('sec-124 sec-143 ends every session, every token, remembered devices and a change of address that waits', async () => {
    const { user } = await somebody();
    const { email } = user;
    const open = async () => {
      const signedIn = await authorize({ ...app, password: () => old }, { user: email });
      return { ...signedIn, tokens: (await redeem(app, signedIn)).body };
    };
    const two = [await open(), await open()];
    const offline = await authorize(
      { ...app, password: () => old },
      { user: email },
      { scope: 'openid offline_access orders:read', prompt: 'consent' },
    );
    const kept = (await redeem(app, offline)).body;
    const { secret = '' } = await app.parts.emailChanges.begin(user, 'thief@example.test', {
      ip: '192.0.2.1',
      requestId: 'r',
    });
    const { devices } = app.parts;
    const seen = { ip: '192.0.2.1', requestId: 'r' };
    await devices.remember(user.id, 'a browser', { seconds: 3600, name: 'Firefox', seen });
    assert.equal(await devices.recognises(user.id, 'a browser'), true);
    assert.equal((await introspect(app, two[0]?.tokens.access_token)).active, true);
    const browser = newBrowser(app);
    assert.equal((await set(browser, await asked(browser, user))).status, 200);
    for (const { tokens, browser: before } of two) {
      assert.equal((await introspect(app, tokens.access_token)).active, false);
      const form = Object.fromEntries(new URL(authorization(app, { prompt: 'none' })).searchParams);
      const silent = await before.ask(`/oauth2/authorize?${new URLSearchParams(form)}`);
      assert.match(silent.location, /error=login_required/);
    }
    for (const token of [two[0]?.tokens.refresh_token, kept.refresh_token].filter((one) => one !== undefined)) {
      assert.equal((await refresh(app, token)).body.error, 'invalid_grant');
    }
    assert.equal((await introspect(app, kept.access_token)).active, false);
    assert.equal(await app.parts.emailChanges.confirm(user, secret, { ip: '192.0.2.1', requestId: 'r' }), undefined);
    assert.equal(await app.parts.emailChanges.pending(user.id), undefined);
    assert.equal(await devices.recognises(user.id, 'a browser'), false);
  });
});

describe('where no mail is sent', () => {
  it('no link is offered, and the page says whom to ask', async (t) => {
    const issuer = 'https://id.example.test';
    const production = await startApp({
      ...{ NODE_ENV: 'production', SALLYPORT_ISSUER: issuer, SALLYPORT_TRUSTED_PROXIES: '127.0.0.1,::1' },
      SALLYPORT_MASTER_KEY: Buffer.from('an 0123456789 ABCDEFGHIJKLMNOPQR').toString('base64'),
    });
    t.after(() => production.close());
    const browser = new Browser({ origin: issuer, through: production.url, headers: { 'x-forwarded-proto': 'https' } });
    const page = await browser.open('/account/forgot');
    assert.equal(page.status, 404);
    assert.match(alertOf(page) ?? '', /sends no mail/);
    assert.doesNotMatch(page.text, /name="identifier"/);
    const { clients, users, outbox } = production.parts;
    const metadata = { redirect_uris: [callback], token_endpoint_auth_method: 'none' };
    await clients.add({ id: 'demo-web', name: 'Web', metadata }, 'cli');
    const query = new URL(authorization(production)).search;
    const first = await browser.open(`/oauth2/authorize${query}`);
    assert.match(first.text, /name="password"/);
    assert.doesNotMatch(first.text, /forgot/i);
    const { id } = await users.add({ email: 'ana@example.test', password: old }, 'cli');
    await users.setPassword(id, fresh, 'cli');
    assert.equal(await outbox.waiting(), 0, 'nothing piles up');
  });
});
