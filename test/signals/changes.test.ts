import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { introspect } from '../support/code-flow.ts';
import { listen as listenAt } from '../support/listening.ts';
import { basic, post } from '../support/oauth.ts';
import { storeUrl } from '../support/store.ts';

/** A listener at one server. */
const listen = (app: TestApp, query = '', id = 'demo-gateway') => listenAt(app.url, app.client(id), { query });

describe('GET /gateway/changes', () => {
  let one: TestApp;
  let two: TestApp;
  before(async () => {
    const store = await storeUrl();
    one = await startApp({ SALLYPORT_STORE: store });
    two = await startApp({ SALLYPORT_STORE: store, SALLYPORT_ISSUER: one.issuer });
  });
  after(() => Promise.all([one.close(), two.close()]));

  const token = async (): Promise<string> =>
    (await post(`${one.url}/oauth2/token`, { grant_type: 'client_credentials' }, basic(one.client('demo-service'))))
      .body.access_token;
  const revoke = (value: string) =>
    post(`${one.url}/oauth2/revoke`, { token: value }, basic(one.client('demo-service')));

  it('sec-95 tells a gateway at another process which token was revoked, by the name that introspection told', async () => {
    const listener = await listen(two);
    assert.equal(listener.answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    const value = await token();
    const { jti, aud, sub } = await introspect(one, value);
    await revoke(value);
    const signal = await listener.until((told) => told.jti === jti);
    assert.equal(signal.type, 'token.revoked');
    assert.deepEqual(signal.aud, [aud]);
    assert.equal(signal.sub, sub);
    assert.ok(!JSON.stringify(listener.told).includes(value));
    assert.equal((await introspect(two, value)).active, false);
    await listener.close();
  });

  it('tells of a role that was taken away when the other process does not answer by it any more', async () => {
    const listener = await listen(two);
    const value = await token();
    assert.equal((await introspect(two, value)).roles.length, 1);
    await one.parts.access.unassign('client:demo-service', 'orders-reader', 'cli');
    await listener.until(({ type, sub, reason }) => {
      return type === 'subject.changed' && sub === 'demo-service' && reason === 'role.unassigned';
    });
    assert.deepEqual((await introspect(two, value)).roles, []);
    await one.parts.access.assign('client:demo-service', 'orders-reader', 'cli');
    await listener.close();
  });

  it('tells what was missed to a listener that comes back, and to drop everything when that is too much', async () => {
    const first = await listen(two);
    const values = [await token(), await token(), await token()];
    const names = await Promise.all(values.map(async (value) => (await introspect(one, value)).jti));
    await revoke(values[0] ?? '');
    const { cursor } = await first.until(({ jti }) => jti === names[0]);
    await first.close();
    await revoke(values[1] ?? '');
    await revoke(values[2] ?? '');
    const again = await listen(one, `?since=${encodeURIComponent(cursor)}`);
    await again.until(({ jti }) => jti === names[1]);
    await again.until(({ jti }) => jti === names[2]);
    assert.equal(again.told.filter(({ jti }) => jti === names[2]).length, 1);
    await again.close();
    for (const since of ['1000000000', 'garbage']) {
      const late = await listen(one, `?since=${since}`);
      assert.ok(await late.until(({ type }) => type === 'reset'));
      await late.close();
    }
  });

  it('tells a gateway only of the APIs whose tokens it may introspect, and is nothing for others', async () => {
    const actor = 'cli';
    const { secret = '' } = await one.parts.clients.add(
      { id: 'other-gateway', metadata: { grant_types: [] }, introspects: ['https://other.example.test'] },
      actor,
    );
    const credentials = { ...one, client: () => ({ client_id: 'other-gateway', client_secret: secret }) };
    const other = await listen(credentials);
    const all = await listen(one);
    const value = await token();
    const { jti } = await introspect(one, value);
    await revoke(value);
    await all.until((told) => told.jti === jti);
    await one.parts.users.signOut((await one.parts.users.byEmail('bob@example.test'))?.id ?? '', actor);
    await other.until(({ type }) => type === 'session.ended');
    assert.equal(other.told.filter(({ type }) => type === 'token.revoked').length, 0);
    await one.parts.clients.decide('other-gateway', 'suspend', actor);
    await other.ended;
    await all.close();
    const refused = await listen(one, '', 'demo-service');
    assert.equal(refused.answer.status, 403);
    const stranger = await fetch(`${one.url}/gateway/changes`, { headers: { authorization: 'Basic YTpi' } });
    assert.equal(stranger.status, 401);
  });
});
