import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import Provider, { type Adapter, type AdapterPayload } from 'oidc-provider';
import { renderError } from '../../src/http/problems.ts';
import { missing, Problem, unavailable } from '../../src/kernel/errors.ts';
import { type Ask, edge, page } from './edge.ts';

/** The outside world of the library: a store that can go away, and a fault that can be planted in it. */
const world: { fault: (() => Error) | undefined } = { fault: undefined };
const rows = new Map<string, AdapterPayload>();

class Rows implements Adapter {
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }
  async #at(id: string) {
    if (world.fault) throw world.fault();
    return `${this.#name} ${id}`;
  }
  async find(id: string) {
    return rows.get(await this.#at(id));
  }
  async upsert(id: string, payload: AdapterPayload) {
    rows.set(await this.#at(id), payload);
  }
  async consume(id: string) {
    await this.#at(id);
  }
  async destroy(id: string) {
    rows.delete(await this.#at(id));
  }
  async findByUid() {
    return undefined;
  }
  async findByUserCode() {
    return undefined;
  }
  async revokeByGrantId() {}
}

const away = () => unavailable(new Error('connect mongodb://sally:Pa55word@db.internal:27017 ECONNREFUSED'));

const library = new Provider('http://localhost', {
  adapter: Rows,
  routes: Object.fromEntries(
    Object.entries({ authorization: 'authorize', token: 'token', userinfo: 'userinfo', jwks: 'jwks' }).map(
      ([route, name]) => [route, `/oauth2/${name}`],
    ),
  ),
  clients: [
    {
      client_id: 'service',
      client_secret: 's',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
    { client_id: 'web', client_secret: 's', redirect_uris: ['http://localhost/cb'] },
  ],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  ttl: { ClientCredentials: 60, Interaction: 60, Session: 60, Grant: 60 },
  interactions: { url: (_ctx, interaction) => `/signin/${interaction.uid}` },
  renderError: renderError(page),
});

let open: Awaited<ReturnType<typeof edge>>;
before(async () => {
  open = await edge(
    (ctx, next) => {
      if (ctx.path.endsWith('/bug'))
        throw new TypeError('Cannot read /srv/app/secret.ts of mongodb://sally:Pa55word@h');
      if (ctx.path.endsWith('/missing')) throw missing('The client "a<b>"');
      if (ctx.path.endsWith('/away')) throw away();
      if (ctx.path.endsWith('/denied')) throw new Problem({ code: 'denied', status: 401, sentence: 'Show a token' });
      if (ctx.path.endsWith('/thrown')) ctx.throw(400, 'half a request');
      return next();
    },
    {},
    library,
  );
});
after(() => open.close());
afterEach(() => {
  world.fault = undefined;
});

const ask = (path: string, how: Ask = {}) =>
  open.ask(path, { ...how, headers: { host: `localhost:${open.port}`, ...how.headers } });
const html = { accept: 'text/html,application/xhtml+xml' };

describe('an error of our own', () => {
  it('is OAuth JSON at protocol endpoints, in characters that OAuth allows (RFC 6749 §5.2)', async () => {
    const { status, headers, body } = await ask('/oauth2/x/missing');
    assert.equal(status, 404);
    assert.match(headers['content-type'] ?? '', /^application\/json/);
    assert.deepEqual(JSON.parse(body), {
      error: 'invalid_request',
      error_description: "The client 'a<b>' does not exist",
    });
  });

  it('is problem+json at the admin API, for decisions and for gateways (RFC 9457)', async () => {
    for (const path of ['/admin/api/v1/clients/missing', '/access/v1/missing', '/gateway/missing']) {
      const { status, headers, body } = await ask(path, { headers: html });
      assert.match(headers['content-type'] ?? '', /^application\/problem\+json/);
      const { detail, reference, ...rest } = JSON.parse(body);
      assert.deepEqual([status, detail], [404, 'The client "a<b>" does not exist']);
      assert.deepEqual(rest, { type: 'about:blank', title: 'Not Found', status: 404, code: 'missing' });
      assert.equal(reference, headers['x-request-id']);
    }
  });

  it('is an escaped page with the reference for browsers (sec-008)', async () => {
    const { headers, body } = await ask('/signin/missing', { headers: html });
    assert.match(headers['content-type'] ?? '', /^text\/html/);
    assert.ok(body.includes('a&lt;b&gt;') && !body.includes('a<b>'));
    assert.ok(body.includes(`${headers['x-request-id']}`));
  });

  it('says how to authenticate when it is 401', async () => {
    const challenge = async (path: string) => (await ask(path)).headers['www-authenticate'];
    assert.equal(await challenge('/admin/api/v1/denied'), `Bearer realm="http://localhost:${open.port}"`);
    assert.equal(await challenge('/oauth2/x/denied'), `Basic realm="http://localhost:${open.port}"`);
  });

  it('keeps the status of an error that a library means for the caller', async () => {
    const { status, body } = await ask('/admin/api/v1/thrown');
    assert.deepEqual([status, JSON.parse(body).detail], [400, 'half a request']);
  });
});

describe('an error that nobody foresaw (sec-009, sec-306)', () => {
  it('is a 500 with a reference, and everything else only in the log', async () => {
    for (const path of ['/oauth2/x/bug', '/admin/api/v1/bug', '/signin/bug']) {
      const { status, headers, body } = await ask(path, { headers: html });
      assert.equal(status, 500);
      assert.doesNotMatch(body, /secret\.ts|mongodb|Pa55word|TypeError|node_modules/);
      assert.ok(body.includes(`${headers['x-request-id']}`));
      const line = open.lines.find((one) => one.includes(`${headers['x-request-id']}`)) ?? '{}';
      assert.match(JSON.parse(line).err.stack, /problems\.test\.ts/);
      assert.ok(!line.includes('Pa55word'));
    }
  });

  it('is the same inside the library', async () => {
    world.fault = () => new TypeError('a driver broke');
    const { status, body, headers } = await clientCredentials();
    assert.deepEqual([status, JSON.parse(body).error], [500, 'server_error']);
    assert.ok(body.includes(`${headers['x-request-id']}`) && !body.includes('driver'));
  });
});

describe('an address nobody answers', () => {
  it('is 404 in the way of its neighbours', async () => {
    assert.deepEqual(JSON.parse((await ask('/oauth2/nothing')).body).error, 'invalid_request');
    assert.equal(JSON.parse((await ask('/admin/api/v1/nothing')).body).status, 404);
    assert.match((await ask('/nothing', { headers: html })).body, /<h1>/);
    assert.equal(JSON.parse((await ask('/nothing', { headers: { accept: 'application/json' } })).body).status, 404);
  });

  it('is 405 with Allow when another method would be answered', async () => {
    const get = await ask('/oauth2/token');
    assert.deepEqual([get.status, get.headers.allow], [405, 'POST']);
    const put = await ask('/oauth2/jwks', { method: 'PUT' });
    assert.deepEqual([put.status, put.headers.allow], [405, 'GET, HEAD']);
  });

  it('keeps operations, sources and their like off the public port (sec-019)', async () => {
    for (const path of [
      '/metrics',
      '/health/live',
      '/health/ready',
      '/.git/config',
      '/.env',
      '/package.json',
      '/src/app.ts',
    ]) {
      assert.equal((await ask(path)).status, 404, path);
    }
  });
});

const clientCredentials = () =>
  ask('/oauth2/token', {
    body: 'grant_type=client_credentials',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from('service:s').toString('base64')}`,
    },
  });

const authorization = `/oauth2/authorize?${new URLSearchParams({
  ...{ client_id: 'web', redirect_uri: 'http://localhost/cb', response_type: 'code', scope: 'openid', state: 'a' },
  ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' },
})}`;

describe('the library without its store (sec-294)', () => {
  it('answers 503 with Retry-After at the token endpoint, and recovers without a restart', async () => {
    world.fault = away;
    const { status, headers, body } = await clientCredentials();
    assert.deepEqual([status, headers['retry-after']], [503, '5']);
    assert.equal(JSON.parse(body).error, 'temporarily_unavailable');
    assert.doesNotMatch(body, /mongodb|Pa55word|internal/);

    world.fault = undefined;
    assert.equal((await clientCredentials()).status, 200);
  });

  it('still answers discovery and keys', async () => {
    world.fault = away;
    for (const path of ['/.well-known/openid-configuration', '/oauth2/jwks'])
      assert.equal((await ask(path)).status, 200);
  });

  it('sends the browser back with temporarily_unavailable, or shows a page (RFC 6749 §4.1.2.1)', async () => {
    world.fault = away;
    const { status, headers, body } = await ask(authorization, { headers: html });
    if (status === 303) assert.match(headers.location ?? '', /error=temporarily_unavailable.*state=a/);
    else assert.match(body, /not available right now/);
    const unknown = await ask(authorization.replace('client_id=web', 'client_id=other'), { headers: html });
    assert.deepEqual([unknown.status, unknown.headers['retry-after']], [503, '5']);
    assert.match(unknown.body, /not available right now/);
  });

  it('fills no log while it lasts', async () => {
    world.fault = away;
    const before = open.lines.length;
    for (let index = 0; index < 50; index += 1) await clientCredentials();
    assert.ok(open.lines.length - before <= 5, `${open.lines.length - before} lines`);
  });
});

describe("the library's own errors", () => {
  it('pass as they are', async () => {
    const { status, body } = await ask('/oauth2/token', {
      body: 'grant_type=password',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    assert.deepEqual([status, JSON.parse(body).error], [400, 'invalid_request']);
  });

  it('are shown on our page, escaped, with our headers (sec-008)', async () => {
    const path = authorization.replace('client_id=web', `client_id=${encodeURIComponent('<script>alert(1)</script>')}`);
    const { status, body, headers } = await ask(path, { headers: html });
    assert.equal(status, 400);
    assert.match(body, /<h1>/);
    assert.ok(!body.includes('<script>'));
    assert.match(`${headers['content-security-policy']}`, /frame-ancestors 'none'/);
  });

  it('are refused when a body is too large or comes compressed, before the library reads it', async () => {
    const body = Array.from({ length: 80 }, () => 'a'.repeat(1024));
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    assert.equal((await ask('/oauth2/token', { body, headers })).status, 413);
    assert.equal((await ask('/oauth2/token', { body: body.join(''), headers })).status, 413);
    assert.equal(
      (await ask('/oauth2/token', { body, headers: { ...headers, 'content-encoding': 'gzip' } })).status,
      415,
    );
  });
});
