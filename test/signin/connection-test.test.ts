import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { type Page, textOf } from '../support/browser.ts';
import { beginTest, checksOf, keptTests, reportOf, startOf } from '../support/connection-test.ts';
import { connect, person, startProvider, Traveller } from '../support/federation.ts';
import { type HostileProvider, hostileProvider } from '../support/hostile-provider.ts';
import { newBrowser } from '../support/signing-in.ts';

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
    const [facts] = report.steps;
    assert.equal(facts.values.token_endpoint, `${provider.issuer}/oauth2/token`);
    assert.match(facts.values.id_token_signing_alg_values_supported, /RS256/);
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
});
