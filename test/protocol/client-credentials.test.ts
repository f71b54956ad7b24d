import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';

describe('POST /oauth2/token with client_credentials', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.close());

  const token = (form: Record<string, string> = {}, client = 'demo-service') =>
    post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials', ...form }, basic(app.client(client)));

  it('grants all that the client holds when it asks for no scope (RFC 6749 §3.3)', async () => {
    const { status, body, headers } = await token();
    assert.equal(status, 200);
    assert.equal(body.token_type, 'Bearer');
    assert.equal(body.scope, 'orders:read');
    assert.equal(body.refresh_token, undefined);
    assert.match(headers.get('cache-control') ?? '', /no-store/);
    assert.match(body.access_token, /^[\w-]{43,}$/);
  });

  it('takes credentials in the body too', async () => {
    const { status } = await post(`${app.issuer}/oauth2/token`, {
      grant_type: 'client_credentials',
      ...app.client('demo-service'),
    });
    assert.equal(status, 200);
  });

  for (const [asked, error] of [
    ['orders:write', 'invalid_scope'],
    ['openid', 'invalid_scope'],
    ['offline_access', 'invalid_scope'],
    ['no:such', 'invalid_scope'],
    ['clients:write', 'invalid_scope'],
  ] as const) {
    it(`refuses the scope ${asked}, which the client does not hold`, async () => {
      const { status, body } = await token({ scope: asked });
      assert.equal(status, 400);
      assert.equal(body.error, error);
      assert.ok(body.error_description);
    });
  }

  it('narrows to what the client holds (RFC 6749 §3.3)', async () => {
    const { body } = await token({ scope: 'orders:read orders:write' });
    assert.equal(body.scope, 'orders:read');
  });

  it('refuses an API that does not exist (RFC 8707 §2)', async () => {
    const { status, body } = await token({ resource: 'https://other.example.test' });
    assert.equal(status, 400);
    assert.equal(body.error, 'invalid_target');
  });

  for (const grant of ['password', 'implicit', 'urn:example:unknown']) {
    it(`does not know the grant ${grant}`, async () => {
      const { status, body } = await token({ grant_type: grant });
      assert.equal(status, 400);
      assert.equal(body.error, 'unsupported_grant_type');
    });
  }

  it('tells a client that asks for a grant it is not registered for (RFC 6749 §5.2)', async () => {
    const { status, body } = await token({}, 'demo-web');
    assert.equal(status, 400);
    assert.equal(body.error, 'unauthorized_client');
  });

  it('refuses a wrong secret, an empty one and an unknown client with the same answer', async () => {
    const real = app.client('demo-service');
    const answers = await Promise.all(
      [
        { ...real, client_secret: 'wrong' },
        { client_id: 'nobody', client_secret: real.client_secret },
        { ...real, client_id: 'Demo-Service' },
      ].map((credentials) =>
        post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(credentials)),
      ),
    );
    for (const { status, body } of answers) {
      assert.equal(status, 401);
      assert.equal(body.error, 'invalid_client');
      assert.deepEqual(body, answers[0]?.body);
    }
  });

  it('issues an RFC 9068 JWT for an API that asks for it, signed with the algorithm of the API', async () => {
    for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) {
      const audience = `https://${alg.toLowerCase()}.example.test`;
      await app.parts.access.saveApi(
        { id: audience, permissions: ['read'], tokenFormat: 'jwt', signingAlg: alg, routes: [] },
        'cli',
      );
      await app.parts.access.saveRole({ id: `reader-${alg}`, permissions: [`${audience}#read`], includes: [] }, 'cli');
      await app.parts.access.assign('client:demo-service', `reader-${alg}`, 'cli');
      const { status, body } = await token({ resource: audience });
      assert.equal(status, 200);
      const keys = createRemoteJWKSet(new URL(`${app.issuer}/oauth2/jwks`));
      const { payload, protectedHeader } = await jwtVerify(body.access_token, keys, {
        issuer: app.issuer,
        audience,
        typ: 'at+jwt',
      });
      assert.equal(protectedHeader.alg, alg);
      assert.equal(payload.client_id, 'demo-service');
      assert.equal(payload.sub, 'demo-service');
      assert.equal(payload.scope, 'read');
      assert.deepEqual(payload.roles, ['orders-reader', `reader-${alg}`].sort());
      assert.deepEqual(payload.entitlements, ['read']);
      assert.ok(payload.jti);
      await app.parts.access.unassign('client:demo-service', `reader-${alg}`, 'cli');
    }
  });
});
