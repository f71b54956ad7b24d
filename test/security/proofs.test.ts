import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { adminApi } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, introspect, redeem } from '../support/code-flow.ts';
import { type Answer, basic, post, read } from '../support/oauth.ts';

/* Proof of possession (DPoP, RFC 9449). */
let app: TestApp;
let keys: CryptoKeyPair;
let publicKey: JWK;
before(async () => {
  app = await startApp();
  keys = await generateKeyPair('ES256', { extractable: true });
  publicKey = await exportJWK(keys.publicKey);
});
after(() => app.close());

const now = () => Math.floor(Date.now() / 1000);
const endpoint = (name: string) => `${app.issuer}/oauth2/${name}`;

/** A proof for the token endpoint, or with other claims and header members. */
function proof(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({ jti: crypto.randomUUID(), htm: 'POST', htu: endpoint('token'), iat: now(), ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: publicKey, ...header })
    .sign(keys.privateKey);
}

const send = (dpop: string): Promise<Answer> =>
  post(endpoint('token'), { grant_type: 'client_credentials' }, { ...basic(app.client('demo-service')), dpop });
const hash = (token: string) => createHash('sha256').update(token).digest('base64url');

/** What userinfo says to a token with a proof of these claims. */
const userinfo = async (token: string, claims: Record<string, unknown> = {}, scheme = 'DPoP') =>
  read(
    await fetch(endpoint('userinfo'), {
      headers: {
        authorization: `${scheme} ${token}`,
        ...(scheme === 'DPoP'
          ? { dpop: await proof({ htm: 'GET', htu: endpoint('userinfo'), ath: hash(token), ...claims }) }
          : {}),
      },
    }),
  );

/** A bound access token of alice. */
async function bound(scope = 'openid orders:read'): Promise<string> {
  const { code, code_verifier, redirect_uri } = await authorize(app, {}, { scope });
  const form = { grant_type: 'authorization_code', code, code_verifier, redirect_uri };
  const headers = { ...basic(app.client('demo-web')), dpop: await proof() };
  const { body } = await post(endpoint('token'), form, headers);
  assert.equal(body.token_type, 'DPoP');
  return body.access_token;
}

