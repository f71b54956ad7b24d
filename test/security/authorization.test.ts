import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { exportSPKI, generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { startApp, type TestApp } from '../support/app.ts';
import type { Page } from '../support/browser.ts';
import { basic, post, read } from '../support/oauth.ts';
import { authorization, callback, newBrowser, redeem, signInto } from '../support/signing-in.ts';

let app: TestApp;
const portal = { client_id: 'portal', redirect_uri: 'https://portal.example.test/cb' };
before(async () => {
  app = await startApp();
  const metadata = { redirect_uris: [portal.redirect_uri] };
  await app.parts.clients.add({ id: 'portal', metadata, firstParty: true }, 'cli');
  await app.parts.clients.add(
    { id: 'spa', metadata: { ...metadata, token_endpoint_auth_method: 'none' }, firstParty: true },
    'cli',
  );
});
after(() => app.close());

const open = (more: Record<string, string>): Promise<Page> => newBrowser(app).open(authorization(app, more));
/** What the client hears of a request that is refused; a page of our own has no place in it. */
async function refusal(more: Record<string, string>): Promise<string | null> {
  const { url, status } = await open({ ...portal, ...more });
  assert.equal(status, 0, `stayed at ${url.pathname}`);
  assert.equal(url.searchParams.get('iss'), app.issuer);
  assert.equal(url.searchParams.get('state'), 's');
  assert.equal(url.searchParams.get('code'), null);
  return url.searchParams.get('error');
}

describe('a redirect URI that is not the registered one (RFC 9700 §4.1)', () => {
  const variants = [
    'https://portal.example.test/cb/',
    'https://portal.example.test/cb/more',
    'https://portal.example.test/cb?next=evil',
    'https://portal.example.test/cb#x',
    'https://portal.example.test/cb/../cb',
    'https://portal.example.test/x/../cb',
    'https://portal.example.test/%63b',
    'https://portal.example.test/cb%2f',
    'https://portal.example.test/cb%00',
    'https://portal.example.test/CB',
    'https://portal.example.test//cb',
    'https://portal.example.test\\cb',
    'https://portal.example.test\\@evil.example/cb',
    'https://PORTAL.example.test/cb',
    'https://portal.example.test./cb',
    'https://portal.example.test:443/cb',
    'https://portal.example.test:8443/cb',
    'https://user@portal.example.test/cb',
    'https://portal.example.test@evil.example/cb',
    'https://portal.example.test.evil.example/cb',
    'https://evil.example/https://portal.example.test/cb',
    'https://xn--prtal-7ve.example.test/cb',
    'https://p\u043ertal.example.test/cb',
    'http://portal.example.test/cb',
    'HTTPS://portal.example.test/cb',
    'https:portal.example.test/cb',
    '//portal.example.test/cb',
    '/cb',
    ' https://portal.example.test/cb',
    'https://portal.example.test/cb\t',
    'https://portal.example.test/cb\n',
    'https://portal.example.test/cb https://evil.example',
    'javascript:alert(1)',
    'JavaScript:alert(1)//https://portal.example.test/cb',
    'data:text/html,x',
    'http://localhost:8080/callback',
    'http://localhost.evil.example/cb',
    'http://127.0.0.1.nip.io/cb',
    '',
  ];
  for (const redirect_uri of variants) {
    it(`sec-026 stays on our page for ${JSON.stringify(redirect_uri)}`, async () => {
      const page = await open({ ...portal, redirect_uri });
      assert.equal(page.url.origin, app.issuer);
      assert.equal(page.status, 400);
      assert.equal(page.headers.location, undefined);
    });
  }

  it('sec-026 stays on our page for another port of this machine, when the client is a web client', async () => {
    for (const redirect_uri of ['http://localhost:8081/callback', 'http://127.0.0.1:8080/callback']) {
      assert.equal((await open({ redirect_uri })).status, 400, redirect_uri);
    }
  });

  it('sec-029 stays on our page though the refusal could be told by redirect or form_post', async () => {
    for (const more of [{ prompt: 'none' }, { response_type: 'token' }, { response_mode: 'form_post' }]) {
      const page = await open({ ...portal, redirect_uri: 'javascript:alert(1)', ...more } as Record<string, string>);
      assert.equal(page.status, 400);
      assert.doesNotMatch(page.text, /<form(?! method="post" action="\/language")|href="javascript/i);
    }
  });
});

describe('a proof key (RFC 7636, RFC 9700 §2.1.1)', () => {
  const without = { code_challenge: '', code_challenge_method: '' };
  for (const client_id of ['portal', 'spa']) {
    for (const [name, more] of Object.entries({
      missing: without,
      'without a method, which means plain': { code_challenge_method: '' },
      plain: { code_challenge_method: 'plain' },
      'of another spelling': { code_challenge_method: 's256' },
      'too short': { code_challenge: 'short' },
      'with a challenge of characters that are none': { code_challenge: `${'a'.repeat(42)}!` },
    })) {
      it(`sec-030 sec-031 that is ${name} is refused for ${client_id}`, async () => {
        assert.equal(await refusal({ client_id, ...more }), 'invalid_request');
      });
    }
  }

  it('sec-030 is demanded of pushed requests too', async () => {
    const form = { ...callbackRequest(), ...without };
    const { status, body } = await post(`${app.issuer}/oauth2/par`, form, basic(app.client('demo-web')));
    assert.deepEqual([status, body.error], [400, 'invalid_request']);
  });

  it('sec-032 cannot be left out where it was lifted, and a verifier brought along later', async () => {
    const { client, secret = '' } = await app.parts.clients.add(
      { id: 'old', metadata: { redirect_uris: [callback] }, pkce: 'optional', firstParty: true },
      'cli',
    );
    const back = await signInto(app, newBrowser(app), { client_id: client.id, nonce: 'n', ...without });
    assert.equal((await redeem(app, back, { client: 'old', secret })).error, 'invalid_grant');
  });
});

const callbackRequest = () => Object.fromEntries(new URL(authorization(app)).searchParams);

describe('a way to answer that gives tokens to browsers (RFC 9700 §2.1.2)', () => {
  for (const response_type of ['token', 'id_token', 'id_token token', 'code id_token', 'code token', 'none', 'x']) {
    it(`sec-034 is refused: response_type=${response_type}`, async () => {
      const { url, status, text } = await open({ ...portal, response_type, nonce: 'n' });
      const said = status === 0 ? url.href : text;
      assert.match(said, /unsupported_response_type|unauthorized_client/);
      assert.doesNotMatch(said, /(access_token|id_token|code)=/);
    });
  }

  for (const response_mode of ['web_message', 'query.jwt', 'jwt', 'x']) {
    it(`sec-035 is refused: response_mode=${response_mode}`, async () => {
      assert.equal(await refusal({ response_mode }), 'unsupported_response_mode');
    });
  }
});

describe('every answer to a client (RFC 9207)', () => {
  it('sec-036 names the issuer, as the metadata promises: success and refusal', async () => {
    const { body } = await read(await fetch(`${app.issuer}/.well-known/openid-configuration`));
    assert.equal(body.authorization_response_iss_parameter_supported, true);
    assert.deepEqual(body.response_types_supported, ['code']);
    assert.deepEqual(body.code_challenge_methods_supported, ['S256']);
    const success = await signInto(app, newBrowser(app), portal);
    assert.ok(success.url.searchParams.get('code'));
    assert.deepEqual(success.url.searchParams.getAll('iss'), [app.issuer]);
    assert.equal(await refusal({ prompt: 'none' }), 'login_required');
    assert.equal(await refusal({ prompt: 'none login' }), 'invalid_request');
  });
});

describe('a request that comes as an object or by reference', () => {
  const claims = () => ({ ...callbackRequest(), ...portal, redirect_uri: 'https://evil.example/cb' });
  const objects: Record<string, () => Promise<string>> = {
    'without a signature': async () => new UnsecuredJWT(claims()).setIssuer('portal').setAudience(app.issuer).encode(),
    'signed with the public key as a secret': async () => {
      const { keys } = (await read(await fetch(`${app.issuer}/oauth2/jwks`))).body;
      const rsa = keys.find(({ kty }: { kty: string }) => kty === 'RSA');
      const key = await importJWK(rsa, 'RS256', { extractable: true });
      const pem = key instanceof Uint8Array ? key : new TextEncoder().encode(await exportSPKI(key));
      return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256' }).setIssuer('portal').sign(pem);
    },
    'of another client': async () => {
      const { privateKey } = await generateKeyPair('ES256');
      return new SignJWT({ ...claims(), client_id: 'spa' }).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
    },
    'that is none': async () => 'x.y.z',
  };
  for (const [name, make] of Object.entries(objects)) {
    it(`sec-038 is refused: ${name}`, async () => {
      assert.match(String(await refusal({ request: await make() })), /^request_not_supported|invalid_request_object$/);
    });
  }

  it('sec-039 is refused, and nothing is fetched (RFC 9101 §10.4)', async () => {
    let reached = 0;
    const canary = createServer((socket) => {
      reached += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(canary, 'listening');
    const address = canary.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const places = [`http://127.0.0.1:${port}/`, `https://localhost:${port}/r.jwt`, 'http://169.254.169.254/latest'];
    for (const request_uri of [...places, 'file:///etc/passwd', 'urn:ietf:params:oauth:request_uri:nothing']) {
      const page = await open({ ...portal, request_uri });
      assert.match(
        page.status === 0 ? page.url.search : page.text,
        /invalid_request_uri|request_uri_not_supported|invalid_request/,
      );
      assert.doesNotMatch(page.text, /root:/);
    }
    assert.equal(reached, 0);
    canary.close();
  });
});
