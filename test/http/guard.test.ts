import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type Koa from 'koa';
import { sameOrigin } from '../../src/http/origin.ts';
import { type Ask, edge } from './edge.ts';

/** Says what the app behind the guard sees. */
const mirror: Koa.Middleware = (ctx) => {
  const { ip, requestId } = ctx.state;
  const seen = Object.keys(ctx.req.headers).filter((name) => /forwarded|x-client-cert/.test(name));
  if (ctx.path === '/signin/cookie') ctx.cookies.set('sid', 'x');
  ctx.body = { ip, requestId, href: ctx.href, secure: ctx.secure, koaIp: ctx.ip, seen, same: sameOrigin(ctx) };
};

const local = await edge(mirror);
const https = { issuer: 'https://id.example', trustedProxies: ['127.0.0.1', '::1', '10.0.0.0/8'] };
const proxied = await edge(mirror, {
  ...https,
  clientCertificateHeader: 'X-Client-Cert',
  internalHosts: ['sallyport:3000'],
});
const direct = await edge(mirror, { issuer: 'https://id.example', clientCertificateHeader: 'X-Client-Cert' });
after(() => {
  for (const { close } of [local, proxied, direct]) close();
});

const viaProxy = (headers: Record<string, string> = {}): Ask => ({
  headers: { host: 'id.example', 'x-forwarded-proto': 'https', ...headers },
});

describe('Host (sec-001)', () => {
  for (const host of ['evil.example', 'localhost.evil.example:80', 'user@localhost', 'localhost:80:1', ' ']) {
    it(`does not answer for "${host}"`, async () => {
      const { status, body, headers } = await local.ask('/.well-known/openid-configuration', { headers: { host } });
      assert.equal(status, 421);
      assert.ok(!body.includes('evil') && !JSON.stringify(headers).includes('evil'));
    });
  }

  it('answers on any port of the own machine when the issuer is there: processes may share a store and an issuer', async () => {
    const { status } = await local.ask('/x', { headers: { host: 'localhost:1' } });
    assert.equal(status, 200);
  });

  it('takes the name that a trusted proxy has for us, when it hands on no other, and names the issuer all the same', async () => {
    for (const host of ['localhost:3000', '127.0.0.1:3000', '[::1]:3000', '10.1.2.3']) {
      const { body } = await proxied.ask('/x', viaProxy({ host }));
      assert.equal(JSON.parse(body).href, 'https://id.example/x');
    }
    assert.equal((await proxied.ask('/x', viaProxy({ host: 'evil.example' }))).status, 421);
    const named = viaProxy({ host: 'localhost:3000', 'x-forwarded-host': 'evil.example' });
    assert.equal((await proxied.ask('/x', named)).status, 421);
  });

  it('answers under every name of the own machine when the issuer is one of them', async () => {
    for (const name of ['localhost', '127.0.0.1', '[::1]', 'LOCALHOST']) {
      const { body } = await local.ask('/x', { headers: { host: `${name}:${local.port}` } });
      assert.equal(JSON.parse(body).href, `http://${name}:${local.port}/x`);
    }
  });

  it('answers for the issuer with and without its default port', async () => {
    for (const host of ['id.example', 'ID.example', 'id.example:443']) {
      const { body } = await proxied.ask('/x', viaProxy({ host }));
      assert.equal(JSON.parse(body).href, 'https://id.example/x');
    }
  });

  it('does not take an absolute address of another host', async () => {
    const { status } = await local.ask('http://evil.example/x', { headers: { host: `localhost:${local.port}` } });
    assert.equal(status, 421);
  });
});

