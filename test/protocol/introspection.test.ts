import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, type Credentials, post, read } from '../support/oauth.ts';

const orders = 'https://api.example.test/orders';
const inactive = { active: false };

describe('POST /oauth2/introspect', () => {
  let app: TestApp;
  let gateway: Credentials;
  before(async () => {
    app = await startApp();
    gateway = app.client('demo-gateway');
  });
  after(() => app.close());

  const fresh = async (resource = orders): Promise<string> => {
    const { body } = await post(
      `${app.issuer}/oauth2/token`,
      { grant_type: 'client_credentials', resource },
      basic(app.client('demo-service')),
    );
    return body.access_token;
  };
  const ask = (form: Record<string, string> | string, headers = {}) =>
    post(`${app.issuer}/oauth2/introspect`, form, headers);
  const jwtApi = async (): Promise<string> => {
    const id = 'https://jwt.example.test';
    await app.parts.access.saveApi(
      { id, permissions: ['read'], tokenFormat: 'jwt', signingAlg: 'RS256', routes: [] },
      'cli',
    );
    await app.parts.access.saveRole({ id: 'jwt-reader', permissions: [`${id}#read`], includes: [] }, 'cli');
    await app.parts.access.assign('client:demo-service', 'jwt-reader', 'cli');
    return id;
  };

  it('answers with every member of the contract (RFC 7662 §2.2)', async () => {
    const token = await fresh();
    const { status, body, headers } = await ask({ token }, basic(gateway));
    assert.equal(status, 200);
    assert.match(headers.get('cache-control') ?? '', /no-store/);
    const { exp, iat, jti, ...rest } = body;
    assert.ok(Number.isInteger(exp) && Number.isInteger(iat) && exp > iat);
    assert.notEqual(jti, token);
    assert.match(jti, /^[\w-]{16,}$/);
    assert.deepEqual(rest, {
      active: true,
      iss: app.issuer,
      sub: 'demo-service',
      client_id: 'demo-service',
      username: 'demo-service',
      token_type: 'Bearer',
      scope: 'orders:read',
      nbf: iat,
      aud: orders,
      roles: ['orders-reader'],
      groups: [],
      entitlements: ['orders:read'],
      roles_str: 'orders-reader',
      entitlements_str: 'orders:read',
    });
  });

  it('answers the same for a JWT, and says inactive when one character of it differs', async () => {
    const token = await fresh(await jwtApi());
    const { body } = await ask({ token }, basic(gateway));
    assert.equal(body.active, true);
    assert.equal(body.aud, 'https://jwt.example.test');
    assert.deepEqual(body.entitlements, ['read']);
    const [head, payload, signature = ''] = token.split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    for (const forged of [
      `${head}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${head}.${payload}`,
    ]) {
      assert.deepEqual((await ask({ token: forged }, basic(gateway))).body, inactive);
    }
  });

  describe('callers as gateways really are', () => {
    it('Anypoint: credentials in the body', async () => {
      const { status, body } = await ask({ token: await fresh(), ...gateway });
      assert.deepEqual([status, body.active], [200, true]);
    });
    it('APISIX with lua-resty-openidc 1.8: the same credentials in header and body', async () => {
      const { status, body } = await ask({ token: await fresh(), ...gateway }, basic(gateway));
      assert.deepEqual([status, body.active], [200, true]);
    });
    it('refuses credentials that differ between header and body', async () => {
      const { status, body } = await ask(
        { token: await fresh(), ...gateway, client_secret: 'another' },
        basic(gateway),
      );
      assert.deepEqual([status, body.error], [400, 'invalid_request']);
    });
    it('NGINX: token_hint, a charset, and an unencoded body', async () => {
      const { status, body } = await ask(`token=${await fresh()}&token_hint=access_token`, {
        ...basic(gateway),
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      });
      assert.deepEqual([status, body.active], [200, true]);
    });
    it('a lower-case scheme', async () => {
      const { authorization } = basic(gateway);
      const { body } = await ask({ token: await fresh() }, { authorization: authorization.replace('Basic', 'basic') });
      assert.equal(body.active, true);
    });
    it('form-encoded halves of Basic (RFC 6749 §2.3.1)', async () => {
      const encoded = [gateway.client_id, gateway.client_secret].map((half) =>
        half.replace(/[-_]/g, (char) => `%${char.charCodeAt(0).toString(16)}`),
      );
      const { body } = await ask(
        { token: await fresh() },
        { authorization: `Basic ${Buffer.from(encoded.join(':')).toString('base64')}` },
      );
      assert.equal(body.active, true);
    });
    it('Kong: token_type_hint, and a signed answer for itself alone (RFC 9701)', async () => {
      const response = await ask(
        { token: await fresh(), token_type_hint: 'access_token' },
        { ...basic(gateway), accept: 'application/token-introspection+jwt' },
      );
      assert.match(response.headers.get('content-type') ?? '', /^application\/token-introspection\+jwt/);
      const keys = createRemoteJWKSet(new URL(`${app.issuer}/oauth2/jwks`));
      const { payload } = await jwtVerify(response.body, keys, {
        issuer: app.issuer,
        audience: 'demo-gateway',
        typ: 'token-introspection+jwt',
      });
      assert.equal((payload.token_introspection as { active: boolean }).active, true);
    });
    it('any hint, wrong or unknown', async () => {
      for (const token_type_hint of ['refresh_token', 'no_such_type', '']) {
        const { body } = await ask({ token: await fresh(), token_type_hint }, basic(gateway));
        assert.equal(body.active, true);
      }
    });
  });

  it('never answers 4xx because of the token', async () => {
    for (const token of [
      'x',
      'a.b.c',
      '☃',
      'eyJhbGciOiJIUzI1NiJ9.e30.AAAA',
      'y'.repeat(20_000),
      '../../etc/passwd',
      '$ne',
    ]) {
      const { status, body } = await ask({ token }, basic(gateway));
      assert.equal(status, 200);
      assert.deepEqual(body, inactive);
    }
  });

  it('refuses callers that do not prove who they are with 401 and a challenge (RFC 7662 §2.3)', async () => {
    const token = await fresh();
    for (const [form, headers] of [
      [{ token }, {}],
      [{ token }, basic({ ...gateway, client_secret: 'wrong' })],
      [{ token }, basic({ client_id: 'nobody', client_secret: 'x' })],
      [{ token }, { authorization: 'Bearer something' }],
      [{ token }, { authorization: 'Basic %%%' }],
    ] as const) {
      const { status, body, headers: answered } = await ask(form, headers);
      assert.equal(status, 401);
      assert.equal(body.error, 'invalid_client');
      assert.ok(answered.get('www-authenticate'));
    }
  });

  it('wants the token once, in the body of a POST', async () => {
    const token = await fresh();
    assert.equal((await ask({}, basic(gateway))).status, 400);
    assert.equal((await ask({ token: '' }, basic(gateway))).status, 400);
    assert.equal((await ask(`token=${token}&token=${token}`, basic(gateway))).status, 400);
    const get = await read(await fetch(`${app.issuer}/oauth2/introspect?token=x`, { headers: basic(gateway) }));
    assert.equal(get.status, 405);
    assert.ok(get.body.error_description);
  });

  it('shows a client only tokens of the APIs that it may introspect', async () => {
    const { client, secret = '' } = await app.parts.clients.add(
      {
        id: 'other-gateway',
        metadata: { grant_types: ['client_credentials'] },
        introspects: ['https://jwt.example.test'],
      },
      'cli',
    );
    const other = { client_id: client.id, client_secret: secret };
    const [foreign, own] = [await fresh(orders), await fresh(await jwtApi())];
    assert.deepEqual((await ask({ token: foreign }, basic(other))).body, inactive);
    assert.equal((await ask({ token: own }, basic(other))).body.active, true);
    assert.equal((await ask({ token: foreign }, basic(app.client('demo-service')))).body.active, true);
  });

  it('resolves roles when asked: one that is taken away is gone at the next call', async () => {
    const token = await fresh();
    await app.parts.access.unassign('client:demo-service', 'orders-reader', 'cli');
    const { body } = await ask({ token }, basic(gateway));
    assert.equal(body.active, true);
    assert.equal(body.scope, undefined);
    assert.equal(body.entitlements_str, '');
    await app.parts.access.assign('client:demo-service', 'orders-reader', 'cli');
    assert.equal((await ask({ token }, basic(gateway))).body.scope, 'orders:read');
  });

  it('says inactive for tokens of a suspended and of a deleted client, opaque and JWT, at the next call', async () => {
    const { secret = '' } = await app.parts.clients.add(
      { id: 'short-lived', metadata: { grant_types: ['client_credentials'] } },
      'cli',
    );
    await app.parts.access.assign('client:short-lived', 'orders-reader', 'cli');
    await app.parts.access.assign('client:short-lived', 'jwt-reader', 'cli');
    const of = async (resource: string) =>
      (
        await post(
          `${app.issuer}/oauth2/token`,
          { grant_type: 'client_credentials', resource },
          basic({ client_id: 'short-lived', client_secret: secret }),
        )
      ).body.access_token;
    const tokens = [await of(orders), await of(await jwtApi())];
    const states = () => Promise.all(tokens.map(async (token) => (await ask({ token }, basic(gateway))).body.active));
    assert.deepEqual(await states(), [true, true]);
    await app.parts.clients.decide('short-lived', 'suspend', 'cli');
    assert.deepEqual(await states(), [false, false]);
    await app.parts.clients.decide('short-lived', 'resume', 'cli');
    assert.deepEqual(await states(), [true, true]);
    await app.parts.clients.remove('short-lived', 'cli');
    assert.deepEqual(await states(), [false, false]);
  });
});

