import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { type Page, textOf } from '../support/browser.ts';
import { type Answer, post } from '../support/oauth.ts';
import { introspect, newBrowser, signIn } from '../support/signing-in.ts';
import { storeUrl } from '../support/store.ts';

const grant = 'urn:ietf:params:oauth:grant-type:device_code';
const scope = 'openid offline_access orders:read orders:write';

describe('the device flow (RFC 8628)', () => {
  let app: TestApp;
  let other: TestApp;
  before(async () => {
    const store = await storeUrl();
    app = await startApp({ SALLYPORT_STORE: store });
    other = await startApp({ SALLYPORT_STORE: store, SALLYPORT_ISSUER: app.issuer });
    const metadata = { token_endpoint_auth_method: 'none', grant_types: [grant, 'refresh_token'] };
    await app.parts.clients.add({ id: 'tv', name: 'Television', metadata }, 'test');
    await app.parts.clients.add({ id: 'radio', metadata }, 'test');
  });
  after(() => Promise.all([app.close(), other.close()]));

  const begin = async (): Promise<Record<string, string>> =>
    (await post(`${app.url}/oauth2/device`, { client_id: 'tv', scope })).body;
  /** What the device hears; each question comes five seconds after the one before. */
  const poll = (device_code: string, client_id = 'tv', server = app): Promise<Answer> =>
    post(`${server.url}/oauth2/token`, { grant_type: grant, client_id, device_code });
  const later = (code: string) =>
    app.parts.records.devices.change(app.parts.records.idOf('DeviceCode', code), ({ polled: _long, ...rest }) => rest);
  const type = async (user_code: string, browser = newBrowser(app)) => {
    const page = await browser.submit(await browser.open(`${app.issuer}/device`), { user_code });
    return { browser, page };
  };
  /** Confirms the code, signs in and allows what is asked. */
  async function connect(user_code: string): Promise<Page> {
    const { browser, page } = await type(user_code);
    const signin = await browser.submit(page, { decision: 'allow' });
    return browser.submit(await signIn(app, browser, signin), { decision: 'allow' });
  }

  it('is told by discovery, and answers a device with what it shows (§3.2)', async () => {
    const { body } = await fetch(`${app.url}/.well-known/openid-configuration`).then(async (answer) => ({
      body: await answer.json(),
    }));
    assert.equal(body.device_authorization_endpoint, `${app.issuer}/oauth2/device`);
    assert.ok(body.grant_types_supported.includes(grant));
    const answer = await begin();
    assert.equal(answer.verification_uri, `${app.issuer}/device`);
    assert.equal(answer.verification_uri_complete, `${app.issuer}/device?user_code=${answer.user_code}`);
    assert.match(answer.user_code ?? '', /^[B-Z]{4}-[B-Z]{4}$/);
    assert.equal(answer.expires_in, 600);
  });

  it('gives tokens once the person has confirmed the code, signed in and allowed it', async () => {
    const { device_code = '', user_code = '' } = await begin();
    assert.equal((await poll(device_code)).body.error, 'authorization_pending');
    const { page } = await type(user_code.toLowerCase().replace('-', ' '));
    assert.equal(textOf(page, '<h1'), 'Is this your device?');
    assert.match(page.text, /Television<\/strong> asks to be signed in/);
    assert.match(page.text, /It asked from <strong>(?:127\.0\.0\.1|::1)/);
    assert.equal(textOf(await connect(user_code), '<h1'), 'Your device is connected');
    await later(device_code);
    // At another process: what one was told, all know.
    const { status, body } = await poll(device_code, 'tv', other);
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.refresh_token);
    const token = await introspect(app, body.access_token);
    assert.equal(token.scope, scope);
    assert.deepEqual([token.username, token.acr, token.amr], ['alice@example.test', '1fa', ['pwd']]);
    const revoke = (client_id: string) => post(`${app.url}/oauth2/revoke`, { client_id, token: body.access_token });
    assert.equal((await revoke('radio')).status, 400);
    assert.ok((await introspect(app, body.access_token)).active);
    assert.equal((await revoke('tv')).status, 200, 'a public client ends its own tokens (RFC 7009 §2.1)');
    assert.deepEqual(await introspect(app, body.access_token), { active: false });
  });

  it('gives a device that is refused nothing, and says so (§3.5)', async () => {
    const { device_code = '', user_code = '' } = await begin();
    const { browser, page } = await type(user_code);
    const denied = await browser.submit(page, { decision: 'deny' });
    assert.equal(textOf(denied, '<h1'), 'The device was refused');
    assert.equal((await poll(device_code)).body.error, 'access_denied');
    const [event] = (await app.parts.trail.search({ type: 'consent.denied' })).slice(-1);
    assert.deepEqual(event?.detail, { client: 'tv' });
    assert.match((await type(user_code)).page.text, /used already/);
  });

  it('never goes on by itself from an address that has the code in it (sec-87, §5.4)', async () => {
    const { device_code = '', verification_uri_complete = '' } = await begin();
    const browser = newBrowser(app);
    const sent = await browser.open(verification_uri_complete);
    const page = await browser.submit(sent, {});
    assert.equal(textOf(page, '<h1'), 'Is this your device?');
    assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/);
    assert.equal((await poll(device_code)).body.error, 'authorization_pending');
  });

  it('tells a device that asks too often to slow down, and one that was answered once nothing more (sec-86)', async () => {
    const { device_code = '', user_code = '' } = await begin();
    assert.equal((await poll(device_code)).body.error, 'authorization_pending');
    assert.deepEqual((({ status, body }) => [status, body.error])(await poll(device_code)), [400, 'slow_down']);
    await connect(user_code);
    await later(device_code);
    const foreign = await poll(device_code, 'radio');
    assert.deepEqual([foreign.status, foreign.body.error], [400, 'invalid_grant']);
    await later(device_code);
    const first = await poll(device_code);
    assert.equal(first.status, 200);
    const again = await poll(device_code);
    assert.deepEqual([again.status, again.body.error], [400, 'invalid_grant']);
    assert.deepEqual(await introspect(app, first.body.access_token), { active: false });
  });

  it('gives one set of tokens of fifty questions at once, at two processes (sec-86)', async () => {
    const { device_code = '', user_code = '' } = await begin();
    await connect(user_code);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, turn) => poll(device_code, 'tv', turn % 2 === 0 ? app : other)),
    );
    assert.ok(answers.filter(({ status }) => status === 200).length <= 1);
    for (const { body, status } of answers)
      if (status !== 200) assert.match(body.error, /^(?:slow_down|invalid_grant)$/);
  });

  it('slows down whoever guesses codes, and keeps none of them readable (sec-85)', async () => {
    const { device_code = '', user_code = '' } = await begin();
    const records = await app.parts.records.devices.find({}, {});
    assert.doesNotMatch(JSON.stringify(records), new RegExp(`${device_code}|${user_code.replace('-', '')}`));
    const browser = newBrowser(app);
    let page = await browser.open(`${app.issuer}/device`);
    for (let guess = 0; guess < 5; guess += 1) {
      page = await browser.submit(page, { user_code: `BBBB-BBB${'BCDFG'[guess]}` });
      assert.equal(page.status, 400);
      assert.match(page.text, /role="alert">This code is not known here/);
    }
    page = await browser.submit(page, { user_code });
    assert.equal(page.status, 429);
    assert.ok(Number(page.headers['retry-after']) > 0);
  });

  it('refuses a client without the grant, and a form from another site', async () => {
    const refused = await post(`${app.url}/oauth2/device`, { client_id: 'demo-web', scope: 'openid' });
    assert.notEqual(refused.status, 200);
    const foreign = await fetch(`${app.url}/device`, {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' },
      body: 'user_code=BBBB-BBBB&decision=allow',
    });
    assert.equal(foreign.status, 403);
  });
});