describe('forwarded headers (sec-002, sec-004)', () => {
  const spoofed = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '444',
    forwarded: 'for=203.0.113.9;host=evil.example;proto=https',
  };

  it('are ignored and removed when they come from somebody else', async () => {
    const { body } = await local.ask('/x', { headers: { host: `localhost:${local.port}`, ...spoofed } });
    const { href, ip, koaIp, seen } = JSON.parse(body);
    assert.deepEqual([href, ip, koaIp, seen], [`http://localhost:${local.port}/x`, '127.0.0.1', '127.0.0.1', []]);
  });

  it('name the caller as the first address from the right that is not a trusted proxy', async () => {
    const ipOf = async (forwardedFor: string) =>
      JSON.parse((await proxied.ask('/x', viaProxy({ 'x-forwarded-for': forwardedFor }))).body).ip;
    assert.equal(await ipOf('1.1.1.1, 203.0.113.9'), '203.0.113.9');
    assert.equal(await ipOf('1.1.1.1, 203.0.113.9, 10.1.2.3'), '203.0.113.9');
    assert.equal(await ipOf('203.0.113.9:4711'), '203.0.113.9');
    assert.equal(await ipOf('[2001:db8::1]:80'), '2001:db8::1');
    assert.equal(await ipOf('203.0.113.9, nonsense'), '127.0.0.1');
    assert.equal(await ipOf('::ffff:203.0.113.9'), '203.0.113.9');
  });

  it('count only as the nearest proxy wrote them, and the host must still be ours', async () => {
    const status = async (headers: Record<string, string>) => (await proxied.ask('/x', viaProxy(headers))).status;
    assert.equal(await status({ host: 'backend:8080', 'x-forwarded-host': 'id.example' }), 200);
    assert.equal(await status({ host: 'backend:8080', 'x-forwarded-host': 'evil.example, id.example' }), 200);
    assert.equal(await status({ 'x-forwarded-host': 'evil.example' }), 421);
    assert.equal(await status({ 'x-forwarded-host': 'id.example, evil.example' }), 421);
    assert.equal(await status({ 'x-forwarded-proto': 'https, http' }), 400);
  });

  it('stay for forward-auth, whose question they are', async () => {
    const question = {
      'x-forwarded-host': 'api.example.test',
      'x-forwarded-uri': '/orders',
      'x-forwarded-method': 'GET',
    };
    const own = await local.ask('/gateway/authorize', { headers: { host: `localhost:${local.port}`, ...question } });
    assert.deepEqual(JSON.parse(own.body).seen, Object.keys(question));
    assert.equal(JSON.parse(own.body).href, `http://localhost:${local.port}/gateway/authorize`);
    const viaTls = await proxied.ask('/gateway/authorize', viaProxy(question));
    assert.deepEqual(JSON.parse(viaTls.body).seen, ['x-forwarded-proto', ...Object.keys(question)]);
  });

  it('keep a client certificate only from a trusted proxy (sec-022)', async () => {
    const seen = async (from: typeof local, how: Ask) => JSON.parse((await from.ask('/x', how)).body).seen;
    assert.ok((await seen(proxied, viaProxy({ 'x-client-cert': 'MII' }))).includes('x-client-cert'));
    const open = await edge(mirror, { clientCertificateHeader: 'X-Client-Cert' });
    assert.deepEqual(await seen(open, { headers: { host: `localhost:${open.port}`, 'x-client-cert': 'MII' } }), []);
    open.close();
  });
});

describe('an https issuer', () => {
  it('is served through the proxy that ends TLS, and cookies are Secure (sec-005)', async () => {
    const { status, headers } = await proxied.ask('/signin/cookie', viaProxy());
    assert.equal(status, 200);
    assert.match(headers['set-cookie']?.[0] ?? '', /; secure/i);
    assert.match(headers['strict-transport-security'] ?? '', /max-age=31536000/);
  });

  it('is not served over plain http, with a sentence that says what to set', async () => {
    for (const headers of [{ host: 'id.example' }, { host: 'id.example', 'x-forwarded-proto': 'https' }]) {
      const { status, body } = await direct.ask('/oauth2/token', { headers });
      assert.equal(status, 400);
      assert.match(JSON.parse(body).error_description, /SALLYPORT_TRUSTED_PROXIES/);
    }
    assert.equal((await proxied.ask('/x', viaProxy({ 'x-forwarded-proto': 'http' }))).status, 400);
  });

  it('serves programs, but no pages, under an internal name', async () => {
    const headers = { host: 'sallyport:3000' };
    const answer = await proxied.ask('/oauth2/introspect', { headers });
    assert.equal(JSON.parse(answer.body).href, 'https://id.example/oauth2/introspect');
    for (const path of ['/signin/x', '/oauth2/authorize', '/account']) {
      assert.equal((await proxied.ask(path, { headers })).status, 421);
    }
  });
});

