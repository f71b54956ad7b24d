import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Page, textOf } from '../support/browser.ts';
import { beginTest, checksOf, keptTests, reportOf, startOf } from '../support/connection-test.ts';
import { begin, connect, person, startProvider, Traveller } from '../support/federation.ts';
import { type HostileProvider, hostileProvider } from '../support/hostile-provider.ts';
import { authorization, newBrowser } from '../support/signing-in.ts';

const email = 'ana@corp.example';
const heading = (page: Page) => textOf(page, '<h1');
const counted = async ({ parts }: TestApp) => ({
  users: (await parts.users.list({ limit: 1000 })).length,
  identities:
    (await parts.identities.ofConnection('corp')).length + (await parts.identities.ofConnection('lies')).length,
  signIns: (await parts.trail.search({ type: 'signin.succeeded' })).length,
});

describe('a test of a connection', () => {
  let home: TestApp;
  let provider: TestApp;
  let hostile: HostileProvider;
  before(async () => {
    [home, provider, hostile] = await Promise.all([startApp(), startProvider(), hostileProvider()]);
    await connect(home, provider, 'corp', { groupRules: [{ upstream: 'staff', role: 'orders-reader' }] });
    await home.parts.connections.add(
      {
        ...{ id: 'lies', name: 'Liar & <Sons>', preset: 'generic-oidc', from: hostile.issuer, clientId: 'client' },
        ...{ clientSecret: 'secret of the client', groups: ['groups'], provision: true },
        groupRules: [
          { upstream: 'staff', role: 'orders-reader' },
          { upstream: 'staff', role: 'nobody-made-this' },
        ],
      },
      'cli',
    );
    await person(provider, email, { profile: { name: 'Ana Novak' } });
  });
  beforeEach(() => hostile.reset());
  after(async () => {
    hostile.close();
    await Promise.all([home.close(), provider.close()]);
  });

  /** Signs in at the hostile provider in a test, and answers the page on which it ends. */
  async function throughLies(wishes: Record<string, string> = {}, change: Record<string, string> = {}) {
    const { run, link } = await beginTest(home, 'lies');
    const browser = newBrowser(home);
    const there = await startOf(browser, await browser.open(link), wishes);
    const fields = { ...hostile.answer(there.href), ...change };
    const page = await browser.open(`${home.issuer}/federation/lies/callback?${new URLSearchParams(fields)}`);
    return { run, page, browser, fields, there };
  }

  it('is a real sign-in at a second Sallyport, and nobody is signed in, added or linked by it', async () => {
    const before = await counted(home);
    const { run, link } = await beginTest(home, 'corp');
    assert.equal((await reportOf(home, 'corp', run)).state, 'waiting');
    const traveller = new Traveller(home, provider);
    const start = await traveller.open(link);
    assert.equal(heading(start), 'Test the sign-in with Corp SSO');
    assert.doesNotMatch(start.url.href, /key=/);
    assert.match(start.text, /federation\/corp\/callback/);
    assert.match(start.text, new RegExp(`${provider.issuer}/oauth2/token`));
    const theirs = await traveller.submit(start, {});
    const page = await traveller.signIn(theirs, email);
    assert.equal(heading(page), 'The sign-in with Corp SSO works');
    const report = await reportOf(home, 'corp', run);
    assert.equal(report.state, 'succeeded');
    assert.equal(report.person.email, email);
    assert.match(report.person.why, /domain corp\.example is not verified.*domain add corp corp\.example/);
    assert.equal(report.person.level, '1fa');
    for (const check of ['discovery document', 'state', 'signature', 'aud', 'nonce', 'subject']) {
      assert.ok(checksOf(report).includes(`✓ ${check}`), check);
    }
    assert.deepEqual(await counted(home), before);
    assert.ok(![...traveller.at(home).cookies.values()].some(({ name }) => /session/i.test(name)));
    const [event] = await home.parts.trail.search({ type: 'connection.tested' });
    assert.deepEqual(
      [event?.outcome, event?.target, event?.actor, event?.detail],
      ['success', 'connection:corp', 'client:demo-admin', { result: 'succeeded' }],
    );
    assert.equal(heading(await traveller.open(page.url)), 'The sign-in with Corp SSO works');
  });

  it('shows the mapped person, each group with its roles, roles that are not there, and claims that nobody reads', async () => {
    hostile.claims = {
      ...{ sub: 'person-1', email, email_verified: 'true', name: 'Ana <b>Novak</b>', hair: 'red' },
      ...{ groups: ['staff', 'other'], amr: ['pwd'] },
    };
    const { run, page } = await throughLies();
    const { person: found, notes } = await reportOf(home, 'lies', run);
    assert.deepEqual(found.groups, [
      { name: 'staff', roles: ['orders-reader', 'nobody-made-this'] },
      { name: 'other', roles: [] },
    ]);
    assert.deepEqual(
      [found.roles, found.unknown, found.unused, found.evidence.amr, found.verified, found.profile.name],
      [['nobody-made-this', 'orders-reader'], ['nobody-made-this'], ['hair'], 'pwd', false, 'Ana <b>Novak</b>'],
    );
    assert.match(found.why, /no flag came in email_verified/);
    assert.match(notes.join(), /no role nobody-made-this here yet/);
    assert.match(page.text, /Ana &lt;b&gt;Novak&lt;\/b&gt;/);
    assert.match(page.text, /Liar &amp; &lt;Sons&gt;/);
    assert.doesNotMatch(page.text, /<b>Novak|<Sons>/);
  });

  it('names the check that failed and says to the provider’s administrator what to change', async () => {
    hostile.lies.claims = (said) => ({ ...said, aud: 'somebody-else' });
    const before = await counted(home);
    const { run, page } = await throughLies();
    assert.equal(heading(page), 'The sign-in with Liar &amp; &lt;Sons&gt; does not work');
    const { state, failure, steps } = await reportOf(home, 'lies', run);
    assert.deepEqual([state, failure.reason], ['failed', 'wrong_audience']);
    assert.match(failure.advice, /Set the client id of this connection/);
    assert.ok(page.text.includes(failure.advice));
    assert.ok(checksOf({ steps }).includes('✗ aud'));
    assert.match(JSON.stringify(steps), /somebody-else/);
    assert.deepEqual(await counted(home), before);
    const event = (await home.parts.trail.search({ type: 'connection.tested' })).at(-1);
    assert.deepEqual([event?.outcome, event?.detail?.reason], ['failure', 'wrong_audience']);
  });

  it('ends before anybody signs in when the provider cannot be asked', async () => {
    hostile.lies.status = { '/.well-known/openid-configuration': 500 };
    const { run, link } = await beginTest(home, 'lies');
    const page = await newBrowser(home).open(link);
    assert.match(heading(page) ?? '', /does not work$/);
    const { failure } = await reportOf(home, 'lies', run);
    assert.equal(failure.reason, 'wrong_discovery');
    assert.match(page.text, /What to change:/);
  });

  it('asks for a second factor and a fresh proof, and shows what came and what it proves', async () => {
    const { connections } = home.parts;
    const rules = { evidence: [{ acrIn: ['mfa'], level: '2fa' as const }], strongRequest: { acrValues: ['mfa'] } };
    await connections.change('lies', { mfa: 'accept', ...rules }, 'cli');
    const now = Math.floor(Date.now() / 1000);
    hostile.claims = { sub: 'person-1', acr: 'mfa', auth_time: now + 1 };
    const strong = await throughLies({ strong: 'yes', fresh: 'yes' });
    const asked = hostile.parametersOf(strong.there.href);
    assert.deepEqual([asked.get('acr_values'), asked.get('prompt') ?? asked.get('max_age')], ['mfa', 'login']);
    const report = await reportOf(home, 'lies', strong.run);
    assert.deepEqual(
      [report.state, report.strong, report.fresh, report.person?.level, report.person?.evidence.acr],
      ['succeeded', true, true, '2fa', 'mfa'],
    );
    hostile.claims = { sub: 'person-1' };
    const weak = await reportOf(home, 'lies', (await throughLies({ strong: 'yes' })).run);
    assert.match(JSON.stringify([weak.notes, weak.failure]), /second factor|acr/i);
    await connections.change('lies', { mfa: 'require' }, 'cli');
    const required = await throughLies();
    const refused = await reportOf(home, 'lies', required.run);
    assert.equal(refused.state, 'failed');
    assert.equal(hostile.parametersOf(required.there.href).get('acr_values'), 'mfa');
    await connections.change('lies', { mfa: null, evidence: null, strongRequest: null }, 'cli');
  });

  it('shows no secret in report, page, store, trail or log, wherever the provider repeats it', async () => {
    let seen: Record<string, unknown> = {};
    hostile.lies.token = (said) => {
      seen = said;
      return said;
    };
    hostile.lies.claims = (said) => ({
      ...said,
      ...{ name: `n ${said.nonce}`, session_token: 'the-session-token', deep: { client_secret: 'deep-and-secret' } },
      ...{ family_name: 'secret of the client', long: 'x'.repeat(5000), [`k${'y'.repeat(500)}`]: 1 },
    });
    hostile.lies.userinfo = (said) => ({ ...said, copy: seen.id_token, code: 'the-code-of-userinfo' });
    const { run, page, fields, there } = await throughLies();
    const report = await reportOf(home, 'lies', run);
    assert.equal(report.state, 'succeeded', JSON.stringify(report.failure));
    const asked = hostile.parametersOf(there.href);
    const told = JSON.stringify(report) + page.text;
    const clear =
      JSON.stringify(await keptTests(home)) + JSON.stringify(await home.parts.trail.search()) + home.log.join();
    const secrets = [
      fields.code,
      fields.state,
      asked.get('nonce'),
      asked.get('code_challenge'),
      'secret of the client',
    ];
    secrets.push('the-session-token', 'deep-and-secret', String(seen.id_token), 'the-code-of-userinfo');
    for (const secret of secrets) {
      assert.ok(secret);
      assert.ok(!told.includes(secret), secret);
      assert.ok(!clear.includes(secret), secret);
    }
    assert.doesNotMatch(clear, /person-1/);
    assert.match(told, /\[masked\]/);
    assert.ok(!told.includes('x'.repeat(400)) && !told.includes('y'.repeat(400)));
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
    const api = adminApi(home, await adminToken(home));
    assert.equal((await api.get(`/connections/corp/test/${run}`)).status, 404);
    assert.equal((await api.get('/connections/lies/test/unknown')).status, 404);
    assert.equal((await api.send('POST', '/connections/nobody/test', {})).status, 404);
    const reader = adminApi(home, await adminToken(home, 'connections:read'));
    assert.equal((await reader.get(`/connections/lies/test/${run}`)).status, 403);
    assert.equal((await reader.send('POST', '/connections/lies/test', {})).status, 403);
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