describe('a proof of possession (RFC 9449 §4.3)', () => {
  it('sec-079 binds the token to its key, and gateways are told which', async () => {
    const { status, body } = await send(await proof());
    assert.deepEqual([status, body.token_type], [200, 'DPoP']);
    const { cnf, token_type } = await introspect(app, body.access_token);
    assert.deepEqual([cnf, token_type], [{ jkt: await calculateJwkThumbprint(publicKey) }, 'DPoP']);
  });

  const proofs: Record<string, () => Promise<string>> = {
    'for another address': () => proof({ htu: 'https://evil.example/oauth2/token' }),
    'for another endpoint': () => proof({ htu: endpoint('userinfo') }),
    'for another method': () => proof({ htm: 'GET' }),
    'of another type': () => proof({}, { typ: 'JWT' }),
    'ten minutes old': () => proof({ iat: now() - 600 }),
    'ten minutes ahead': () => proof({ iat: now() + 600 }),
    'without a time': () => proof({ iat: undefined }),
    'without an id': () => proof({ jti: undefined }),
    'without a key': () => proof({}, { jwk: undefined }),
    'with its private key': async () => proof({}, { jwk: await exportJWK(keys.privateKey) }),
    'with a key that did not sign it': async () =>
      proof({}, { jwk: await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey) }),
    'without a signature': async () => {
      const [, payload] = (await proof()).split('.');
      const header = { alg: 'none', typ: 'dpop+jwt', jwk: publicKey };
      return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.`;
    },
    'signed with a shared secret': () =>
      new SignJWT({ jti: 'x', htm: 'POST', htu: endpoint('token'), iat: now() })
        .setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk: { kty: 'oct' } })
        .sign(Buffer.alloc(32)),
    'that is no JWT': async () => new UnsecuredJWT({}).encode().slice(3),
    'that is two proofs': async () => `${await proof()}, ${await proof()}`,
  };
  for (const [name, make] of Object.entries(proofs)) {
    it(`sec-079 is refused: ${name}`, async () => {
      const { status, body } = await send(await make());
      assert.equal(status, 400);
      assert.equal(body.error, 'invalid_dpop_proof');
    });
  }

  it('sec-079 may come from a clock that is a little fast', async () => {
    assert.equal((await send(await proof({ iat: now() + 30 }))).status, 200);
  });

  it('sec-080 counts once: the second time is refused', async () => {
    const dpop = await proof();
    assert.equal((await send(dpop)).status, 200);
    assert.equal((await send(dpop)).status, 400);
  });

  it('sec-080 counts once: of eight at the same moment one is answered', async () => {
    const dpop = await proof();
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(dpop)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array<number>(7).fill(400)]);
  });
});

describe('a bound token', () => {
  it('sec-079 opens userinfo with a proof for it', async () => {
    assert.equal((await userinfo(await bound())).status, 200);
  });

  it('sec-079 does not with the hash of another token, another method or address', async () => {
    const token = await bound();
    for (const claims of [{ ath: hash('other') }, { ath: undefined }, { htm: 'POST' }, { htu: endpoint('token') }]) {
      assert.equal((await userinfo(token, claims)).status, 401);
    }
  });

  it('sec-080 counts each proof once there too, of eight at the same moment', async () => {
    const token = await bound();
    const dpop = await proof({ htm: 'GET', htu: endpoint('userinfo'), ath: hash(token) });
    const headers = { authorization: `DPoP ${token}`, dpop };
    const answers = await Promise.all(Array.from({ length: 8 }, () => fetch(endpoint('userinfo'), { headers })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array<number>(7).fill(401)]);
    await fetch(endpoint('userinfo'), { headers });
    const told = await app.parts.trail.search({ type: 'proof.replayed' });
    assert.deepEqual(
      told.map(({ actor, detail }) => [actor, detail?.at, typeof detail?.subject]),
      [
        ['client:demo-service', 'token', 'undefined'],
        ['client:demo-web', 'userinfo', 'string'],
      ],
    );
  });

  it('sec-081 is nothing without its proof: at userinfo, the admin API and registration', async () => {
    assert.equal((await userinfo(await bound(), {}, 'Bearer')).status, 401);
    const form = { grant_type: 'client_credentials', resource: 'urn:sallyport:admin' };
    const headers = { ...basic(app.client('demo-admin')), dpop: await proof() };
    const { access_token, token_type } = (await post(endpoint('token'), form, headers)).body;
    assert.equal(token_type, 'DPoP');
    assert.equal((await adminApi(app, access_token).get('/clients')).status, 401);
    const registering = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
    const { status } = await post(endpoint('register'), '{"redirect_uris":["https://a.example/cb"]}', registering);
    assert.equal(status, 401);
  });

  it('sec-081 is refreshed by a public client with the same key only', async () => {
    const metadata = {
      ...{ redirect_uris: ['http://localhost:8080/callback'], grant_types: ['authorization_code', 'refresh_token'] },
      token_endpoint_auth_method: 'none',
    };
    await app.parts.clients.add({ id: 'bound-spa', metadata, firstParty: true }, 'cli');
    const { code, code_verifier, redirect_uri } = await authorize(app, { client: 'bound-spa' }, { scope: 'openid' });
    const form = { grant_type: 'authorization_code', code, code_verifier, redirect_uri, client_id: 'bound-spa' };
    const { refresh_token } = (await post(endpoint('token'), form, { dpop: await proof() })).body;
    const again = { grant_type: 'refresh_token', refresh_token, client_id: 'bound-spa' };
    assert.equal((await post(endpoint('token'), again)).status, 400);
    const other = await generateKeyPair('ES256', { extractable: true });
    const foreign = await new SignJWT({ jti: 'f', htm: 'POST', htu: endpoint('token'), iat: now() })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(other.publicKey) })
      .sign(other.privateKey);
    assert.equal((await post(endpoint('token'), again, { dpop: foreign })).status, 400);
    assert.equal((await post(endpoint('token'), again, { dpop: await proof() })).status, 200);
  });

  it('sec-079 is not a Bearer token that somebody adds a proof to', async () => {
    const { body } = await redeem(app, await authorize(app));
    assert.equal((await userinfo(body.access_token)).status, 401);
  });
});
