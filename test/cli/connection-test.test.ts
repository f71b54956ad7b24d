import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { textOf } from '../support/browser.ts';
import { type Cli, cli, type Said } from '../support/cli.ts';
import { startOf, testRecords } from '../support/connection-test.ts';
import { connect, person, startProvider, Traveller } from '../support/federation.ts';
import { type HostileProvider, hostileProvider } from '../support/hostile-provider.ts';
import { newBrowser } from '../support/signing-in.ts';
import { storeUrl } from '../support/store.ts';

const email = 'ana@corp.example';

describe('sallyport connection test', () => {
  let home: TestApp;
  let provider: TestApp;
  let hostile: HostileProvider;
  let sallyport: Cli;
  before(async () => {
    const store = await storeUrl();
    [home, provider, hostile] = await Promise.all([
      startApp({ SALLYPORT_STORE: store }),
      startProvider(),
      hostileProvider(),
    ]);
    sallyport = await cli({
      ...{ SALLYPORT_STORE: store, SALLYPORT_ISSUER: home.issuer },
      SALLYPORT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    });
    await connect(home, provider);
    await home.parts.connections.add(
      {
        ...{ id: 'lies', name: 'Liar', preset: 'generic-oidc', from: hostile.issuer, clientId: 'client' },
        clientSecret: 'secret of the client',
      },
      'cli',
    );
    await person(provider, email);
  });
  beforeEach(() => hostile.reset());
  after(async () => {
    hostile.close();
    await Promise.all([home.close(), provider.close()]);
  });

  /** Runs it up to its link, signs in there at the hostile provider, and waits for the end. */
  async function throughLies(...options: string[]): Promise<Said & { link: string }> {
    const test = sallyport.start(['connection', 'test', 'lies', ...options], /^http/);
    const link = await test.line;
    const browser = newBrowser(home);
    const page = await browser.open(link);
    const boxes = [...page.text.matchAll(/name="(\w+)" value="yes" checked/g)].map(([, name]) => [name, 'yes']);
    const there = await startOf(browser, page, Object.fromEntries(boxes));
    const fields = new URLSearchParams(hostile.answer(there.href));
    await browser.open(`${home.issuer}/federation/lies/callback?${fields}`);
    return { ...(await test.ended), link };
  }

  it('prints a link, waits for the sign-in, prints the report, and ends with 0', async () => {
    const test = sallyport.start(['connection', 'test', 'corp'], /^http/);
    const traveller = new Traveller(home, provider);
    const start = await traveller.open(await test.line);
    const page = await traveller.signIn(await traveller.submit(start, {}), email);
    assert.equal(textOf(page, '<h1'), 'The sign-in with Corp SSO works');
    const { status, stdout, stderr } = await test.ended;
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^ {2}✓ signature: key /m);
    assert.match(stdout, /< ID token\n(?: {4}.*\n)* {4}nonce +\[masked\]/);
    assert.match(stdout, /email +ana@corp\.example/);
    assert.match(stdout, /The sign-in with corp works\n$/);
    const [event] = await home.parts.trail.search({ type: 'connection.tested' });
    assert.equal(event?.actor, 'cli');
  });

  it('prints the check that failed and what to change, and ends with 1', async () => {
    hostile.lies.claims = (said) => ({ ...said, aud: 'somebody-else\u001b[31m' });
    const { status, stdout, stderr } = await throughLies();
    assert.equal(status, 1);
    assert.match(stdout, /^ {2}✗ aud: somebody-else/m);
    assert.match(stdout, /^What to change: Set the client id of this connection/m);
    assert.match(stderr, /^sallyport: The sign-in with lies does not work: wrong_audience \(aud\)\n$/);
    assert.ok(!stdout.includes('\u001b'));
  });

  it('prints nothing but the report as JSON with --json', async () => {
    const { status, stdout, stderr, link } = await throughLies('--json', '--strong', '--fresh');
    const report = JSON.parse(stdout);
    // The double does not say when the person was there.
    assert.deepEqual([status, report.state, report.failure.reason], [1, 'failed', 'no_auth_time']);
    assert.ok(stderr.includes(link));
    assert.doesNotMatch(stdout, /secret of the client/);
  });

  it('prints only the link with --no-wait, and knows no connection that is not there', async () => {
    const { link, run, expires } = await sallyport.json(['connection', 'test', 'lies', '--no-wait', '--strong']);
    assert.match(String(link), new RegExp(`^${home.issuer}/admin/connections/lies/test/${run}\\?key=[\\w-]{43}$`));
    assert.ok(Number(expires) > Date.now() / 1000);
    const page = await newBrowser(home).open(String(link));
    assert.match(page.text, /name="strong" value="yes" checked/);
    const { status, stderr } = await sallyport.run(['connection', 'test', 'nobody']);
    assert.deepEqual([status, stderr], [1, 'sallyport: The connection nobody does not exist\n']);
  });

  it('gives up when the test is over', async () => {
    const test = sallyport.start(['connection', 'test', 'lies'], /^http/);
    const [, run = ''] = /test\/([\w-]+)/.exec(await test.line) ?? [];
    await testRecords(home).take(run);
    const { status, stderr } = await test.ended;
    assert.deepEqual([status, /not finished within 15 minutes/.test(stderr)], [1, true]);
  });
});
