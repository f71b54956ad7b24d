import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { adminApi } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, introspect, redeem, refresh } from '../support/code-flow.ts';
import { basic, post } from '../support/oauth.ts';
import { authorization, newBrowser, signInto } from '../support/signing-in.ts';

/* One kind of token in the place of another (RFC 8725 §3.11, row 263). */
let app: TestApp;
const jwtApi = 'https://api.example.test/jwt';
const kinds: Record<string, string> = {};

before(async () => {
  app = await startApp();
  const api = { id: jwtApi, permissions: ['jwt:read'], tokenFormat: 'jwt', signingAlg: 'RS256', routes: [] } as const;
  await app.parts.access.saveApi({ ...api, permissions: [...api.permissions], routes: [] }, 'cli');
  const flow = await authorize(app);
  kinds.code = (await authorize(app)).code;
  const { access_token, refresh_token, id_token } = (await redeem(app, flow)).body;
  Object.assign(kinds, { 'refresh token': refresh_token, 'ID token': id_token });
  const jwt = await redeem(app, await authorize(app, {}, { scope: 'openid jwt:read', resource: jwtApi }));
  kinds['JWT access token'] = jwt.body.access_token;
  const signed = { ...basic(app.client('demo-gateway')), accept: 'application/token-introspection+jwt' };
  kinds['signed introspection'] = (await post(`${app.issuer}/oauth2/introspect`, { token: access_token }, signed)).body;
  const tampered = String(id_token).split('.');
  kinds['ID token that says it is an access token'] = [
    Buffer.from(JSON.stringify({ ...header(id_token), typ: 'at+jwt' })).toString('base64url'),
    ...tampered.slice(1),
  ].join('.');
  for (const [name, value] of Object.entries(kinds)) assert.ok(typeof value === 'string' && value.length > 20, name);
});
after(() => app.close());

const header = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
const kind = (name: string): string => kinds[name] ?? '';
const names = ['code', 'refresh token', 'ID token', 'signed introspection', 'ID token that says it is an access token'];

describe('as an access token', () => {
  for (const name of names) {
    it(`sec-093 sec-263 nothing is opened by: ${name}`, async () => {
      const value = kind(name);
      const { status } = await fetch(`${app.issuer}/oauth2/userinfo`, {
        headers: { authorization: `Bearer ${value}` },
      });
      assert.equal(status, 401);
      assert.equal((await adminApi(app, value).get('/clients')).status, 401);
      assert.deepEqual(await introspect(app, value), { active: false });
    });
  }

  it('sec-263 an access token for an API opens no other: the admin API', async () => {
    assert.equal((await adminApi(app, kind('JWT access token')).get('/clients')).status, 401);
  });

  it('sec-263 types tell them apart (RFC 9068 §2.1, RFC 9701 §5)', () => {
    assert.equal(header(kind('JWT access token')).typ, 'at+jwt');
    assert.equal(header(kind('signed introspection')).typ, 'token-introspection+jwt');
    assert.notEqual(header(kind('ID token')).typ, 'at+jwt');
  });
});

describe('as a refresh token or a code', () => {
  for (const name of ['code', 'ID token', 'JWT access token', 'signed introspection']) {
    it(`sec-263 nothing comes of: ${name}`, async () => {
      assert.equal((await refresh(app, kind(name))).body.error, 'invalid_grant');
    });
  }
  for (const name of ['refresh token', 'ID token', 'JWT access token']) {
    it(`sec-263 nothing is redeemed for: ${name}`, async () => {
      const form = {
        ...{ grant_type: 'authorization_code', code: kind(name) },
        redirect_uri: 'http://localhost:8080/callback',
      };
      const { body } = await post(
        `${app.issuer}/oauth2/token`,
        { ...form, code_verifier: 'a'.repeat(43) },
        basic(app.client('demo-web')),
      );
      assert.equal(body.error, 'invalid_grant');
    });
  }
});

