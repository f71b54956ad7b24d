import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask } from '../http/edge.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, redeem } from '../support/code-flow.ts';
import { basic, post } from '../support/oauth.ts';

/* Forward-auth for gateways that cannot introspect (T18). */
const orders = 'https://api.example.test/orders';
const host = 'api.example.test';
let app: TestApp;
let token: string;
let alice: string;
before(async () => {
  app = await startApp();
  token = (
    await post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(app.client('demo-service')))
  ).body.access_token;
  alice = (await redeem(app, await authorize(app))).body.access_token;
});
after(() => app.close());

type Headers = Record<string, string>;
const bearer = (value: string): Headers => ({ authorization: `Bearer ${value}` });
const call = async (path: string, headers: Headers, method = 'GET', body?: string) =>
  ask(Number(new URL(app.url).port), path, {
    method,
    headers: { host: new URL(app.url).host, ...headers },
    ...(body === undefined ? {} : { body }),
  });

const traefik = (method: string, uri: string): Headers => ({
  'x-forwarded-method': method,
  'x-forwarded-host': host,
  'x-forwarded-uri': uri,
  'x-forwarded-proto': 'https',
});
const nginx = (method: string, uri: string): Headers => ({
  'x-original-method': method,
  'x-original-url': `https://${host}${uri}`,
});
const older = (method: string, uri: string): Headers => ({ 'x-original-method': method, 'x-original-uri': uri });

const forms: Record<string, (method: string, uri: string, headers: Headers) => ReturnType<typeof call>> = {
  'Traefik, Caddy, APISIX': (method, uri, headers) =>
    call('/gateway/authorize', { ...traefik(method, uri), ...headers }),
  'NGINX with the URL': (method, uri, headers) => call('/gateway/authorize', { ...nginx(method, uri), ...headers }),
  'NGINX with the URI': (method, uri, headers) => call('/gateway/authorize', { ...older(method, uri), ...headers }),
  'Envoy with its prefix': (method, uri, headers) =>
    call(`/gateway/authorize${uri}`, { host, ...headers, 'content-length': '0' }, method),
};

for (const [name, send] of Object.entries(forms)) {
  describe(`forward-auth as ${name} asks`, () => {
    it('lets through what the token was given and its subject holds, and says who it is', async () => {
      const { status, headers } = await send('GET', '/orders/1?x=y', bearer(token));
      assert.equal(status, 200);
      assert.equal(headers['x-auth-subject'], 'demo-service');
      assert.equal(headers['x-auth-client'], 'demo-service');
      assert.equal(headers['x-auth-scope'], 'orders:read');
      assert.equal(headers['x-auth-roles'], 'orders-reader');
      assert.equal(headers['x-auth-entitlements'], 'orders:read');
      assert.match(headers['cache-control'] ?? '', /no-store/);
    });
    it('lets a person change what her role lets her change', async () => {
      const { status, headers } = await send('PUT', '/orders/1', bearer(alice));
      assert.deepEqual([status, headers['x-auth-username']], [200, 'alice@example.test']);
    });
    it('answers 403 where the permission is missing (RFC 6750 §3.1)', async () => {
      const { status, headers } = await send('PUT', '/orders/1', bearer(token));
      assert.equal(status, 403);
      assert.equal(
        headers['www-authenticate'],
        `Bearer realm="${orders}", error="insufficient_scope", scope="orders:write"`,
      );
    });
    it('answers 401 with challenges without a token, and with one that is no good', async () => {
      const none = await send('GET', '/orders/1', {});
      assert.equal(none.status, 401);
      assert.match(
        none.headers['www-authenticate'] ?? '',
        /^Bearer realm="[^"]+", scope="orders:read", DPoP realm=.*algs="ES256/,
      );
      const bad = await send('GET', '/orders/1', bearer('x'.repeat(43)));
      assert.equal(bad.status, 401);
      assert.match(bad.headers['www-authenticate'] ?? '', /^Bearer .*error="invalid_token"/);
      assert.equal(JSON.parse(bad.body).code, 'invalid_token');
    });
    it('answers 403 to every path and method without a route, and to each that can be read in two ways', async () => {
      for (const [method, uri] of [
        ['GET', '/other'],
        ['PROPFIND', '/orders/1'],
        ['OPTIONS', '/orders/1'],
        ['GET', '/orders/../admin'],
        ['GET', '/orders/%2e%2e/admin'],
        ['GET', '/orders//1'],
        ['GET', '/orders/1;a=b'],
        ['GET', '/orders%2f1'],
        ['GET', '/orders/%00'],
      ] as const) {
        const { status, body } = await send(method, uri, bearer(alice));
        assert.deepEqual([status, JSON.parse(body).code], [403, 'no_route'], `${method} ${uri}`);
      }
    });
    it('refuses a token in the address (RFC 6750 §2)', async () => {
      assert.equal((await send('GET', `/orders/1?access_token=${token}`, bearer(token))).status, 400);
    });
  });
}

