import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { ask } from '../http/edge.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Answer, basic, post } from '../support/oauth.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const service = { grant_type: 'client_credentials' };
const token = (form: Record<string, string>, headers = {}): Promise<Answer> =>
  post(`${app.issuer}/oauth2/token`, form, headers);
const refused = ({ status, body }: Answer, what = '') => {
  assert.ok(status === 401 || status === 400, `${what}: ${status}`);
  assert.match(body.error, /^invalid_(client|request)$/, what);
  assert.equal(body.access_token, undefined);
};

describe('a client that does not prove who it is (RFC 6749 §2.3)', () => {
  const good = () => app.client('demo-service');
  const secret = () => good().client_secret;
  const tries: Record<string, () => Promise<Answer>> = {
    'no credentials': () => token(service),
    'its id alone, as a public client would': () => token({ ...service, client_id: 'demo-service' }),
    'an empty secret in the body': () => token({ ...service, client_id: 'demo-service', client_secret: '' }),
    'an empty secret in the header': () => token(service, basic({ ...good(), client_secret: '' })),
    'an id without a colon': () =>
      token(service, { authorization: `Basic ${Buffer.from('demo-service').toString('base64')}` }),
    'its id in other letters': () => token(service, basic({ ...good(), client_id: 'Demo-Service' })),
    'its id with a space': () => token(service, basic({ ...good(), client_id: 'demo-service ' })),
    'its id with a zero byte': () => token(service, basic({ ...good(), client_id: 'demo-service\0' })),
    'its secret in other letters': () => token(service, basic({ ...good(), client_secret: secret().toUpperCase() })),
    'its secret cut': () => token(service, basic({ ...good(), client_secret: secret().slice(0, -1) })),
    'its secret and more': () => token(service, basic({ ...good(), client_secret: `${secret()}x` })),
    'the secret of another client': () =>
      token(service, basic({ ...good(), client_secret: app.client('demo-web').client_secret })),
    'the placeholder that stands for secrets inside': () =>
      token(service, basic({ ...good(), client_secret: 'compared by fingerprint' })),
    'the secret as a Bearer token': () => token(service, { authorization: `Bearer ${secret()}` }),
    'another scheme': () => token(service, { authorization: `Digest ${secret()}` }),
    'two ways at once': () =>
      token({ ...service, client_id: 'demo-web', client_secret: app.client('demo-web').client_secret }, basic(good())),
    'a right header and an assertion': () =>
      token({ ...service, client_assertion: 'x.y.z', client_assertion_type: jwtBearer }, basic(good())),
    'an id that no client has': () => token(service, basic({ client_id: '__proto__', client_secret: 'x' })),
    'an id that is an operator of a database': () =>
      token({ ...service, 'client_id[$ne]': 'x', 'client_secret[$ne]': 'x' }),
  };
  for (const [name, send] of Object.entries(tries)) {
    it(`sec-073 is refused: ${name}`, async () => refused(await send()));
  }

  for (const path of ['introspect', 'revoke', 'par']) {
    it(`sec-073 sec-090 is refused at ${path}: an id alone, an empty secret, other letters`, async () => {
      const url = `${app.issuer}/oauth2/${path}`;
      const tries = [
        await post(url, { token: 'x', client_id: 'demo-gateway' }),
        await post(url, { token: 'x', client_id: 'demo-gateway', client_secret: '' }),
        await post(url, { token: 'x' }, basic({ ...app.client('demo-gateway'), client_id: 'DEMO-GATEWAY' })),
        await post(url, { token: 'x' }, basic({ client_id: 'demo-gateway', client_secret: '' })),
      ];
      for (const answer of tries) refused(answer);
    });
  }

  it('sec-090 a public client introspects nothing', async () => {
    const metadata = { redirect_uris: ['https://spa.example.test/cb'], token_endpoint_auth_method: 'none' };
    await app.parts.clients.add({ id: 'public', metadata, introspects: 'all' }, 'cli');
    refused(await post(`${app.issuer}/oauth2/introspect`, { token: 'x', client_id: 'public' }));
  });
});

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const now = () => Math.floor(Date.now() / 1000);

