import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { guides } from '../../src/gateways/guides.ts';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Answer, basic, post } from '../support/oauth.ts';

const orders = 'https://api.example.test/orders';
const header = 'X-Client-Certificate';
let app: TestApp;
let api: AdminApi;
before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Math.ceil(Date.now() / 3_600_000) * 3_600_000 });
  app = await startApp({ SALLYPORT_TRUSTED_PROXIES: '127.0.0.1, ::1', SALLYPORT_CLIENT_CERTIFICATE_HEADER: header });
  api = adminApi(app, await adminToken(app));
});
after(async () => {
  await app.close();
  mock.timers.reset();
});

const tokenOf = async (client = 'demo-service', headers: Record<string, string> = {}): Promise<string> => {
  const form = { grant_type: 'client_credentials', resource: orders };
  return (await post(`${app.issuer}/oauth2/token`, form, { ...basic(app.client(client)), ...headers })).body
    .access_token;
};
const attempt = (body: object): Promise<Answer> =>
  api.send('POST', '/gateways/try', { method: 'GET', uri: 'api.example.test/orders/7', ...body });
const configure = (kind: string, body: object): Promise<Answer> =>
  api.send('POST', `/gateways/${kind}/configuration`, { client: 'demo-gateway', ...body });

/** What the real doors say to the same. */
async function door(token: string, { method = 'GET', uri = 'api.example.test/orders/7' } = {}) {
  const headers = { 'x-original-method': method, 'x-original-url': `https://${uri}` };
  const { status, headers: said } = await fetch(`${app.issuer}/gateway/authorize`, {
    headers: { ...headers, authorization: `Bearer ${token}` },
  });
  return { status, said };
}
const introspected = async (token: string) =>
  (await post(`${app.issuer}/oauth2/introspect`, { token }, basic(app.client('demo-gateway')))).body;

/** The answer of the trial is that of the doors, header by header. */
async function sameAsDoor(
  token: string,
  { method = 'GET', uri = 'api.example.test/orders/7' } = {},
): Promise<Answer['body']> {
  const { status, body } = await attempt({ token, method, uri, client: 'demo-gateway' });
  assert.equal(status, 200, JSON.stringify(body));
  const real = await door(token, { method, uri });
  assert.equal(body.forward_auth.status, real.status, uri);
  const names = new Set<string>(body.forward_auth.headers.map(({ name }: { name: string }) => name));
  for (const name of names) {
    const all = body.forward_auth.headers.filter((one: { name: string }) => one.name === name);
    assert.equal(all.map(({ value }: { value: string }) => value).join(', '), real.said.get(name), name);
  }
  for (const name of real.said.keys()) {
    if (/^(?:x-auth-|www-authenticate|ratelimit)/.test(name))
      assert.ok(
        [...names].some((one) => one.toLowerCase() === name),
        name,
      );
  }
  assert.deepEqual(body.introspection, { status: 200, body: await introspected(token) });
  return body;
}

describe('GET /gateways', () => {
  it('lists every kind, how it asks and how long something still counts there', async () => {
    const { status, body } = await api.get('/gateways');
    assert.deepEqual([status, body.next], [200, null]);
    assert.deepEqual(
      body.items.map(({ kind, asks, about }: Record<string, string>) => ({ kind, asks, about })),
      guides.map(({ kind, asks, about }) => ({ kind, asks, about })),
    );
    const bounds = Object.fromEntries(
      body.items.map(({ kind, bound }: { kind: string; bound: object }) => [kind, bound]),
    );
    assert.deepEqual(bounds['nginx-njs'], { unkept: { until: 'request' }, measured: { unkept: 0, five: 4.96 } });
    assert.deepEqual(bounds.mulesoft, { unkept: { until: 'token', seconds: 600 } });
    assert.deepEqual(bounds['oauth2-proxy'], { unkept: { until: 'seconds', seconds: 60 } });
  });
});