describe('a question that is not clear', () => {
  const refused: Record<string, Headers> = {
    'two ways that name different methods': { ...traefik('GET', '/orders/1'), ...nginx('PUT', '/orders/1') },
    'two ways that name different paths': { ...traefik('GET', '/orders/1'), ...nginx('GET', '/orders/2') },
    'two ways that name different hosts': {
      ...traefik('GET', '/orders/1'),
      'x-original-method': 'GET',
      'x-original-url': 'https://other.test/orders/1',
    },
    'a host that only one of two ways tells': { ...traefik('GET', '/orders/1'), ...older('GET', '/orders/1') },
    'both the URL and the URI': { ...nginx('GET', '/orders/1'), 'x-original-uri': '/orders/1' },
    'a part of one way against another': { ...nginx('GET', '/orders/1'), 'x-forwarded-uri': '/orders/2' },
    'a method of one way against another': { ...nginx('GET', '/orders/1'), 'x-forwarded-method': 'PUT' },
    'no method': { 'x-original-url': `https://${host}/orders/1` },
    'no address': { 'x-original-method': 'GET' },
    'no host': { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/orders/1' },
    'nothing but a host': { 'x-forwarded-host': host },
    nothing: {},
    'two methods': traefik('GET, PUT', '/orders/1'),
    'two hosts': { ...traefik('GET', '/orders/1'), 'x-forwarded-host': `${host}, other.test` },
    'an address and another one hidden in its query': traefik('GET', '/orders/1?x, /admin'),
    'a path without a slash': traefik('GET', 'orders/1'),
  };
  for (const [name, headers] of Object.entries(refused)) {
    it(`is answered with 400: ${name}`, async () => {
      const { status, body } = await call('/gateway/authorize', { ...headers, ...bearer(token) });
      assert.deepEqual([status, JSON.parse(body).code], [400, 'unclear_request'], body);
    });
  }
  it('is answered with 400: headers against the path of Envoy', async () => {
    const send = (headers: Headers) => call('/gateway/authorize/orders/1', { host, ...headers, ...bearer(token) });
    assert.equal((await send(traefik('PUT', '/orders/1'))).status, 400);
    assert.equal((await send({ ...traefik('GET', '/orders/1'), 'x-forwarded-host': 'other.test' })).status, 400);
    assert.equal((await send(traefik('GET', '/orders/1'))).status, 200);
  });
  it('is none because of the name by which a proxy before the gateway is called', async () => {
    const headers = { ...nginx('GET', '/orders/1'), 'x-forwarded-host': 'other.test', ...bearer(token) };
    assert.equal((await call('/gateway/authorize', headers)).status, 200);
  });
  it('is not made by two tokens, nor by two addresses', async () => {
    const { host: own, port } = new URL(app.url);
    const twice = async (said: Headers, name: string, value: string) => {
      const headers = Object.entries({ host: own, ...said, ...bearer(token) }).flat();
      return ask(Number(port), '/gateway/authorize', { headers: [...headers, name, value] as never });
    };
    assert.equal((await twice(traefik('GET', '/orders/1'), 'authorization', `Bearer ${alice}`)).status, 400);
    assert.equal((await twice(traefik('GET', '/orders/1?'), 'x-forwarded-uri', '/admin')).status, 400);
    assert.equal((await twice(nginx('GET', '/orders/1?'), 'x-original-url', `https://${host}/admin`)).status, 400);
    assert.equal((await twice(older('GET', '/orders/1?'), 'x-original-uri', '/admin')).status, 400);
  });
});

describe('what comes with the question', () => {
  it('may be described by headers of a body that never comes', async () => {
    const { status, headers } = await call('/gateway/authorize', {
      ...nginx('POST', '/orders'),
      ...{ 'content-encoding': 'gzip', 'content-type': 'application/json', ...bearer(alice) },
    });
    assert.deepEqual([status, headers.connection], [200, 'close']);
    const announced = await call(
      '/gateway/authorize',
      { ...nginx('POST', '/orders'), ...bearer(alice), 'content-length': '5' },
      'POST',
      '{"a":1}'.slice(0, 5),
    );
    assert.equal(announced.status, 200);
  });
  it('ends a connection that would go on with the rest of a body', async () => {
    const { status, headers } = await call('/gateway/authorize', {
      ...nginx('POST', '/orders'),
      ...{ ...bearer(alice), 'content-length': '5', connection: 'keep-alive' },
    });
    assert.deepEqual([status, headers.connection], [200, 'close']);
  });
  it('may be of any method, at another host too, and no address that we build follows it', async () => {
    const { status, body, headers } = await call(
      '/gateway/authorize/orders/1',
      { host: 'evil.example', ...bearer(token) },
      'PROPFIND',
    );
    assert.equal(status, 403);
    assert.doesNotMatch(body + JSON.stringify(headers), /evil/);
    assert.equal((await call('/gateway/authorizex', { host: 'evil.example' })).status, 421);
    assert.equal(
      (await call('/gateway/authorize', { host: 'evil.example', ...traefik('GET', '/orders/1') })).status,
      421,
    );
  });
  it('HEAD counts as GET', async () => {
    assert.equal((await call('/gateway/authorize/orders/1', { host, ...bearer(token) }, 'HEAD')).status, 200);
  });
});

describe('a token at forward-auth', () => {
  const send = async (value: string, method = 'GET') =>
    (await call('/gateway/authorize', { ...traefik(method, '/orders/1'), ...bearer(value) })).status;

  it('of another API, for userinfo, or a refresh token is no good', async () => {
    const admin = await post(
      `${app.issuer}/oauth2/token`,
      { grant_type: 'client_credentials' },
      basic(app.client('demo-admin')),
    );
    const { refresh_token, id_token } = (
      await redeem(app, await authorize(app, {}, { scope: 'openid offline_access orders:read', prompt: 'consent' }))
    ).body;
    const userinfo = (await redeem(app, await authorize(app, {}, { scope: 'openid' }))).body.access_token;
    for (const value of [admin.body.access_token, refresh_token, id_token, userinfo]) {
      assert.equal(typeof value, 'string');
      assert.equal(await send(value), 401);
    }
  });

  it('is worth what its subject holds now: a role taken away is gone at the next call', async () => {
    assert.equal(await send(token), 200);
    await app.parts.access.unassign('client:demo-service', 'orders-reader', 'cli');
    assert.equal(await send(token), 403);
    await app.parts.access.assign('client:demo-service', 'orders-reader', 'cli');
    assert.equal(await send(token), 200);
    await app.parts.access.assign('client:demo-service', 'orders-editor', 'cli');
    assert.equal(await send(token, 'PUT'), 403, 'the token was not given it');
    await app.parts.access.unassign('client:demo-service', 'orders-editor', 'cli');
  });

  it('is worth no more than its client may still ask for', async () => {
    const client = await app.parts.clients.get('demo-service');
    assert.ok(client);
    const narrowed = (scope: string | undefined) =>
      app.parts.clients.change('demo-service', { metadata: { ...client.metadata, scope } }, 'cli');
    await narrowed('orders:write');
    assert.equal(await send(token), 403);
    await narrowed(client.metadata.scope);
    assert.equal(await send(token), 200);
  });

  it('must come from the sign-in that its API demands (RFC 9470)', async () => {
    const api = await app.parts.access.api(orders);
    assert.ok(api);
    await app.parts.access.saveApi({ ...api, acr: '2fa', maxAge: 600 }, 'cli');
    const { status, headers } = await call('/gateway/authorize', { ...traefik('GET', '/orders/1'), ...bearer(alice) });
    assert.equal(status, 401);
    assert.match(
      headers['www-authenticate'] ?? '',
      /error="insufficient_user_authentication".*acr_values="2fa", max_age="600"/,
    );
    assert.equal(await send(token), 200, 'machines sign in with no factors');
    await app.parts.access.saveApi({ ...api, maxAge: 600 }, 'cli');
    assert.equal(await send(alice), 200);
    await app.parts.access.saveApi(api, 'cli');
  });

  it('of a person who is disabled is no good', async () => {
    assert.equal(await send(alice), 200);
    const user = await app.parts.users.byEmail('alice@example.test');
    await app.parts.users.disable(user?.id ?? '', 'cli');
    assert.equal(await send(alice), 401);
  });
});

it('forward-auth answers 503 without its store', async () => {
  const alone = await startApp();
  await alone.parts.store.close();
  const { port } = new URL(alone.url);
  const { status } = await ask(Number(port), '/gateway/authorize', {
    headers: { host: `localhost:${port}`, ...traefik('GET', '/orders/1'), ...bearer(token) },
  });
  await alone.close();
  assert.equal(status, 503);
});
