import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PasswordResets } from '../../src/signin/password-resets.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, Browser, formOf, textOf } from '../support/browser.ts';
import { ask, Forgetting, fresh, old, set } from '../support/forgetting.ts';
import { openParts } from '../support/parts.ts';
import { authorization, callback } from '../support/signing-in.ts';

let people: Forgetting;
let app: TestApp;
before(async () => {
  people = await Forgetting.start();
  ({ app } = people);
});
after(() => people.stop());

describe('a forgotten password', () => {
  it('is set anew by a link to the address of the account, and the old one is gone', async () => {
    const { user, browser, ip } = await people.somebody();
    const sent = await ask(browser, ` ${user.email.toUpperCase()} `);
    assert.equal(textOf(sent, '<h1'), 'Look into your mailbox');
    const page = await browser.open(await people.linkTo(user.email));
    assert.match(page.text, /name="password" type="password" autocomplete="new-password"/);
    assert.equal(page.headers['referrer-policy'], 'no-referrer');
    assert.equal(page.headers['cache-control'], 'no-store');
    const done = await browser.submit(page, { password: fresh });
    assert.equal(textOf(done, '<h1'), 'Your new password is set');
    assert.ok(await app.parts.users.signIn(user.email, fresh));
    assert.equal(await app.parts.users.signIn(user.email, old), undefined);
    const [, notice] = await people.mailsTo(user.email, 2);
    assert.match(notice?.subject ?? '', /has a new password/);
    assert.match(notice?.text ?? '', /Where from: 198\.51\.100\./);
    const events = await app.parts.trail.search({ target: `user:${user.id}` });
    const types = events.map(({ type }) => type).filter((type) => !type.startsWith('notice.'));
    assert.deepEqual(types, ['user.created', 'user.password-reset-asked', 'user.password-reset']);
    assert.equal(events.find(({ type }) => type === 'user.password-reset')?.ip, ip);
  });

  it('goes back to the application that the person came from, and to none that is not known', async () => {
    const { user, browser } = await people.somebody();
    const first = await browser.open(authorization(app));
    const next = await browser.submit(first, { identifier: user.email, password: '' });
    for (const { text } of [first, next]) {
      assert.match(text, /<a href="\/account\/forgot\?client=demo-web">Forgot your password\?<\/a>/);
    }
    assert.equal(formOf(await browser.open('/account/forgot?client=demo-web')).fields.client, 'demo-web');
    await ask(browser, user.email, '?client=demo-web');
    const done = await set(browser, await people.linkTo(user.email));
    assert.match(done.text, /<a class="primary" href="http:\/\/localhost:8080\/"[^>]*>Go to Demo Web/i);
    await ask(browser, user.email, '?client=https://evil.example');
    const other = await set(browser, await people.linkTo(user.email, 2), 'one lamp beside four rivers');
    assert.doesNotMatch(other.text, /evil\.example/);
    assert.match(other.text, /Go back to the application/);
  });

  it('does not lead on to an application that is suspended', async () => {
    const { user, browser } = await people.somebody();
    const metadata = { redirect_uris: ['https://late.example.test/callback'], token_endpoint_auth_method: 'none' };
    await app.parts.clients.add({ id: 'late', name: 'Late', metadata }, 'cli');
    await ask(browser, user.email, '?client=late');
    const link = await people.linkTo(user.email);
    await app.parts.clients.decide('late', 'suspend', 'cli');
    assert.doesNotMatch((await set(browser, link)).text, /late\.example/);
  });

  it('a password that is refused says why, and does not use the link up', async () => {
    const { user, browser } = await people.somebody();
    const link = await people.asked(browser, user);
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
    const { user, browser } = await people.somebody();
    assert.equal((await ask(browser, ' ')).status, 400);
    const page = await browser.open('/account/forgot');
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    assert.equal((await browser.submit(page, { identifier: user.email }, foreign)).status, 403);
    const link = await people.asked(browser, user);
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
    const page = await browser.open(await people.linkTo(user.email));
    assert.match(page.text, /<html lang="de">[\s\S]*Neues Passwort festlegen/);
    assert.match((await people.mailsTo(user.email, 1))[0]?.subject ?? '', /^Neues Passwort bei/);
  });
});