describe('POST /oauth2/revoke', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.close());
  const issue = async () =>
    (await post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(app.client('demo-service'))))
      .body.access_token;
  const active = async (token: string) =>
    (await post(`${app.issuer}/oauth2/introspect`, { token }, basic(app.client('demo-gateway')))).body.active;

  it('ends a token at once (RFC 7009 §2.1)', async () => {
    const token = await issue();
    const { status } = await post(`${app.issuer}/oauth2/revoke`, { token }, basic(app.client('demo-service')));
    assert.equal(status, 200);
    assert.equal(await active(token), false);
  });

  it('tells the audit trail who ended what, and nothing of what did not exist', async () => {
    const token = await issue();
    for (const shown of [token, token, 'x'])
      await post(`${app.issuer}/oauth2/revoke`, { token: shown }, basic(app.client('demo-service')));
    const events = await app.parts.trail.search({ type: 'token.revoked' });
    const { actor, detail: { jti, ...detail } = {}, ip } = events.at(-1) ?? {};
    const ended = { client: 'demo-service', kind: 'access token', subject: 'demo-service', audiences: orders };
    assert.deepEqual([actor, detail, typeof ip, typeof jti], ['client:demo-service', ended, 'string', 'string']);
    assert.notEqual(jti, token);
    // One for the token of the test before this one.
    assert.equal(events.length, 2);
  });

  it('answers 200 for a token that it does not know (RFC 7009 §2.2)', async () => {
    const { status } = await post(`${app.issuer}/oauth2/revoke`, { token: 'x' }, basic(app.client('demo-service')));
    assert.equal(status, 200);
  });

  it('leaves a token of another client alive', async () => {
    const token = await issue();
    const { status, body } = await post(`${app.issuer}/oauth2/revoke`, { token }, basic(app.client('demo-gateway')));
    assert.deepEqual([status, body.error], [400, 'invalid_request']);
    assert.equal(await active(token), true);
  });
});
