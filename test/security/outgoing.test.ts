import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { createServer, type Server } from 'node:net';
import { after, before, describe, it, mock } from 'node:test';
import { generateKeyPair, SignJWT } from 'jose';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, Browser, redeem } from '../support/code-flow.ts';
import { post } from '../support/oauth.ts';
import { call } from '../support/registering.ts';

/*
 * Addresses that somebody else chose, all of which lead to a canary on this machine. Names are believed to be public
 * until they are looked up: that is where the resolver of this test leads them astray.
 */
let canary: Server;
let reached = 0;
let port = 0;
const privateKey = generateKeyPair('ES256').then((pair) => pair.privateKey);
const callback = 'https://rp.example.test/cb';

before(async () => {
  canary = createServer((socket) => {
    reached += 1;
    socket.on('error', () => {});
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(canary, 'listening');
  const address = canary.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  const real = dns.lookup;
  mock.method(dns, 'lookup', (hostname: string, options: dns.LookupOptions, found: (...args: unknown[]) => void) => {
    if (!hostname.endsWith('.example')) return real(hostname, options, found);
    return found(null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
  });
  syncBuiltinESMExports();
});
after(() => {
  mock.restoreAll();
  syncBuiltinESMExports();
  canary.close();
});

const place = (path: string) => `https://canary.example:${port}/${path}`;

/** Everything that makes us call an address of a client. */
const triggers: Record<string, (app: TestApp) => Promise<unknown>> = {
  async jwks_uri(app) {
    const metadata = {
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: place('jwks'),
    };
    const { client } = await app.parts.clients.add({ metadata }, 'cli');
    const assertion = await new SignJWT({ jti: crypto.randomUUID(), iss: client.id, sub: client.id, aud: app.issuer })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(await privateKey);
    const { status, body } = await post(`${app.issuer}/oauth2/token`, {
      ...{ grant_type: 'client_credentials', client_assertion: assertion },
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    assert.ok(status === 400 || status === 401, String(status));
    return body;
  },
  async sector_identifier_uri(app) {
    const document = { redirect_uris: [callback], sector_identifier_uri: place('sector') };
    const { status, body } = await call(
      'POST',
      `${app.issuer}/oauth2/register`,
      app.registrar('demo-registrar'),
      document,
    );
    assert.deepEqual([status, body.error], [400, 'invalid_client_metadata']);
    return body;
  },
  async backchannel_logout_uri(app) {
    const metadata = { redirect_uris: ['http://localhost:8080/callback'], backchannel_logout_uri: place('logout') };
    const { client, secret: client_secret = '' } = await app.parts.clients.add({ metadata, firstParty: true }, 'cli');
    const browser = new Browser(app.issuer);
    const code = await authorize(app, { client: client.id, browser }, { scope: 'openid' });
    const server = { ...app, client: () => ({ client_id: client.id, client_secret }) };
    const { id_token } = (await redeem(server, code)).body;
    const page = await browser.ask(`${app.issuer}/oauth2/logout?id_token_hint=${id_token}`);
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page.text) ?? [];
    const action = /<form[^>]*action="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const { status } = await browser.ask(action, { xsrf, decision: 'logout', logout: 'yes' });
    assert.equal(status, 303);
    return {};
  },
};

describe('an address of a client that leads into our network (sec-243)', () => {
  for (const [member, trigger] of Object.entries(triggers)) {
    it(`is not called: ${member}`, async () => {
      const app = await startApp();
      reached = 0;
      const told = JSON.stringify(await trigger(app));
      assert.equal(reached, 0);
      assert.doesNotMatch(told, /127\.0\.0\.1|ECONNREFUSED|special-use|socket/);
      await app.close();
    });

    it(`would be called if the guard were off: ${member}`, async () => {
      const app = await startApp({ SALLYPORT_OUTGOING_ALLOW_PRIVATE: 'true' });
      reached = 0;
      await trigger(app);
      assert.ok(reached > 0);
      await app.close();
    });
  }
});

describe('an address that is registered (sec-242)', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.close());
  const hosts = [
    ...[
      '127.0.0.1',
      '[::1]',
      '[::ffff:7f00:1]',
      '2130706433',
      '0x7f.1',
      '0.0.0.0',
      'localhost',
      'LOCALHOST.',
      'a.localhost',
    ],
    ...['169.254.169.254', '[fd00::1]', '100.64.0.1', '[64:ff9b::7f00:1]', '10.0.0.1', 'user@evil.example'],
  ];
  for (const member of [
    'jwks_uri',
    'sector_identifier_uri',
    'backchannel_logout_uri',
    'logo_uri',
    'policy_uri',
    'client_uri',
  ]) {
    it(`is refused where it is not https, or names no public host: ${member}`, async () => {
      reached = 0;
      const addresses = [
        'http://rp.example.test/',
        'file:///etc/passwd',
        'gopher://rp.example.test/',
        'javascript:alert(1)',
      ];
      for (const address of [...addresses, ...hosts.map((host) => `https://${host}:${port}/`)]) {
        const document = { redirect_uris: [callback], [member]: address };
        const { status, body } = await call(
          'POST',
          `${app.issuer}/oauth2/register`,
          app.registrar('demo-registrar'),
          document,
        );
        assert.deepEqual([status, body.error], [400, 'invalid_client_metadata'], address);
      }
      assert.equal(reached, 0);
    });
  }
});
