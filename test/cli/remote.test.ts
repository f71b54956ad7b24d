import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { textOf } from '../support/browser.ts';
import { type Cli, cli } from '../support/cli.ts';
import { basic, post } from '../support/oauth.ts';
import { introspect, newBrowser, signIn, signInto } from '../support/signing-in.ts';

describe('sallyport --server', () => {
  let app: TestApp;
  let sallyport: Cli;
  let keptFile: string;
  before(async () => {
    // How an administrator comes by a factor, the tests of the console show.
    app = await startApp({ SALLYPORT_CONSOLE_LEVEL: '1fa' });
    sallyport = await cli({ SALLYPORT_SERVER: app.issuer });
    sallyport.environment.HOME = sallyport.directory;
    keptFile = join(sallyport.directory, '.config/sallyport/sign-ins.json');
  });
  after(() => app.close());

  /** Signs in with the device flow, as a person does who reads what the command says. */
  async function login(email: string) {
    const { line, ended } = sallyport.start(['login'], /\/device\?user_code=/);
    const browser = newBrowser(app);
    const opened = await browser.open((await line).replace('Open ', ''));
    const confirm = await browser.submit(opened, {});
    assert.match(confirm.text, /Sallyport command line/);
    const asked = await signIn(app, browser, await browser.submit(confirm, { decision: 'allow' }), email);
    assert.match(asked.text, /You are asked each time/);
    assert.equal(textOf(await browser.submit(asked, { decision: 'allow' }), '<h1'), 'Your device is connected');
    const said = await ended;
    assert.equal(said.status, 0, said.stderr);
    return said;
  }

  it('lets no administrator in by a password alone, unless that is said (sec-278)', async () => {
    const strict = await startApp();
    const form = { client_id: 'sallyport-cli', scope: 'openid clients:read', resource: 'urn:sallyport:admin' };
    const { body } = await post(`${strict.issuer}/oauth2/device`, form);
    const browser = newBrowser(strict);
    const confirm = await browser.submit(await browser.open(body.verification_uri_complete), {});
    const asked = await signIn(
      strict,
      browser,
      await browser.submit(confirm, { decision: 'allow' }),
      'admin@example.test',
    );
    assert.match(asked.text, /name="code"/);
    assert.doesNotMatch(asked.text, /value="allow"/);
    const elsewhere = { scope: 'openid clients:read', resource: 'urn:sallyport:admin' };
    const page = await signInto(strict, newBrowser(strict), elsewhere, 'admin@example.test');
    assert.match(page.text, /name="code"/, 'nor through any other client');
    await strict.close();
  });

  it('asks for a sign-in first, with one line that says how', async () => {
    const { status, stderr } = await sallyport.run(['client', 'list']);
    assert.deepEqual([status, stderr.split('\n').length], [1, 2]);
    assert.match(stderr, /not signed in at http.*: sallyport login --server http/);
  });

  it('does at the server what the person may do there, until they sign out', async () => {
    const said = await login('admin@example.test');
    assert.match(said.stdout, /^Signed in at http:\/\/localhost:\d+; /);
    assert.doesNotMatch(said.stdout + said.stderr, /eyJ|refresh/);
    assert.equal(statSync(keptFile).mode & 0o777, 0o600);
    const added = await sallyport.json(['client', 'add', 'reports', '--grant', 'client_credentials']);
    assert.ok(added.client_secret);
    assert.equal((await app.parts.clients.get('reports'))?.state, 'approved');
    const admin = await app.parts.users.byEmail('admin@example.test');
    const [event] = await app.parts.trail.search({ type: 'client.created', target: 'client:reports' });
    assert.equal(event?.actor, `user:${admin?.id}`);
    const refused = await sallyport.run(['client', 'approve', 'nobody']);
    assert.deepEqual([refused.status, refused.stderr], [1, 'sallyport: The client nobody does not exist\n']);
    const kept = JSON.parse(readFileSync(keptFile, 'utf8'))[app.issuer];
    assert.equal((await sallyport.run(['logout'])).status, 0);
    for (const token of [kept.accessToken, kept.refreshToken]) {
      assert.deepEqual(await introspect(app, token), { active: false });
    }
    assert.equal((await sallyport.run(['client', 'list'])).status, 1);
  });

  it('writes the configuration of a gateway with a secret that stays here, and tries a token', async () => {
    await login('admin@example.test');
    const secret = app.client('demo-gateway').client_secret;
    const config = ['gateway', 'config', 'nginx-njs', '--client', 'demo-gateway', '--secret-stdin'];
    const [written, kinds] = await Promise.all([sallyport.run(config, secret), sallyport.json(['gateway', 'list'])]);
    assert.equal(written.status, 0, written.stderr);
    assert.ok(written.stdout.includes(Buffer.from(`demo-gateway:${secret}`).toString('base64')));
    assert.doesNotMatch(written.stdout, /PUT-THE-SECRET-HERE/);
    assert.match(written.stderr, /^The secret was not sent to http/);
    assert.ok(!app.log.join().includes(secret));
    assert.deepEqual(Object.keys(Object(Object.values(kinds)[0])), ['kind', 'asks', 'about']);
    const form = { grant_type: 'client_credentials', resource: 'https://api.example.test/orders' };
    const { body } = await post(`${app.issuer}/oauth2/token`, form, basic(app.client('demo-service')));
    const attempt = ['gateway', 'try', 'api.example.test/orders/7', '--method', 'PUT', '--client', 'demo-gateway'];
    const tried = await sallyport.run(attempt, `${body.access_token}\n`);
    assert.equal(tried.status, 0, tried.stderr);
    assert.match(tried.stdout, /asks +orders:write on .*\nforward-auth +403 This needs orders:write/);
    assert.match(tried.stdout, /\nintrospection +200\nactive +true\n/);
  });

  it('gives nobody more than they hold', async () => {
    await login('bob@example.test');
    const { status, stderr } = await sallyport.run(['client', 'list']);
    assert.equal(status, 1);
    assert.match(stderr, /needs the permission clients:read/);
  });

  it('refuses what only works on the machine of the server, and addresses that send tokens in the open', async () => {
    const { SALLYPORT_SERVER: _elsewhere, ...here } = sallyport.environment;
    const [local, open, none] = await Promise.all([
      sallyport.run(['key', 'rotate-master']),
      sallyport.run(['client', 'list', '--server', 'http://auth.example.com']),
      sallyport.run(['client', 'list', '--server', 'https://127.0.0.1:1']),
    ]);
    assert.ok(here);
    assert.deepEqual([local.status, open.status, none.status], [2, 2, 1]);
    assert.match(local.stderr, /on the server's own machine only/);
    assert.match(open.stderr, /--server must be an address such as https:/);
  });
});
