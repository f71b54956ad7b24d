import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { type Answer, read } from '../support/oauth.ts';

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

describe('OpenID certification, Config OP', () => {
  let app: TestApp;
  let discovery: Answer;
  before(async () => {
    app = await startApp();
    discovery = await read(await fetch(`${app.issuer}/.well-known/openid-configuration`));
  });
  after(() => app.close());

  const keys = async (): Promise<Record<string, string>[]> =>
    (await (await fetch(discovery.body.jwks_uri)).json()).keys;

  it('oidcc-discovery-endpoint-verification: what OpenID Connect Discovery §3 demands', () => {
    const { status, headers, body } = discovery;
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(body.issuer, app.issuer);
    assert.ok(!body.issuer.endsWith('/'));
    for (const name of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'registration_endpoint']) {
      assert.equal(new URL(body[name]).origin, app.issuer);
    }
    const has: Record<string, string[]> = {
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'form_post'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      userinfo_signing_alg_values_supported: ['RS256'],
      scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
      claims_supported: ['sub', 'iss', 'auth_time', 'acr', 'name', 'email', 'address', 'phone_number'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      code_challenge_methods_supported: ['S256'],
    };
    for (const [name, values] of Object.entries(has)) {
      assert.deepEqual(
        values.filter((value) => !body[name].includes(value)),
        [],
        name,
      );
    }
    assert.equal(body.claims_parameter_supported, true);
  });

  it('oidcc-discovery-endpoint-verification: no member without a value, every list with different ones', () => {
    for (const [name, value] of Object.entries(discovery.body)) {
      assert.ok(value !== null && value !== '', name);
      if (!Array.isArray(value)) continue;
      assert.ok(value.length > 0, name);
      assert.equal(new Set(value).size, value.length, name);
    }
  });

  it('does not promise what it does not do: request objects, alg none, implicit', () => {
    const { body } = discovery;
    assert.equal(body.request_parameter_supported ?? false, false);
    assert.equal(body.request_uri_parameter_supported, false);
    assert.ok(!body.id_token_signing_alg_values_supported.includes('none'));
    assert.deepEqual(body.response_types_supported, ['code']);
    assert.ok(!body.grant_types_supported.includes('implicit'));
  });

  it('ValidateServerJWKs: public keys with different ids, an RSA one of at least 2048 bits among them', async () => {
    const published = await keys();
    assert.equal(new Set(published.map(({ kid }) => kid)).size, published.length);
    for (const key of published) {
      assert.ok(key.kid && key.kty && key.alg);
      assert.equal(key.use, 'sig');
      assert.deepEqual(
        privateMembers.filter((member) => member in key),
        [],
      );
    }
    const rsa = published.find(({ kty }) => kty === 'RSA');
    assert.ok(Buffer.from(rsa?.n ?? '', 'base64url').length >= 256);
  });

  it('oidcc-server-rotate-keys: after a rotation there is a new key, and the old one is still there', async () => {
    const before = (await keys()).map(({ kid }) => kid);
    await app.parts.keys.rotate('cli');
    const after = (await keys()).map(({ kid }) => kid);
    assert.ok(before.every((kid) => after.includes(kid)));
    assert.ok(after.some((kid) => !before.includes(kid)));
  });
});
