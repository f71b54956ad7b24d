import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import Koa from 'koa';
import { changeStream } from '../../src/routes/changes.ts';
import { Changes } from '../../src/signals/changes.ts';
import { Feed } from '../../src/signals/feed.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { introspect } from '../support/code-flow.ts';
import { type Listener, listen } from '../support/listening.ts';
import { basic, type Credentials, post } from '../support/oauth.ts';

const actor = 'cli';

describe('what bounds the streams of changes', { timeout: 120_000 }, () => {
  let app: TestApp;
  let gateway: Credentials;
  let other: Credentials;
  let feed: Feed;
  const servers: Server[] = [];
  before(async () => {
    // None of it depends on the store.
    app = await startApp({ SALLYPORT_STORE: 'memory:' });
    gateway = app.client('demo-gateway');
    const { secret = '' } = await app.parts.clients.add(
      { id: 'other-gateway', metadata: { grant_types: [] }, introspects: 'all' },
      actor,
    );
    other = { client_id: 'other-gateway', client_secret: secret };
    feed = new Feed(app.parts.trail, (error) => assert.fail(String(error)));
  });
  after(async () => {
    for (const server of servers) server.close().closeAllConnections();
    await app.close();
  });

  /** The same stream with other limits, alone. */
  async function rig(limits: ConstructorParameters<typeof Changes>[1]) {
    const changes = new Changes(feed, limits);
    const koa = new Koa();
    let gone: Promise<unknown> = Promise.resolve();
    koa.silent = true;
    // Whoever says so is looked at only when it has left.
    koa.use(async (ctx, next) => {
      if (ctx.query.leaves === undefined) return next();
      gone = once(ctx.res, 'close').then(next);
      return gone;
    });
    koa.use(changeStream({ clients: app.parts.clients, changes }));
    const server = createServer(koa.callback()).listen(0, 'localhost');
    servers.push(server);
    await once(server, 'listening');
    const url = `http://localhost:${(server.address() as AddressInfo).port}`;
    return { changes, server, url, left: () => gone };
  }
  /** Listens as soon as there is room; that somebody has left is known only when the connection is seen to be closed. */
  async function whenThereIsRoom(url: string, client: Credentials): Promise<Listener> {
    for (;;) {
      const listener = await listen(url, client);
      if (listener.answer.status === 200) return listener;
      assert.equal(listener.answer.status, 429);
      await listener.ended;
    }
  }
  const service = () => basic(app.client('demo-service'));
  const token = async (): Promise<string> =>
    (await post(`${app.url}/oauth2/token`, { grant_type: 'client_credentials' }, service())).body.access_token;
  const revoke = (value: string) => post(`${app.url}/oauth2/revoke`, { token: value }, service());
  const closeAll = (all: readonly Listener[]) => Promise.all(all.map((one) => one.close()));

  it('a client has twenty in a process, and its own only; one that leaves makes room', async () => {
    const all: Listener[] = [];
    for (let count = 0; count < 20; count += 1) all.push(await listen(app.url, gateway));
    assert.ok(all.every(({ answer }) => answer.status === 200));
    assert.match(all[0]?.answer.headers.get('cache-control') ?? '', /no-store/);
    const refused = await fetch(`${app.url}/gateway/changes`, { headers: basic(gateway) });
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '30');
    assert.match(await refused.text(), /too_many_streams|slow_down/);
    all.push(await listen(app.url, other));
    assert.equal(all.at(-1)?.answer.status, 200);
    await all.shift()?.close();
    all.push(await whenThereIsRoom(app.url, gateway));
    await closeAll(all);
  });

  it('all clients together have so many', async () => {
    const { url } = await rig({ mostEach: 2, most: 3 });
    const all = [await listen(url, gateway), await listen(url, gateway), await listen(url, other)];
    assert.deepEqual(
      all.map(({ answer }) => answer.status),
      [200, 200, 200],
    );
    assert.equal((await listen(url, other)).answer.status, 429);
    await closeAll(all);
  });

  it('nobody who left while we looked who it is has a place', async () => {
    const { server, url, left } = await rig({ mostEach: 1 });
    const asked = get(`${url}/gateway/changes?leaves=`, { headers: basic(gateway) });
    asked.on('error', () => {});
    await once(server, 'request');
    asked.destroy();
    await left();
    await closeAll([await whenThereIsRoom(url, gateway)]);
  });

  it('beats move the cursor of somebody to whom nothing happens', async () => {
    const { url } = await rig({ beat: 10 });
    const first = await listen(url, gateway);
    await first.beats(2);
    const since = first.cursor();
    assert.match(since ?? '', /^[0-9a-z]{9}$/);
    await first.close();
    const value = await token();
    const { jti } = await introspect(app, value);
    await revoke(value);
    const again = await listen(url, gateway, { since });
    assert.equal((await again.until((told) => told.jti === jti)).type, 'token.revoked');
    await again.close();
  });

  it('ends at the next beat when the secret that it came with is no longer good', async () => {
    const { url } = await rig({ beat: 10 });
    const listener = await listen(url, other);
    await listener.beats(1);
    const { secret } = await app.parts.clients.rotateSecret('other-gateway', actor, 0);
    assert.equal(await listener.ended, 'plain');
    assert.equal((await listen(url, other)).answer.status, 401);
    other = { ...other, client_secret: secret };
    const again = await listen(url, other);
    await again.beats(3);
    await again.close();
  });

  it('ends all plainly when the process leaves, and begins none', async () => {
    const { url, changes } = await rig({});
    const listener = await listen(url, gateway);
    changes.close();
    assert.equal(await listener.ended, 'plain');
    assert.equal((await listen(url, gateway)).answer.status, 503);
  });

  const long = 'x'.repeat(250);
  /** Has so many large signals of an API recorded. */
  const recorded = (count: number, api: string) =>
    Promise.all(
      Array.from({ length: count }, (_none, number) => {
        const detail = { kind: 'access token', jti: `${number} ${long}`, subject: long, audiences: api, client: long };
        return app.parts.trail.record({ type: 'token.revoked', actor: 'client:demo-service', detail });
      }),
    );

  it('tells somebody who comes back more than may wait, at the pace of the reader', async () => {
    const { url } = await rig({ mostEach: 1 });
    const since = String(Math.floor(Date.now() / 1000));
    await recorded(1500, `https://quick.example.test/${long}`);
    const listener = await listen(url, gateway, { since });
    await listener.until((told) => told.jti?.startsWith('1499 '));
    assert.equal(new Set(listener.told.map(({ jti }) => jti).filter((jti) => jti?.includes(long))).size, 1500);
    await listener.close();
  });

  it('lets go of a reader that is too slow, and of nobody else', async () => {
    const { url } = await rig({ mostEach: 1 });
    // So it has not missed any of the signals before.
    const api = `https://slow.example.test/${long.slice(0, 150)}`;
    const { secret = '' } = await app.parts.clients.add(
      { id: 'slow-gateway', metadata: { grant_types: [] }, introspects: [api] },
      actor,
    );
    const slow = { client_id: 'slow-gateway', client_secret: secret };
    const asked = get(`${url}/gateway/changes`, { headers: basic(slow) });
    const [answer] = await once(asked, 'response');
    const quick = await listen(url, other);
    let next: Listener | undefined;
    let batches = 0;
    while (next?.answer.status !== 200) {
      await next?.ended;
      await recorded(200, api);
      batches += 1;
      next = await listen(url, slow);
    }
    assert.ok(batches > 1, 'a little is kept for whoever is slow');
    // It notices when it reads on at last.
    await assert.rejects(answer.toArray());
    const value = await token();
    const { jti } = await introspect(app, value);
    await revoke(value);
    assert.ok(await quick.until((told) => told.jti === jti));
    await closeAll([quick, next]);
  });
});
