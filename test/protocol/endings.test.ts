import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Trail } from '../../src/audit/trail.ts';
import { Endings } from '../../src/protocol/endings.ts';
import { records } from '../../src/protocol/records.ts';
import { TokenStatus } from '../../src/protocol/token-status.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/port.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, introspect, redeem } from '../support/code-flow.ts';
import { basic, post } from '../support/oauth.ts';
import { storeUrl } from '../support/store.ts';

type Facts = Record<string, string | number | boolean>;
const orders = 'https://api.example.test/orders';

describe('what ends is told, whatever stops a process in between', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.close());

  /** What is made on a store that is gone by now. */
  async function gone<T>(make: (store: Store) => T): Promise<T> {
    const store = await openStore(await storeUrl());
    const made = make(store);
    await store.close();
    return made;
  }
  const tokens = async () => (await redeem(app, await authorize(app, {}, { scope: 'openid orders:read' }))).body;
  const told = async (type: 'token.revoked' | 'code.replayed' | 'consent.withdrawn') =>
    (await app.parts.trail.search({ type })).map(({ detail = {}, outcome }): Facts => ({ ...detail, outcome }));
  const web = async () => {
    const client = await app.parts.clients.get('demo-web');
    assert.ok(client);
    return client;
  };
  /** What another process does a while after this one was stopped. */
  async function later(t: TestContext, seconds: number): Promise<void> {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + seconds * 1000 });
    await app.parts.endings.settle();
    await app.parts.endings.settle();
    t.mock.timers.reset();
  }

  it('a token is dead before it is told, and told once though it could not be at first', async (t) => {
    const { access_token } = await tokens();
    const stopped = new Endings({ ...app.parts, trail: await gone((store) => new Trail(store)) });
    await assert.rejects(stopped.revoke(access_token, await web()));
    assert.deepEqual(await introspect(app, access_token), { active: false });
    assert.deepEqual(await told('token.revoked'), []);
    // Somebody may still be busy with it.
    await later(t, 5);
    assert.deepEqual(await told('token.revoked'), []);
    await later(t, 31);
    const [event, ...more] = await told('token.revoked');
    assert.deepEqual([event?.kind, event?.audiences, event?.client, more], ['access token', orders, 'demo-web', []]);
  });

  it('a grant that was only meant to end ends, and then it is told, for all APIs', async (t) => {
    const { access_token, refresh_token } = await tokens();
    const before = (await told('token.revoked')).length;
    const lost = await gone((store) => records(store, app.parts.vault));
    const status = new TokenStatus({ ...app.parts, issuer: app.issuer, records: lost });
    const stopped = new Endings({ ...app.parts, status });
    await assert.rejects(stopped.revoke(refresh_token, await web()));
    assert.equal((await introspect(app, access_token)).active, true);
    await later(t, 31);
    assert.deepEqual(await introspect(app, access_token), { active: false });
    const all = await told('token.revoked');
    assert.deepEqual([all.length, all.at(-1)?.kind, all.at(-1)?.audiences], [before + 1, 'refresh token', undefined]);
  });

  it('a code that is used again, the second time and the third', async () => {
    const code = await authorize(app, {}, { scope: 'openid orders:read' });
    const { access_token } = (await redeem(app, code)).body;
    for (let turn = 0; turn < 2; turn += 1) assert.equal((await redeem(app, code)).body.error, 'invalid_grant');
    assert.deepEqual(await introspect(app, access_token), { active: false });
    const [event, ...more] = await told('code.replayed');
    assert.deepEqual([event?.client, event?.audiences, event?.outcome], ['demo-web', orders, 'failure']);
    assert.deepEqual(more, []);
  });

  it('a consent that is withdrawn', async (t) => {
    const { access_token } = await tokens();
    const { sub } = await introspect(app, access_token);
    const all = await app.parts.records.grants.find({ account: String(sub) }, { limit: 100 });
    const grants = all.map(({ id }) => id);
    const stopped = new Endings({ ...app.parts, trail: await gone((store) => new Trail(store)) });
    const event = { type: 'consent.withdrawn', actor: `user:${sub}`, detail: { client: 'demo-web' } } as const;
    await assert.rejects(stopped.end({ grants }, event));
    assert.deepEqual(await introspect(app, access_token), { active: false });
    await later(t, 31);
    assert.deepEqual(await told('consent.withdrawn'), [{ client: 'demo-web', outcome: 'success' }]);
  });

  it('nothing for a token that is another client’s', async () => {
    const { access_token } = await tokens();
    const before = (await told('token.revoked')).length;
    const url = `${app.issuer}/oauth2/revoke`;
    const { status } = await post(url, { token: access_token }, basic(app.client('demo-service')));
    assert.deepEqual([status, (await introspect(app, access_token)).active], [400, true]);
    assert.equal((await told('token.revoked')).length, before);
    await post(url, { token: access_token }, basic(app.client('demo-web')));
    const ofOrders = (await told('token.revoked')).filter(({ audiences }) => audiences === orders);
    assert.deepEqual([(await told('token.revoked')).length, ofOrders.length], [before + 1, 2]);
  });
});
