import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { decodeProtectedHeader } from 'jose';
import { standing } from '../../src/protocol/keys.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post, read } from '../support/oauth.ts';

const hour = 3600;

describe('standing: which key does what', () => {
  const key = (kid: string, from: number) => ({ kid, alg: 'RS256' as const, created: from - 2 * hour, from });
  const old = key('old', 0);
  const next = key('next', 10 * hour);
  const table: [string, number, Record<string, string>][] = [
    ['the only key signs', hour, { old: 'signing' }],
    ['a planned key is published before it signs', 9 * hour, { old: 'signing', next: 'next' }],
    ['then it signs, and the old one only verifies', 10 * hour, { old: 'retired', next: 'signing' }],
    [
      'the old one is shown as long as a cache or a token may need it',
      13 * hour - 1,
      { old: 'retired', next: 'signing' },
    ],
    ['and then no more', 13 * hour, { next: 'signing' }],
  ];
  for (const [says, now, expected] of table) {
    it(says, () => {
      const keys = now < 8 * hour ? [old] : [old, next];
      const states = standing(keys, now, hour).map(({ kid, state }) => [kid, state]);
      assert.deepEqual(Object.fromEntries(states), expected);
    });
  }
});

describe('GET /oauth2/jwks', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp();
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
  });
  afterEach(async () => {
    mock.timers.reset();
    await app.close();
  });
  const jwks = async () => (await read(await fetch(`${app.issuer}/oauth2/jwks`))).body.keys;
  const kids = async (): Promise<string[]> => (await jwks()).map((key: { kid: string }) => key.kid);

  it('shows one public key for each algorithm, cacheable, and nothing private', async () => {
    const response = await fetch(`${app.issuer}/oauth2/jwks`);
    assert.match(response.headers.get('cache-control') ?? '', /public, max-age=\d+/);
    const { keys } = await response.json();
    assert.deepEqual(keys.map((key: { alg: string }) => key.alg).sort(), ['ES256', 'EdDSA', 'RS256']);
    for (const key of keys) {
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.equal(key[member], undefined);
      assert.ok(key.kid);
    }
  });

  it('shows the next keys two hours before they sign, and the old ones until nobody needs them', async () => {
    const before = await kids();
    await app.parts.keys.rotate('cli');
    const during = await kids();
    assert.equal(during.length, 6);
    assert.ok(before.every((kid) => during.includes(kid)));
    const signs = async () => (await app.parts.keys.signing()).keys.find(({ alg }) => alg === 'RS256')?.kid;
    assert.ok(before.includes(String(await signs())));
    mock.timers.tick(2 * hour * 1000);
    assert.ok(!before.includes(String(await signs())));
    assert.equal((await kids()).length, 6);
    mock.timers.tick(26 * hour * 1000);
    const after = await kids();
    assert.equal(after.length, 3);
    assert.ok(before.every((kid) => !after.includes(kid)));
  });

  it('signs with the new key as soon as the old one has leaked', async () => {
    const before = await kids();
    await app.parts.keys.rotate('cli', { atOnce: true });
    await app.follow();
    const now = await kids();
    assert.ok(before.every((kid) => !now.includes(kid)));
    await app.parts.access.saveApi(
      { id: 'https://jwt.example.test', permissions: ['read'], tokenFormat: 'jwt', signingAlg: 'RS256', routes: [] },
      'cli',
    );
    const { body } = await post(
      `${app.issuer}/oauth2/token`,
      { grant_type: 'client_credentials', resource: 'https://jwt.example.test' },
      basic(app.client('demo-service')),
    );
    assert.ok(now.includes(String(decodeProtectedHeader(body.access_token).kid)));
  });
});

describe('discovery', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp();
  });
  afterEach(() => app.close());

  it('says the same under both names, cacheable, with every URL at the issuer (RFC 8414 §3)', async () => {
    const [oidc, oauth] = await Promise.all(
      ['openid-configuration', 'oauth-authorization-server'].map((name) => fetch(`${app.issuer}/.well-known/${name}`)),
    );
    assert.match(oidc?.headers.get('cache-control') ?? '', /public, max-age=\d+/);
    const document = await oidc?.json();
    assert.deepEqual(await oauth?.json(), document);
    assert.equal(document.issuer, app.issuer);
    for (const [name, path] of Object.entries({
      authorization: '/oauth2/authorize',
      token: '/oauth2/token',
      introspection: '/oauth2/introspect',
      revocation: '/oauth2/revoke',
      userinfo: '/oauth2/userinfo',
      registration: '/oauth2/register',
      pushed_authorization_request: '/oauth2/par',
      end_session: '/oauth2/logout',
    })) {
      assert.equal(document[`${name}_endpoint`], `${app.issuer}${path}`);
    }
    assert.equal(document.jwks_uri, `${app.issuer}/oauth2/jwks`);
    assert.deepEqual(document.response_types_supported, ['code']);
    assert.deepEqual(document.code_challenge_methods_supported, ['S256']);
    assert.ok(document.grant_types_supported.includes('client_credentials'));
    assert.ok(!document.grant_types_supported.includes('implicit'));
    assert.equal(document.authorization_response_iss_parameter_supported, true);
    assert.deepEqual(document.id_token_signing_alg_values_supported.sort(), ['ES256', 'EdDSA', 'RS256']);
  });
});