describe('an assertion that proves nothing (RFC 7523 §3, RFC 8725)', () => {
  let keys: CryptoKeyPair;
  before(async () => {
    keys = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k', use: 'sig' };
    for (const id of ['signer', 'other-signer']) {
      const metadata = {
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [jwk] },
      };
      await app.parts.clients.add({ id, metadata }, 'cli');
      await app.parts.access.assign(`client:${id}`, 'orders-reader', 'cli');
    }
  });

  const claims = (more: Record<string, unknown> = {}): JWTPayload => ({
    ...{ iss: 'signer', sub: 'signer', aud: app.issuer, jti: crypto.randomUUID(), iat: now(), exp: now() + 60 },
    ...more,
  });
  const signed = (more: Record<string, unknown> = {}, header = {}) =>
    new SignJWT(claims(more)).setProtectedHeader({ alg: 'RS256', kid: 'k', ...header }).sign(keys.privateKey);
  const present = (client_assertion: string, more = {}) =>
    token({ ...service, client_assertion, client_assertion_type: jwtBearer, ...more });

  it('is not this one, which is as it should be', async () => {
    assert.equal((await present(await signed())).status, 200);
  });

  const assertions: Record<string, () => Promise<string>> = {
    'alg none': async () => new UnsecuredJWT(claims()).encode(),
    'alg NONE with the signature of another': async () => {
      const [, payload, signature] = (await signed()).split('.');
      return [Buffer.from('{"alg":"NONE"}').toString('base64url'), payload, signature].join('.');
    },
    'HS256 with the public key as the secret': async () => {
      const pem = new TextEncoder().encode(await exportSPKI(keys.publicKey));
      return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256' }).sign(pem);
    },
    'HS256 with the placeholder as the secret': async () => {
      const secret = new TextEncoder().encode('compared by fingerprint'.padEnd(32, '\0'));
      return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    },
    'a key that it brings along': async () => {
      const own = await generateKeyPair('RS256', { extractable: true });
      const header = { alg: 'RS256', jwk: await exportJWK(own.publicKey) };
      return new SignJWT(claims()).setProtectedHeader(header).sign(own.privateKey);
    },
    'a payload that was changed': async () => {
      const [header, , signature] = (await signed()).split('.');
      const payload = Buffer.from(JSON.stringify(claims({ iss: 'other-signer', sub: 'other-signer' })));
      return [header, payload.toString('base64url'), signature].join('.');
    },
    'a header that must be understood': () => signed({}, { crit: ['x'], x: 1 }).catch(() => 'x.y.z'),
    'no end': () => signed({ exp: undefined }),
    'an end in a year': () => signed({ exp: now() + 365 * 86_400 }),
    'an end long ago': () => signed({ exp: now() - 60 }),
    'a beginning to come': () => signed({ nbf: now() + 120 }),
    'an issue to come': () => signed({ iat: now() + 120, exp: now() + 180 }),
    'no id of its own': () => signed({ jti: undefined }),
    'another issuer': () => signed({ iss: 'other-signer' }),
    'another subject': () => signed({ sub: 'other-signer' }),
    'no subject': () => signed({ sub: undefined }),
    'no audience': () => signed({ aud: undefined }),
    'the audience of somebody else': () => signed({ aud: 'https://evil.example' }),
    'an audience that only begins like ours': () => signed({ aud: `${app.issuer}.evil.example` }),
    'the audience of an API': () => signed({ aud: 'https://api.example.test/orders' }),
  };
  for (const [name, make] of Object.entries(assertions)) {
    it(`sec-076 is refused: ${name}`, async () => refused(await present(await make())));
  }

  it('sec-076 is refused: for another client than the one that is named beside it', async () => {
    refused(await present(await signed(), { client_id: 'other-signer' }));
  });

  it('sec-076 is refused: of another type', async () => {
    refused(
      await present(await signed(), {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
      }),
    );
  });

  it('sec-076 is refused without fetching what its header names', async () => {
    let reached = 0;
    const canary = createServer((socket) => {
      reached += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(canary, 'listening');
    const address = canary.address();
    const place = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/keys`;
    const own = await generateKeyPair('RS256');
    for (const header of [{ jku: place }, { x5u: place }, { jku: place.replace('http:', 'https:') }]) {
      refused(
        await present(await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', ...header }).sign(own.privateKey)),
      );
    }
    assert.equal(reached, 0);
    canary.close();
  });

  it('sec-003 is refused: for an audience that the Host header or a proxy header would make ours', async () => {
    const evil = 'https://evil.example';
    for (const aud of [`${evil}/oauth2/token`, evil, 'http://evil.example/oauth2/token']) {
      for (const headers of [
        { host: 'evil.example' },
        { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      ]) {
        const form = { ...service, client_assertion: await signed({ aud }), client_assertion_type: jwtBearer };
        const { status, body } = await ask(Number(new URL(app.url).port), '/oauth2/token', {
          method: 'POST',
          host: 'localhost',
          headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
          body: new URLSearchParams(form).toString(),
        });
        assert.ok(status === 401 || status === 421, String(status));
        assert.doesNotMatch(body, /access_token|evil/);
      }
    }
  });

  it('sec-077 counts once, also at another endpoint', async () => {
    const client_assertion = await signed();
    const form = { client_assertion, client_assertion_type: jwtBearer };
    assert.equal((await present(client_assertion)).status, 200);
    refused(await present(client_assertion));
    refused(await post(`${app.issuer}/oauth2/introspect`, { token: 'x', ...form }));
    const told = await app.parts.trail.search({ type: 'assertion.replayed' });
    assert.deepEqual([told.length, told[0]?.actor], [1, `client:${told[0]?.detail?.client}`]);
  });

  it('sec-303 may come from a clock that is a little fast or slow, and no more', async () => {
    assert.equal((await present(await signed({ iat: now() + 8, nbf: now() + 8 }))).status, 200);
    assert.equal((await present(await signed({ exp: now() - 8 }))).status, 200);
    refused(await present(await signed({ nbf: now() + 61 })));
    refused(await present(await signed({ exp: now() - 61 })));
  });
});
