import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { ask } from '../http/edge.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, introspect, redeem } from '../support/code-flow.ts';
import { basic, post } from '../support/oauth.ts';

/* Tokens that are bound to a key (DPoP, RFC 9449 §7) at forward-auth. */
const host = 'api.example.test';
let app: TestApp;
let keys: CryptoKeyPair;
let jwk: JWK;
let machine: string;
let person: string;
before(async () => {
  app = await startApp();
  keys = await generateKeyPair('ES256', { extractable: true });
  jwk = await exportJWK(keys.publicKey);
  machine = await bound({ grant_type: 'client_credentials' }, 'demo-service');
  const { code, code_verifier, redirect_uri } = await authorize(app, {}, { scope: 'openid orders:read' });
  person = await bound({ grant_type: 'authorization_code', code, code_verifier, redirect_uri }, 'demo-web');
});
after(() => app.close());

const now = () => Math.floor(Date.now() / 1000);
const hash = (token: string) => createHash('sha256').update(token).digest('base64url');
const proof = (
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
  key: CryptoKey = keys.privateKey,
) =>
  new SignJWT({ jti: crypto.randomUUID(), iat: now(), ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(key);

/** A token that is bound to our key. */
async function bound(form: Record<string, string>, client: string): Promise<string> {
  const dpop = await proof({ htm: 'POST', htu: `${app.issuer}/oauth2/token` });
  const { body } = await post(`${app.issuer}/oauth2/token`, form, { ...basic(app.client(client)), dpop });
  assert.equal(body.token_type, 'DPoP');
  return body.access_token;
}

const forRequest = (
  token: string,
  claims: Record<string, unknown> = {},
  ...more: [Record<string, unknown>?, CryptoKey?]
) => proof({ htm: 'GET', htu: `https://${host}/orders/1`, ath: hash(token), ...claims }, ...more);

const send = (
  token: string,
  dpop: string | undefined,
  { scheme = 'DPoP', method = 'GET', proto = 'https', told = host } = {},
) =>
  ask(Number(new URL(app.url).port), '/gateway/authorize', {
    headers: {
      host: new URL(app.url).host,
      ...{
        'x-forwarded-method': method,
        'x-forwarded-host': told,
        'x-forwarded-uri': '/orders/1?x=y',
        'x-forwarded-proto': proto,
      },
      authorization: `${scheme} ${token}`,
      ...(dpop === undefined ? {} : { dpop }),
    },
  });

describe('a token that is bound to a key', () => {
  it('of a machine and of a person is told to gateways as such, and passes with a proof', async () => {
    for (const token of [machine, person]) {
      const { cnf, token_type } = await introspect(app, token);
      assert.deepEqual([cnf, token_type], [{ jkt: await calculateJwkThumbprint(jwk) }, 'DPoP']);
      const { status, body } = await send(token, await forRequest(token));
      assert.equal(status, 200, body);
    }
    const htu = `${app.issuer}/oauth2/userinfo`;
    const headers = { authorization: `DPoP ${person}`, dpop: await proof({ htm: 'GET', htu, ath: hash(person) }) };
    assert.equal((await fetch(htu, { headers })).status, 200);
  });

  it('passes with the address in any spelling that means the same', async () => {
    for (const htu of [
      `https://${host}:443/orders/1`,
      `https://API.example.test/%6frders/1`,
      `https://${host}/orders/1?x=z#f`,
    ]) {
      assert.equal((await send(machine, await forRequest(machine, { htu }))).status, 200, htu);
    }
    const plain = await forRequest(machine, { htu: `http://${host}/orders/1` });
    assert.equal((await send(machine, plain, { proto: 'http' })).status, 200);
    assert.equal((await send(machine, await forRequest(machine), { proto: 'http' })).status, 200);
    const ported = await forRequest(machine, { htu: `https://${host}:8443/orders/1` });
    assert.equal((await send(machine, ported, { told: `${host}:8443` })).status, 200);
  });

  const refused: Record<string, () => Promise<[string | undefined, string, Parameters<typeof send>[2]?]>> = {
    'sec-081 without a proof, as Bearer': async () => [undefined, 'invalid_token', { scheme: 'Bearer' }],
    'sec-081 as Bearer with a proof': async () => [await forRequest(machine), 'invalid_token', { scheme: 'Bearer' }],
    'without a proof': async () => [undefined, 'invalid_dpop_proof'],
    'sec-079 with a proof for another method': async () => [
      await forRequest(machine, { htm: 'PUT' }),
      'invalid_dpop_proof',
    ],
    'sec-079 with a proof for another path': async () => [
      await forRequest(machine, { htu: `https://${host}/orders/2` }),
      'invalid_dpop_proof',
    ],
    'sec-079 with a proof for another host': async () => [
      await forRequest(machine, { htu: 'https://evil.test/orders/1' }),
      'invalid_dpop_proof',
    ],
    'sec-079 with a proof for another port': async () => [
      await forRequest(machine, { htu: `https://${host}:8443/orders/1` }),
      'invalid_dpop_proof',
    ],
    'sec-079 with a proof for plain http': async () => [
      await forRequest(machine, { htu: `http://${host}/orders/1` }),
      'invalid_dpop_proof',
    ],
    'sec-079 with a proof for our own address': async () => [
      await forRequest(machine, { htu: `${app.issuer}/gateway/authorize` }),
      'invalid_dpop_proof',
    ],
    'sec-079 with the hash of another token': async () => [
      await forRequest(machine, { ath: hash(person) }),
      'invalid_dpop_proof',
    ],
    'sec-079 without the hash of the token': async () => [
      await forRequest(machine, { ath: undefined }),
      'invalid_dpop_proof',
    ],
    'sec-079 with an old proof': async () => [await forRequest(machine, { iat: now() - 90 }), 'invalid_dpop_proof'],
    'sec-079 with a proof of the future': async () => [
      await forRequest(machine, { iat: now() + 90 }),
      'invalid_dpop_proof',
    ],
    'sec-079 with a proof without an id': async () => [
      await forRequest(machine, { jti: undefined }),
      'invalid_dpop_proof',
    ],
    'sec-079 with a proof of another type': async () => [
      await forRequest(machine, {}, { typ: 'JWT' }),
      'invalid_dpop_proof',
    ],
    'sec-079 with its private key in the proof': async () => [
      await forRequest(machine, {}, { jwk: await exportJWK(keys.privateKey) }),
      'invalid_dpop_proof',
    ],
    'sec-079 with a proof by another key': async () => {
      const other = await generateKeyPair('ES256', { extractable: true });
      return [
        await forRequest(machine, {}, { jwk: await exportJWK(other.publicKey) }, other.privateKey),
        'invalid_token',
      ];
    },
    'sec-079 with a proof by a key that it does not name': async () => {
      const other = await generateKeyPair('ES256');
      return [await forRequest(machine, {}, {}, other.privateKey), 'invalid_dpop_proof'];
    },
    'with two proofs': async () => [`${await forRequest(machine)}, ${await forRequest(machine)}`, 'invalid_dpop_proof'],
  };
  for (const [name, make] of Object.entries(refused)) {
    it(`is refused ${name}`, async () => {
      const [dpop, code, how] = await make();
      const { status, headers, body } = await send(machine, dpop, how);
      assert.deepEqual([status, JSON.parse(body).code], [401, code], body);
      assert.match(headers['www-authenticate'] ?? '', new RegExp(`^DPoP .*error="${code}".*algs="ES256 `));
    });
  }

  it('sec-080 passes once with each proof: the second time is refused, and seven of eight at the same moment', async () => {
    const dpop = await forRequest(machine);
    assert.deepEqual([(await send(machine, dpop)).status, (await send(machine, dpop)).status], [200, 401]);
    const again = await forRequest(machine);
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(machine, again)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array<number>(7).fill(401)]);
    const own = await forRequest(person);
    for (let count = 0; count < 3; count += 1) await send(person, own);
    // Once for each client and person, however many there are.
    const told = await app.parts.trail.search({ type: 'proof.replayed' });
    const { sub } = await introspect(app, person);
    assert.deepEqual(
      told.map(({ actor, outcome, detail }) => ({ actor, outcome, detail })),
      [
        { actor: 'client:demo-service', outcome: 'failure', detail: { client: 'demo-service', at: 'gateway' } },
        {
          actor: 'client:demo-web',
          outcome: 'failure',
          detail: { client: 'demo-web', subject: sub, at: 'gateway' },
        },
      ],
    );
  });

  it('is not a Bearer token that somebody adds a proof to', async () => {
    const plain = (await redeem(app, await authorize(app))).body.access_token;
    assert.equal((await send(plain, await forRequest(plain))).status, 401);
    assert.equal((await send(plain, undefined, { scheme: 'bearer' })).status, 200);
  });
});