describe('as the hint at a person (OIDC Core §3.1.2.1)', () => {
  const ask = async (id_token_hint: string) => {
    const browser = newBrowser(app);
    await signInto(app, browser);
    return (await browser.open(authorization(app, { id_token_hint, prompt: 'none' }))).url.searchParams;
  };
  it('an ID token is right', async () => {
    assert.ok((await ask(kind('ID token'))).has('code'));
  });
  for (const name of [
    'JWT access token',
    'signed introspection',
    'refresh token',
    'ID token that says it is an access token',
  ]) {
    it(`sec-263 is refused: ${name}`, async () => {
      const answer = await ask(kind(name));
      assert.equal(answer.has('code'), false);
      assert.equal(answer.get('error'), 'invalid_request');
    });
  }

  it('sec-263 is refused: an ID token of another client, of another server, and without a signature', async () => {
    const { secret = '' } = await app.parts.clients.add(
      { id: 'rival', metadata: { redirect_uris: ['http://localhost:8080/callback'] }, firstParty: true },
      'cli',
    );
    const server = { ...app, client: () => ({ client_id: 'rival', client_secret: secret }) };
    const foreign = (await redeem(server, await authorize(app, { client: 'rival' }, { scope: 'openid' }))).body
      .id_token;
    const [, payload] = kind('ID token').split('.');
    const own = await generateKeyPair('RS256');
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString());
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ ...header(kind('ID token')), alg: 'RS256' })
      .sign(own.privateKey);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    for (const hint of [foreign, forged, unsigned]) assert.equal((await ask(hint)).get('error'), 'invalid_request');
  });
});

describe('as the hint at a logout (OIDC RP-Initiated Logout §2)', () => {
  for (const name of ['JWT access token', 'signed introspection', 'ID token that says it is an access token']) {
    it(`sec-263 is refused: ${name}`, async () => {
      const browser = newBrowser(app);
      await signInto(app, browser);
      const query = new URLSearchParams({
        id_token_hint: kind(name),
        post_logout_redirect_uri: 'http://localhost:8080/',
      });
      const { status } = await browser.open(`${app.issuer}/oauth2/logout?${query}`);
      assert.equal(status, 400);
    });
  }
});

describe('as the proof of a client', () => {
  let key: { privateKey: CryptoKey; jwk: JWK };
  before(async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    key = { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: 'k', use: 'sig', alg: 'ES256' } };
    const metadata = {
      ...{ grant_types: ['client_credentials'], token_endpoint_auth_method: 'private_key_jwt' },
      jwks: { keys: [key.jwk] },
    };
    await app.parts.clients.add({ id: 'signer', metadata }, 'cli');
    await app.parts.access.assign('client:signer', 'orders-reader', 'cli');
  });
  const present = (client_assertion: string) =>
    post(`${app.issuer}/oauth2/token`, {
      ...{ grant_type: 'client_credentials', client_id: 'signer', client_assertion },
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });

  for (const name of ['ID token', 'JWT access token', 'signed introspection']) {
    it(`sec-263 is refused: ${name}`, async () => {
      assert.match((await present(kind(name))).body.error, /^invalid_(client|request)$/);
    });
  }

  const own = (typ?: string) =>
    new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid: 'k', ...(typ === undefined ? {} : { typ }) })
      .setIssuer('signer')
      .setSubject('signer')
      .setAudience(app.issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(key.privateKey);
  for (const typ of [undefined, 'JWT', 'jwt', 'client-authentication+jwt']) {
    it(`an assertion is right: typ ${typ}`, async () => {
      assert.equal((await present(await own(typ))).status, 200);
    });
  }
  for (const typ of ['dpop+jwt', 'at+jwt', 'logout+jwt', 'secevent+jwt', 'oauth-authz-req+jwt', '']) {
    it(`sec-263 is refused: what its own key signed for something else, ${typ}`, async () => {
      assert.equal((await present(await own(typ))).body.error, 'invalid_client');
    });
  }
});
