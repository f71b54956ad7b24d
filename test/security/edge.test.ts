import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask } from '../http/edge.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Browser, formOf } from '../support/browser.ts';
import { basic, post } from '../support/oauth.ts';
import { call } from '../support/registering.ts';
import { authorization, newBrowser, signInto } from '../support/signing-in.ts';

describe('the server behind a proxy that ends TLS', () => {
  const issuer = 'https://id.example.test';
  let app: TestApp;
  before(async () => {
    app = await startApp({ SALLYPORT_ISSUER: issuer, SALLYPORT_TRUSTED_PROXIES: '127.0.0.1,::1' });
  });
  after(() => app.close());

  const say = (path: string, headers: Record<string, string>, body?: string) =>
    ask(Number(new URL(app.url).port), path, {
      ...{ host: 'localhost', headers: { 'x-forwarded-proto': 'https', ...headers } },
      ...(body === undefined ? {} : { body, method: 'POST' }),
    });
  const evil = { host: 'evil.example' };
  const forwarded: Record<string, string>[] = [
    evil,
    { host: 'id.example.test', 'x-forwarded-host': 'evil.example' },
    { host: 'id.example.test', 'x-forwarded-host': 'id.example.test, evil.example' },
    { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
    { host: 'id.example.test@evil.example' },
    { host: 'id.example.test.evil.example' },
    { host: 'id.example.test:8443' },
  ];

  it('sec-001 sec-002 names nobody else in any document or page, whatever the headers say', async () => {
    for (const headers of forwarded) {
      for (const path of [
        '/.well-known/openid-configuration',
        '/.well-known/oauth-authorization-server',
        '/',
        '/signin/x',
      ]) {
        const answer = await say(path, headers);
        assert.equal(answer.status, 421, `${path} ${JSON.stringify(headers)}`);
        assert.doesNotMatch(answer.body + JSON.stringify(answer.headers), /evil\.example/);
      }
    }
    for (const headers of [
      { forwarded: 'host=evil.example;proto=http' },
      { 'x-original-url': '/evil.example' },
    ] as Record<string, string>[]) {
      const answer = await say('/.well-known/openid-configuration', { host: 'id.example.test', ...headers });
      assert.equal(answer.status, 200);
      assert.doesNotMatch(answer.body, /evil/);
    }
  });

  it('sec-001 tells a registered client addresses of the issuer alone', async () => {
    const headers = {
      ...{ host: 'id.example.test', forwarded: 'host=evil.example', 'content-type': 'application/json' },
      authorization: `Bearer ${app.registrar('demo-registrar')}`,
    };
    const body = JSON.stringify({ redirect_uris: ['https://rp.example.test/cb'] });
    const { status, body: told } = await say('/oauth2/register', headers, body);
    assert.equal(status, 201);
    assert.ok(JSON.parse(told).registration_client_uri.startsWith(`${issuer}/oauth2/register/`));
    assert.equal((await say('/oauth2/register', { ...headers, host: 'evil.example' }, body)).status, 421);
  });

  it('sec-005 sec-006 demands https from then on, and is not used without it', async () => {
    const { headers } = await say('/', { host: 'id.example.test' });
    assert.match(String(headers['strict-transport-security']), /max-age=31536000/);
    assert.equal((await say('/', { host: 'id.example.test', 'x-forwarded-proto': 'http' })).status, 400);
  });
});

describe('the server', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp({ SALLYPORT_LIMITS_FAILURES_PER_CLIENT_BURST: '20' });
  });
  after(() => app.close());

  const evil = `"'><img src=x onerror=alert(1)><script>alert(1)</script>`;
  const parameters = [
    ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce', 'prompt', 'max_age'],
    ...[
      'code_challenge',
      'code_challenge_method',
      'login_hint',
      'id_token_hint',
      'acr_values',
      'ui_locales',
      'display',
    ],
    ...[
      'claims',
      'claims_locales',
      'resource',
      'request',
      'request_uri',
      'error',
      'error_description',
      'dpop_jkt',
      'x',
    ],
  ];
  const harmless = ({ headers, status, text }: Awaited<ReturnType<Browser['send']>>, name: string) => {
    // Gone to the client, with a page that is not ours.
    if (status === 0) return;
    const type = String(headers['content-type'] ?? '');
    if (/html/.test(type)) assert.doesNotMatch(text, /<img src=x|<script>|"'>/, name);
    else if (text !== '') assert.match(type, /json/, name);
    assert.equal(headers['x-content-type-options'], 'nosniff', name);
  };

  it('sec-008 shows no parameter of a request as anything but text, on errors and on pages', async () => {
    for (const name of parameters) {
      harmless(await newBrowser(app).open(authorization(app, { [name]: evil })), name);
      harmless(
        await newBrowser(app).send(
          'GET',
          `/oauth2/logout?${new URLSearchParams({ [name]: evil, post_logout_redirect_uri: evil })}`,
        ),
        name,
      );
      const form = { ...Object.fromEntries(new URL(authorization(app)).searchParams), [name]: evil };
      harmless(await newBrowser(app).send('POST', '/oauth2/authorize', form), name);
      const page = await newBrowser(app).open(
        authorization(app, { [name]: evil, redirect_uri: 'https://evil.example' }),
      );
      harmless(page, name);
    }
  });

  it('sec-008 shows nothing of an address, a form or a token request either', async () => {
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    for (const field of ['identifier', 'password', 'decision', 'connection', 'accountId', 'xsrf', evil]) {
      const { action } = formOf(page);
      harmless(
        await browser.send('POST', action, { identifier: 'a@example.test', password: 'x', [field]: evil }),
        field,
      );
      await browser.send('POST', action, { [field]: evil });
      harmless(await browser.open(action), field);
    }
    for (const path of [
      `/${encodeURIComponent(evil)}`,
      `/signin/${encodeURIComponent(evil)}`,
      `/oauth2/authorize/${encodeURIComponent(evil)}`,
    ]) {
      harmless(await browser.send('GET', path), path);
    }
    for (const field of ['grant_type', 'client_id', 'code', 'scope', 'resource']) {
      const form = { grant_type: 'client_credentials', [field]: evil };
      harmless(await browser.send('POST', '/oauth2/token', form), field);
      harmless(await browser.send('POST', '/oauth2/token', form, { accept: 'application/json' }), field);
    }
  });

  it('sec-037 hands on what a client says to itself, and no header comes of it', async () => {
    const state = 'a\r\nSet-Cookie: x=1\r\n\r\n<b>\u2028 "&';
    const { url, headers } = await signInto(app, newBrowser(app), { state });
    assert.equal(url.searchParams.get('state'), state);
    assert.equal(headers['set-cookie']?.some((line) => line.startsWith('x=1')) ?? false, false);
  });

  it('sec-010 refuses a body of a megabyte at every endpoint', async () => {
    const body = `token=${'x'.repeat(1 << 20)}`;
    for (const name of ['token', 'introspect', 'revoke', 'par', 'register', 'userinfo', 'authorize', 'logout']) {
      const { status } = await post(`${app.issuer}/oauth2/${name}`, body, basic(app.client('demo-gateway'))).catch(
        () => ({ status: 413 }),
      );
      assert.equal(status, 413, name);
    }
  });

  it('sec-012 refuses metadata that says a thing twice', async () => {
    const body = '{"redirect_uris":["https://rp.example.test/cb"],"scope":"openid","scope":"clients:write"}';
    const { status } = await call('POST', `${app.issuer}/oauth2/register`, app.registrar('demo-registrar'), body);
    assert.equal(status, 400);
  });

  it('sec-074 makes who guesses a secret wait, and locks the client out nowhere else', async () => {
    const wrong = { ...app.client('demo-service'), client_secret: 'x' };
    const guess = async () =>
      (await post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(wrong))).status;
    const answers: number[] = [];
    for (let turn = 0; turn < 30; turn += 1) answers.push(await guess());
    assert.equal(answers[0], 401);
    assert.equal(answers.at(-1), 429);
    const { status } = await post(
      `${app.issuer}/oauth2/token`,
      { grant_type: 'client_credentials' },
      basic(app.client('demo-admin')),
    );
    assert.equal(status, 200);
  });
});

describe('a sign-in while the store is away', () => {
  it('sec-021 is refused with 503: what limits guesses cannot be asked', async () => {
    const app = await startApp();
    const browser = newBrowser(app);
    const page = await browser.open(authorization(app));
    await app.parts.store.close();
    const form = { identifier: 'alice@example.test', password: app.password('alice@example.test') };
    const answer = await browser.send('POST', formOf(page).action, form);
    assert.equal(answer.status, 503);
    assert.ok(Number(answer.headers['retry-after']) > 0);
    await app.close();
  });
});