describe('POST /gateways/{kind}/configuration', () => {
  it('answers the files with a placeholder, and says what has to take its place', async () => {
    const { status, body } = await configure('kong', {
      upstream: 'http://10.0.0.7:9000',
      reach: 'https://in.example.test',
    });
    assert.equal(status, 200);
    assert.deepEqual([body.kind, body.apis, body.unrouted], ['kong', [orders], []]);
    assert.deepEqual(body.stand_ins, [{ text: 'PUT-THE-SECRET-HERE', by: 'secret' }]);
    assert.match(
      body.files[0].text,
      /url: http:\/\/10\.0\.0\.7:9000[\s\S]*https:\/\/in\.example\.test\/oauth2\/introspect/,
    );
    const njs = (await configure('nginx-njs', { stand_in: 'stands-for-the-secret', port: 8443 })).body;
    const encoded = Buffer.from('demo-gateway:stands-for-the-secret').toString('base64');
    assert.deepEqual(njs.stand_ins, [{ text: encoded, by: 'basic' }]);
    assert.match(njs.files[0].text, /listen 8443/);
    assert.deepEqual(
      (await configure('spring', {})).body.stand_ins.map(({ by }: { by: string }) => by),
      ['secret', 'environment'],
    );
    const nginx = (await configure('nginx', {})).body;
    assert.deepEqual([nginx.stand_ins, nginx.bound], [[], { until: 'request' }]);
  });

  it('goes by what the client may keep', async () => {
    await app.parts.clients.change('demo-gateway', { cacheSeconds: 7 }, 'cli');
    assert.deepEqual((await configure('kong', {})).body.bound, { until: 'seconds', seconds: 7 });
    assert.deepEqual((await configure('mulesoft', {})).body.bound, { until: 'seconds', seconds: 7 });
    await app.parts.clients.change('demo-gateway', { cacheSeconds: undefined }, 'cli');
    const { body } = await configure('mulesoft', {});
    assert.match(body.files[0].text, /Bound: It keeps an answer until the token ends: so long, here 600 s/);
  });

  const refusals: [kind: string, body: object, status: number, detail: RegExp][] = [
    ['toaster', {}, 404, /The kind of gateway toaster does not exist/],
    ['nginx', { client: 'nobody' }, 404, /The client nobody does not exist/],
    ['nginx', { apis: ['https://none.example.test'] }, 404, /does not exist/],
    ['kong', { client: 'demo-service' }, 400, /tokens: sallyport client set demo-service --introspect all$/],
    ['krakend', {}, 400, /no API with routes has them: sallyport api set AUDIENCE --token-format jwt$/],
    [
      'aws',
      { apis: [orders] },
      400,
      /opaque: sallyport api set https:\/\/api\.example\.test\/orders --token-format jwt$/,
    ],
    ['oauth2-proxy', { client: 'demo-service' }, 400, /sallyport client set demo-service .*--redirect-uri/],
    ['nginx', { upstream: 'http://x/path' }, 400, /upstream must be an address such as/],
    ['nginx', { upstream: 'http://a;b{}' }, 400, /upstream must be an address such as/],
    ['kong', { reach: 'https://a"b`c' }, 400, /reach must be an address such as/],
    ['nginx', { ca: '/a;include /etc/passwd' }, 400, /ca does not have the right form/],
    ['nginx', { port: 70_000 }, 400, /port must be at most 65535/],
    ['nginx', { stand_in: 'a"; evil' }, 400, /stand_in/],
  ];
  for (const [kind, said, status, detail] of refusals) {
    it(`refuses, and says what to change: ${kind} ${JSON.stringify(said)}`, async () => {
      const answer = await configure(kind, said);
      assert.equal(answer.status, status);
      assert.match(answer.body.detail, detail);
    });
  }
});