describe('X-Request-ID', () => {
  const own = () => ({ host: `localhost:${local.port}` });

  it('is new for each request, and the app knows it', async () => {
    const [one, two] = [await local.ask('/x', { headers: own() }), await local.ask('/x', { headers: own() })];
    assert.match(`${one.headers['x-request-id']}`, /^[\w-]{16,}$/);
    assert.notEqual(one.headers['x-request-id'], two.headers['x-request-id']);
    assert.equal(JSON.parse(one.body).requestId, one.headers['x-request-id']);
  });

  it('is taken from a trusted proxy when it is well formed, and from nobody else', async () => {
    const id = async (from: typeof local, how: Ask) => (await from.ask('/x', how)).headers['x-request-id'];
    assert.equal(await id(proxied, viaProxy({ 'x-request-id': 'edge-4711.a' })), 'edge-4711.a');
    assert.notEqual(await id(proxied, viaProxy({ 'x-request-id': 'a b {"level":"fatal"}' })), 'a b {"level":"fatal"}');
    assert.notEqual(await id(local, { headers: { ...own(), 'x-request-id': 'edge-4711.a' } }), 'edge-4711.a');
  });
});

describe('security headers (sec-006, sec-024)', () => {
  it('are on every page, also on errors', async () => {
    for (const path of ['/signin/x', '/account', '/oauth2/authorize']) {
      for (const host of ['id.example', 'evil.example']) {
        const { headers } = await proxied.ask(path, viaProxy({ host, accept: 'text/html' }));
        const policy = `${headers['content-security-policy']}`;
        assert.match(policy, /default-src 'none'/);
        assert.match(policy, /frame-ancestors 'none'/);
        assert.ok(!policy.includes('unsafe') && !policy.includes('http:'));
        assert.equal(headers['x-frame-options'], 'DENY');
        assert.equal(headers['x-content-type-options'], 'nosniff');
        assert.equal(headers['referrer-policy'], 'no-referrer');
        assert.equal(headers['cache-control'], 'no-store');
        assert.equal(headers['x-powered-by'] ?? headers.server, undefined);
      }
    }
  });

  it('leave the way to the client open where a form leads there, and closed elsewhere', async () => {
    const policy = async (path: string) =>
      String((await proxied.ask(path, viaProxy())).headers['content-security-policy']);
    assert.doesNotMatch(await policy('/signin/x'), /form-action/);
    assert.match(await policy('/account'), /form-action 'self'/);
  });

  it('are few for programs', async () => {
    const { headers } = await local.ask('/oauth2/introspect', { headers: { host: `localhost:${local.port}` } });
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['permissions-policy'], undefined);
  });
});

describe('what a request may look like', () => {
  const status = async (path: string, how: Ask = {}) =>
    (await local.ask(path, { ...how, headers: { host: `localhost:${local.port}`, ...how.headers } })).status;

  it('answers no unusual method, and echoes nothing (sec-014)', async () => {
    for (const method of ['TRACE', 'PROPFIND', 'PURGE']) assert.equal(await status('/x', { method }), 405);
  });

  it('has an address and headers of bounded size', async () => {
    assert.equal(await status(`/x?${'a'.repeat(9000)}`), 414);
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`x-h-${index}`, '1']));
    assert.equal(await status('/x', { headers: many }), 431);
  });

  it('never carries an access token in the address (sec-017)', async () => {
    for (const path of [
      '/oauth2/userinfo?access_token=a',
      '/x?a=1&access%5Ftoken=b',
      '/admin/api/v1/clients?access_token=',
    ]) {
      assert.equal(await status(path), 400);
    }
  });
});

describe('sameOrigin', () => {
  const same = async (headers: Record<string, string>, from = local, method = 'POST') => {
    const base = from === local ? { host: `localhost:${local.port}` } : viaProxy().headers;
    return JSON.parse((await from.ask('/signin/x', { method, headers: { ...base, ...headers } })).body).same;
  };

  it('follows Sec-Fetch-Site where the browser sends it', async () => {
    assert.equal(await same({ 'sec-fetch-site': 'same-origin', origin: 'null' }, proxied), true);
    for (const site of ['cross-site', 'same-site', 'none']) assert.equal(await same({ 'sec-fetch-site': site }), false);
    assert.equal(await same({ 'sec-fetch-site': 'cross-site', origin: 'https://id.example' }, proxied), false);
  });

  it('follows Origin otherwise', async () => {
    assert.equal(await same({ origin: 'https://id.example' }, proxied), true);
    for (const origin of ['https://evil.example', 'null', 'https://id.example.evil.example']) {
      assert.equal(await same({ origin }, proxied), false);
    }
    assert.equal(await same({ origin: `http://localhost:${local.port}` }), true);
    assert.equal(await same({ origin: 'null' }), true);
  });

  it('lets programs pass that are no browser', async () => {
    assert.equal(await same({}), true);
  });
});
