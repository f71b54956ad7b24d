import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { doneOf, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Browser, textOf } from '../support/browser.ts';
import { atConsole, send } from '../support/console.ts';
import { SetUp } from '../support/set-up.ts';
import { newBrowser } from '../support/signing-in.ts';

let set: SetUp;
let app: TestApp;
before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  set = await SetUp.start();
  ({ app } = set);
});
after(async () => {
  await set.stop();
  mock.timers.reset();
});

describe('a set-up link', () => {
  it('is made in the console, shown once, seen there and ended', async () => {
    const ada = await atConsole(app, 'ada@x.test');
    const { browser } = ada;
    assert.match((await browser.open('/admin/connections')).text, /href="\/admin\/connections\/setup-links"/);
    const form = await browser.open('/admin/connections/setup-links/new?organization=acme');
    const wrong = await browser.send('POST', form.url, { organization: 'acme', note: 'Pat', days: '31' });
    assert.equal(wrong.status, 400);
    assert.match(wrong.text, /name="note"[^>]* value="Pat"/);
    const shown = await send(browser, form, { organization: 'acme', note: 'Pat, IT of Acme', days: '3' });
    const address = textOf(shown, '<code id="given"') ?? '';
    assert.ok(address.startsWith(`${app.issuer}/setup/link/`));
    const list = await browser.open('/admin/connections/setup-links?organization=acme');
    assert.match(list.text, /Pat, IT of Acme[\s\S]*Not opened yet[\s\S]*ada@x\.test/);
    assert.ok(!list.text.includes(address.split('/').at(-1) ?? ''));
    const it = newBrowser(app);
    const start = await it.open(address);
    assert.equal(textOf(start, '<h1'), 'Connect the identity provider of Acme &amp; Sons');
    assert.match(start.text, /ada@x\.test/);
    assert.doesNotMatch(start.text, /Pat, IT/);
    assert.equal(textOf(await it.submit(start, {}), '<h1'), 'Connect your identity provider');
    const [, end = ''] = /href="([^"]+\/end)"/.exec((await browser.open(list.url)).text) ?? [];
    for (const foreign of [end.replace('/acme/', '/none/'), end.replace(/[^/]+\/end$/, 'none/end')])
      assert.equal((await browser.send('GET', foreign)).status, 404, foreign);
    assert.equal(doneOf(await send(browser, await browser.open(end), {})), 'The link of acme was ended.');
    assert.match((await it.open('/setup')).text, /This link was ended[\s\S]*Ask <strong>ada@x\.test/);
    const events = await app.parts.trail.search({ target: 'organization:acme' });
    const told = events.filter(({ type }) => type.startsWith('setup-link.')).map(({ type, actor }) => [type, actor]);
    const [id = ''] = /(?<=\/setup\/link\/)[^/]+/.exec(address) ?? [];
    const [who, whose] = [`user:${ada.id}`, `setup-link:${id}`];
    assert.deepEqual(told, [
      ['setup-link.made', who],
      ['setup-link.opened', whose],
      ['setup-link.ended', who],
    ]);
    const sentences = await browser.open('/admin/audit?type=setup-link.opened');
    assert.match(sentences.text, /opened a set-up link of/);
  });

  it('is looked at without using it up, and then opened by one browser', async () => {
    const one = await set.link();
    for (let look = 0; look < 3; look += 1) {
      const { status, headers } = await newBrowser(app).open(one.path);
      assert.deepEqual([status, headers['referrer-policy'], headers['set-cookie']], [200, 'no-referrer', undefined]);
      assert.match(String(headers['cache-control']), /no-store/);
    }
    const foreign = await newBrowser(app).send('POST', one.path, {}, { origin: 'https://evil.example' });
    assert.equal(foreign.status, 403);
    const browsers = Array.from({ length: 6 }, () => newBrowser(app));
    const answers = await Promise.all(browsers.map((browser) => browser.send('POST', one.path, {})));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 410, 410, 410, 410, 410]);
    const mine = browsers[answers.findIndex(({ status }) => status === 303)];
    assert.equal((await mine?.open('/setup'))?.status, 200);
    assert.equal((await mine?.open(one.path))?.url.pathname, '/setup');
    const late = await newBrowser(app).open(one.path);
    assert.equal(late.status, 410);
    assert.match(late.text, /used already[\s\S]*whoever runs localhost/);
    assert.ok(app.log.some((line) => line.includes('"/setup/link/*"')));
    assert.ok(!app.log.some((line) => line.includes(one.key)));
  });

  it('slows down whoever tries keys, and lets the right one through', async () => {
    const one = await set.link();
    const wrong = `/setup/link/${one.id}/${'x'.repeat(43)}`;
    const statuses: number[] = [];
    for (let count = 0; count < 22; count += 1) statuses.push((await newBrowser(app).open(wrong)).status);
    assert.deepEqual([statuses.slice(0, 20).every((status) => status === 403), statuses.at(-1)], [true, 429]);
    assert.equal((await newBrowser(app).open(one.path)).status, 200);
    mock.timers.tick(31_000);
    assert.equal((await newBrowser(app).open(wrong)).status, 403);
  });

  it('gives a cookie that stays on this host and this protocol', async () => {
    const issuer = 'https://id.example.test';
    const secure = await startApp({ SALLYPORT_ISSUER: issuer, SALLYPORT_TRUSTED_PROXIES: '127.0.0.1,::1' });
    await secure.parts.organizations.add({ id: 'acme', name: 'Acme', domains: [], connections: [] }, 'cli');
    const {
      link: { id },
      key,
    } = await secure.parts.setupLinks.make({ organization: 'acme' }, 'cli');
    const browser = new Browser({ origin: issuer, through: secure.url, headers: { 'x-forwarded-proto': 'https' } });
    const { headers } = await browser.send('POST', `/setup/link/${id}/${key}`, {}, { 'sec-fetch-site': 'same-origin' });
    const [line = ''] = headers['set-cookie'] ?? [];
    assert.match(line, /^__Host-setup=[^;]+; path=\/; /);
    assert.match(line, /; secure/i);
    assert.match(line, /; httponly/i);
    assert.match(line, /; samesite=lax/i);
    assert.doesNotMatch(line, /domain=/i);
    assert.equal((await browser.open('/setup')).status, 200);
    await secure.close();
  });

  it('connects a provider of its own organisation, in its own name, up to the end', async () => {
    const { browser, page, id } = await set.opened();
    assert.match(page.text, /Set-up for <strong>Acme &amp; Sons<\/strong>/);
    assert.doesNotMatch(page.text, /href="\/admin/);
    assert.match((await browser.open('/setup/new')).text, /\/setup\/new\?preset=okta-saml/);
    const added = await send(
      browser,
      await browser.open('/setup/new?preset=generic-oidc'),
      set.filled({ id: 'acme-sso' }),
    );
    assert.equal(added.url.pathname, '/setup/acme-sso/setup');
    const { state, shown, confined, groupRules } = (await app.parts.connections.get('acme-sso')) ?? {};
    assert.deepEqual([state, shown, confined, groupRules], ['disabled', false, true, []]);
    assert.equal((await app.parts.organizations.ofConnection('acme-sso'))?.id, 'acme');
    const [event] = await app.parts.trail.search({ type: 'connection.created', target: 'connection:acme-sso' });
    assert.equal(event?.actor, `setup-link:${id}`);
    // A description that was pasted may be long, such as the metadata of Entra.
    const long = await browser.send('POST', '/setup/acme-sso/source', {
      ...set.filled(),
      metadata: 'x'.repeat(90_000),
    });
    assert.equal(long.status, 400, 'it is read, and no description');
    const test = await browser.send('POST', '/setup/acme-sso/test', {});
    assert.match(String(test.headers.location), /\/admin\/connections\/acme-sso\/test\/[\w-]+\?key=/);
    const done = await send(browser, await browser.open('/setup/acme-sso/enable'), {});
    assert.deepEqual([done.url.pathname, (await app.parts.connections.get('acme-sso'))?.state], ['/setup', 'enabled']);
    assert.match(done.text, /Test it once/);
    mock.timers.tick(1000);
    const { testRuns } = app.parts;
    const run = await testRuns.make('acme-sso', { strong: false, fresh: false }, `setup-link:${id}`);
    const tested = await testRuns.open('acme-sso', run.id, await testRuns.claim('acme-sso', run.id, run.key));
    assert.ok(tested);
    await testRuns.write(tested, (report) => ({ ...report, state: 'succeeded' }));
    assert.equal(
      doneOf(await browser.open('/setup')),
      'Done: Acme sign-in works, and your people come in through it. You can close this page.',
    );
  });

  it('is dead with the rights of whoever made it, with its organisation and with its time', async () => {
    const { access, organizations, users } = app.parts;
    await organizations.add({ id: 'gone', name: 'Gone', domains: [], connections: [] }, 'cli');
    const over = async (browser: Browser, words: RegExp) => {
      const [page, form] = [
        await browser.open('/setup'),
        await browser.send('POST', '/setup/new', set.filled({ id: 'late' })),
      ];
      assert.ok(page.status >= 403 && form.status >= 403);
      assert.match(page.text, words);
    };
    const local = await somebody(app, 'local@acme.test');
    await organizations.join('acme', `user:${local}`, 'cli');
    const give = () => access.assign(`user:${local}`, 'connector', 'cli', { organization: 'acme' });
    await give();
    const [mine, elsewhere] = [await set.opened(`user:${local}`), await set.link(`user:${local}`, 'globex')];
    assert.match((await newBrowser(app).open(elsewhere.path)).text, /was ended/);
    await access.unassign(`user:${local}`, 'connector', 'cli', 'acme');
    await over(mine.browser, /This link was ended[\s\S]*local@acme\.test/);
    await give();
    assert.equal((await mine.browser.open('/setup')).status, 200);
    await users.disable(local, 'cli');
    await over(mine.browser, /This link was ended/);
    const [lost, timed] = [await set.opened('cli', 'gone'), await set.opened()];
    await organizations.remove('gone', 'cli');
    await organizations.add({ id: 'gone', name: 'Again', domains: [], connections: [] }, 'cli');
    await over(lost.browser, /need a set-up link/);
    const unopened = await set.link();
    mock.timers.tick(8 * 3_600_000);
    await over(timed.browser, /need a set-up link|This link is too old/);
    mock.timers.tick(7 * 86_400_000);
    assert.match((await newBrowser(app).open(unopened.path)).text, /This link is too old/);
    assert.equal(await app.parts.connections.get('late'), undefined);
  });
});
