import assert from 'node:assert/strict';
import { after, afterEach, describe, it, mock } from 'node:test';
import { gzipSync } from 'node:zlib';
import type Koa from 'koa';
import { type Ask, edge } from './edge.ts';

/** What the routes saw: how much of each body, and who waits at /wait. */
const seen: number[] = [];
const waiting: (() => void)[] = [];

const routes: Koa.Middleware = async (ctx) => {
  if (ctx.path === '/wait') await new Promise<void>((resolve) => waiting.push(resolve));
  let size = 0;
  for await (const chunk of ctx.req) size += chunk.length;
  seen.push(size);
  ctx.status = ctx.get('authorization').endsWith('z') ? 401 : 200;
  ctx.body = { size };
};

const small = await edge(routes, { limits: { body: 1000, callbackBody: 4000, adminBody: 8000, inFlight: 3 } });
const counted = await edge(routes, {
  limits: { failuresPerClient: { burst: 5, perSecond: 1 }, failuresPerAddress: { burst: 12, perSecond: 2 } },
});
after(() => {
  small.close();
  counted.close();
});

const post = (path: string, how: Ask) => {
  seen.length = 0;
  return small.ask(path, { method: 'POST', ...how, headers: { host: `localhost:${small.port}`, ...how.headers } });
};

afterEach(() => mock.timers.reset());

const pieces = (count: number, size: number) => Array.from({ length: count }, () => Buffer.alloc(size, 'a'));

describe('body limits (sec-010)', () => {
  it('takes a body up to the limit, whole or in pieces', async () => {
    assert.equal((await post('/oauth2/token', { body: 'a'.repeat(1000) })).body, '{"size":1000}');
    assert.equal((await post('/oauth2/token', { body: pieces(10, 100) })).body, '{"size":1000}');
  });

  it('answers 413 to a longer one before any of it is read', async () => {
    const { status, body } = await post('/oauth2/token', { body: 'a'.repeat(1001) });
    assert.deepEqual([status, JSON.parse(body).error, seen], [413, 'invalid_request', []]);
  });

  it('answers 413 when a body of unknown length grows longer, and gives its beginning to nobody', async () => {
    const { status } = await post('/oauth2/token', { body: pieces(50, 1000) });
    assert.deepEqual([status, seen], [413, []]);
  });

  it('has other limits for callbacks and for the admin API', async () => {
    for (const [path, limit] of [
      ['/federation/x/acs', 4000],
      ['/admin/api/v1/clients', 8000],
    ] as const) {
      assert.equal((await post(path, { body: 'a'.repeat(limit) })).status, 200);
      assert.equal((await post(path, { body: 'a'.repeat(limit + 1) })).status, 413);
    }
  });

  it('answers 415 to a compressed body (sec-011)', async () => {
    const body = [gzipSync('a'.repeat(50_000))];
    for (const encoding of ['gzip', 'deflate', 'br', 'identity, gzip']) {
      const { status } = await post('/oauth2/token', { body, headers: { 'content-encoding': encoding } });
      assert.deepEqual([status, seen], [415, []]);
    }
  });

  it('answers the next request as if nothing had been', async () => {
    await post('/oauth2/token', { body: pieces(50, 1000) });
    assert.equal((await post('/oauth2/token', { body: 'a' })).status, 200);
  });
});

describe('overload (sec-305)', () => {
  const arrived = async (count: number) => {
    while (waiting.length < count) await new Promise(setImmediate);
  };

  it('answers 503 with Retry-After at once when too many requests are in work, and recovers', async () => {
    const slow = Array.from({ length: 3 }, () => post('/wait', {}));
    await arrived(3);
    const { status, headers, body } = await post('/oauth2/token', { body: 'a' });
    assert.deepEqual([status, headers['retry-after'], JSON.parse(body).error], [503, '1', 'temporarily_unavailable']);
    for (const go of waiting.splice(0)) go();
    assert.deepEqual(
      (await Promise.all(slow)).map((answer) => answer.status),
      [200, 200, 200],
    );
    assert.equal((await post('/oauth2/token', { body: 'a' })).status, 200);
  });

  it('does not count those that let us wait for their body', async () => {
    // Who waits is looked up every 50 ms; the test before this one made it look.
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 1000 });
    const held: (() => void)[] = [];
    async function* slowBody() {
      yield 'a';
      await new Promise<void>((resolve) => held.push(resolve));
    }
    const slow = Array.from({ length: 3 }, () => post('/slow', { body: slowBody() }));
    while (held.length < 3) await new Promise(setImmediate);
    assert.equal((await post('/oauth2/token', { body: 'a' })).status, 200);
    for (const go of held) go();
    assert.deepEqual(
      (await Promise.all(slow)).map((answer) => answer.status),
      [200, 200, 200],
    );
  });
});

describe('failed authentication of clients (sec-020, sec-074)', () => {
  const basic = (client: string, secret: string) => `Basic ${Buffer.from(client).toString('base64url')}${secret}`;
  const attempt = (client: string, secret: 'good' | 'bad', path = '/oauth2/introspect') =>
    counted.ask(path, {
      method: 'POST',
      headers: {
        host: `localhost:${counted.port}`,
        // The route above refuses what ends in z.
        authorization: basic(`${client}:`, secret === 'bad' ? 'z' : 'a'),
      },
    });
  const statuses = async (count: number, ...how: Parameters<typeof attempt>) => {
    const found: number[] = [];
    for (let index = 0; index < count; index += 1) found.push((await attempt(...how)).status);
    return found;
  };

  it('is slowed down per client and address, then per address; only failures count, and time heals', async () => {
    mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
    assert.deepEqual(await statuses(30, 'one', 'good'), Array(30).fill(200));
    assert.deepEqual(await statuses(7, 'one', 'bad'), [401, 401, 401, 401, 401, 429, 429]);

    const refused = await attempt('one', 'good');
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1']);
    assert.deepEqual(await statuses(2, 'two', 'good'), [200, 200]);

    mock.timers.setTime(1_800_000_001_000);
    assert.deepEqual(await statuses(3, 'one', 'good'), [200, 200, 200]);

    assert.deepEqual(await statuses(6, 'three', 'bad'), [401, 401, 401, 401, 401, 429]);
    assert.deepEqual(await statuses(5, 'four', 'bad'), [401, 401, 401, 401, 429]);
    assert.equal((await attempt('five', 'good')).status, 200);
  });
});