describe('asking for a link', () => {
  it('sec-116 sec-127 answers the same for people and for nobody, and does the same until it has answered', async () => {
    const { user } = await people.somebody();
    const off = await people.somebody();
    await app.parts.users.disable(off.user.id, 'cli');
    await app.parts.users.provision('usr_elsewhere', { email: 'elsewhere@example.test' }, 'corp');
    const names = [user.email, off.user.email, 'elsewhere@example.test', 'nobody@example.test', 'no address'];
    const answers: string[] = [];
    for (const [at, identifier] of names.entries()) {
      const { status, text, headers } = await ask(people.browserAt(`203.0.113.${at}`), identifier);
      const { 'x-request-id': _, date: __, ...rest } = headers;
      answers.push(JSON.stringify([status, text, rest]));
    }
    assert.equal(new Set(answers).size, 1, answers.join('\n'));
    const control = await people.somebody();
    await people.asked(control.browser, control.user);
    const [link] = await people.mailsTo(user.email, 1);
    assert.match(link?.text ?? '', /account\/reset/);
    const [word] = await people.mailsTo('elsewhere@example.test', 1);
    assert.match(word?.text ?? '', /you sign in through your organisation/);
    assert.doesNotMatch(word?.text ?? '', /account\/reset/);
    const silent = people.server.mails.flatMap(({ to }) => to).filter((to) => to === off.user.email || /^no/.test(to));
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
    const { user, browser } = await people.somebody();
    const gone = await openParts();
    await gone.close();
    const { issuer, parts } = app;
    const blind = new PasswordResets({ ...parts, issuer, endings: [], users: gone.users });
    await assert.rejects(gone.users.byEmail(user.email));
    const errand = { identifier: user.email, ip: '198.51.100.230', requestId: 'r' };
    assert.equal(await blind.ask(errand), undefined);
    assert.equal((await browser.open(await people.linkTo(user.email))).status, 200);
  });

  it('sec-117 one person gets five links an hour, and those who ask on are told nothing else', async () => {
    const { user } = await people.somebody();
    const pages: string[] = [];
    for (let at = 1; at <= 8; at += 1) pages.push((await ask(people.browserAt(`192.0.2.${at}`), user.email)).text);
    assert.equal(new Set(pages).size, 1);
    const last = await people.somebody();
    await people.asked(last.browser, last.user);
    assert.equal((await people.mailsTo(user.email, 5)).length, 5);
    const set5 = await set(people.browserAt('192.0.2.9'), await people.linkTo(user.email, 5));
    assert.equal(set5.status, 200, 'and the newest of them still works');
  });

  it('sec-117 one address asks twenty times an hour, over all people, and hears how long to wait', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const browser = people.browserAt('2001:db8:1:2::1');
    for (let at = 0; at < 20; at += 1) assert.equal((await ask(browser, `x${at}@example.test`)).status, 200);
    for (const ip of ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9']) {
      const page = await ask(people.browserAt(ip), 'x@example.test');
      assert.equal(page.status, 429);
      assert.match(alertOf(page) ?? '', /Wait 60 minutes/);
      assert.equal(Number(page.headers['retry-after']), 3600);
    }
    assert.equal((await ask(people.browserAt('2001:db8:1:3::1'), 'x@example.test')).status, 200);
    t.mock.timers.setTime(Date.now() + 3_601_000);
    assert.equal((await ask(browser, 'x@example.test')).status, 200);
  });

  it('sec-121 the link leads to the issuer, whatever the request calls us', async () => {
    const { user } = await people.somebody();
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
      const browser = people.browserAt(ip);
      const form = { identifier: user.email };
      await browser.send('POST', '/account/forgot', form, { ...headers, 'x-forwarded-for': ip });
    }
    await people
      .browserAt('198.51.100.250')
      .send('POST', '/account/forgot', { identifier: user.email }, { host: 'evil.example' });
    const control = await people.somebody();
    await people.asked(control.browser, control.user);
    const mails = await people.mailsTo(user.email, 1);
    for (const { text, html } of mails) {
      assert.doesNotMatch(`${text}${html}`, /evil/);
      assert.ok(text.includes(`${app.issuer}/account/reset/`));
    }
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