describe('POST /gateways/try', () => {
  it('answers what both doors answer', async () => {
    const token = await tokenOf();
    const passed = await sameAsDoor(token);
    assert.deepEqual(passed.asked, { api: orders, route: '/orders/**', permission: 'orders:read' });
    assert.equal(passed.forward_auth.status, 200);
    const refused = await sameAsDoor(token, { method: 'PUT' });
    assert.equal(refused.asked.permission, 'orders:write');
    assert.deepEqual([refused.forward_auth.status, refused.forward_auth.code], [403, 'insufficient_scope']);
    assert.match(refused.forward_auth.detail, /needs orders:write on .*held by its subject now/);
    const nowhere = await sameAsDoor(token, { uri: 'api.example.test/elsewhere' });
    assert.deepEqual([nowhere.asked, nowhere.forward_auth.code], [undefined, 'no_route']);
    const unknown = await sameAsDoor('no-token-has-this-value');
    assert.deepEqual([unknown.forward_auth.status, unknown.introspection.body], [401, { active: false }]);
    const hostless = await attempt({ token, uri: '/orders/7' });
    assert.deepEqual([hostless.body.forward_auth.status, hostless.body.introspection], [200, undefined]);
  });

  it('goes by what is held at the moment, and by the end of the token', async () => {
    const { access } = app.parts;
    const token = await tokenOf();
    await access.unassign('client:demo-service', 'orders-reader', 'cli');
    const without = await sameAsDoor(token);
    assert.deepEqual([without.forward_auth.status, without.introspection.body.roles], [403, []]);
    await access.assign('client:demo-service', 'orders-reader', 'cli');
    assert.equal((await sameAsDoor(token)).forward_auth.status, 200);
    mock.timers.tick(601_000);
    api = adminApi(app, await adminToken(app));
    const ended = await sameAsDoor(token);
    assert.deepEqual([ended.forward_auth.status, ended.forward_auth.code], [401, 'invalid_token']);
    assert.deepEqual(ended.introspection.body, { active: false });
  });

  it('uses up nothing of a limit, and says what is left of it', async () => {
    const { clients, tiers } = app.parts;
    await tiers.add('two', { limits: [{ requests: 2, period: 3600 }], excess: 'reject' }, 'cli');
    await clients.change('demo-service', { tier: 'two' }, 'cli');
    const token = await tokenOf();
    const left = async () => {
      const { status, headers } = (await attempt({ token })).body.forward_auth;
      return [status, headers.find(({ name }: { name: string }) => name === 'RateLimit')?.value.split(';')[1]];
    };
    for (let times = 0; times < 3; times += 1) assert.deepEqual(await left(), [200, 'r=1']);
    assert.equal((await door(token)).status, 200);
    assert.deepEqual(await left(), [200, 'r=0']);
    assert.equal((await door(token)).status, 200);
    const { status, code, headers } = (await attempt({ token })).body.forward_auth;
    assert.deepEqual([status, code], [429, 'rate_limited']);
    assert.ok(headers.some(({ name }: { name: string }) => name === 'Retry-After'));
    await clients.change('demo-service', { tier: undefined }, 'cli');
  });

  it('does not try a token that is bound to a key or a certificate, and says what would be asked', async () => {
    const keys = await generateKeyPair('ES256');
    const dpop = await new SignJWT({
      jti: crypto.randomUUID(),
      iat: Math.floor(Date.now() / 1000),
      htm: 'POST',
      htu: `${app.issuer}/oauth2/token`,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(keys.publicKey) })
      .sign(keys.privateKey);
    const pem = readFileSync(join(import.meta.dirname, '../fixtures/certificates/service.pem'), 'utf8');
    const metadata = {
      grant_types: ['client_credentials'],
      ...{ token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'orders.example.test' },
      tls_client_certificate_bound_access_tokens: true,
    };
    await app.parts.clients.add({ id: 'by-certificate', metadata }, 'cli');
    const form = { grant_type: 'client_credentials', client_id: 'by-certificate', resource: orders };
    const shown = await post(`${app.issuer}/oauth2/token`, form, { [header]: encodeURIComponent(pem) });
    for (const [token, bound] of [
      [await tokenOf('demo-service', { dpop }), 'key'],
      [shown.body.access_token, 'certificate'],
    ]) {
      const { body } = await attempt({ token, client: 'demo-gateway' });
      assert.deepEqual([body.bound_to, body.forward_auth, body.asked.permission], [bound, undefined, 'orders:read']);
      assert.deepEqual(body.introspection.body, await introspected(token));
    }
  });

  it('says of a client that could not introspect what it would hear', async () => {
    const token = await tokenOf();
    await app.parts.clients.add(
      { id: 'waits', state: 'pending', introspects: 'all', metadata: { grant_types: ['client_credentials'] } },
      'cli',
    );
    const { body } = await attempt({ token, client: 'waits' });
    assert.deepEqual([body.introspection.status, body.introspection.body.error], [400, 'unauthorized_client']);
    assert.deepEqual((await attempt({ token, client: 'demo-admin' })).body.introspection.body, { active: false });
    assert.equal((await attempt({ token, client: 'nobody' })).status, 404);
  });

  it('refuses a request that nobody could ask about, and never says the token', async () => {
    const token = await tokenOf();
    for (const body of [
      { uri: 'two hosts/x' },
      { method: 'get' },
      { uri: `api.example.test/orders?access_token=${token}` },
    ]) {
      const { status, body: said } = await attempt({ token, ...body });
      assert.equal(status, 400);
      assert.ok(!JSON.stringify(said).includes(token));
    }
    const long = 'x'.repeat(12_001);
    assert.doesNotMatch(JSON.stringify((await attempt({ token: long })).body), /xxx/);
    const trail = JSON.stringify(await app.parts.trail.search({}, { limit: 500 }));
    assert.ok(!app.log.join().includes(token) && !trail.includes(token));
  });
});
