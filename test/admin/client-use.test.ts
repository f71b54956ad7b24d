import assert from 'node:assert/strict';
import { it } from 'node:test';
import { adminApi, adminToken } from '../support/admin.ts';
import { startApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';

const day = 86_400;
const now = (): number => Math.floor(Date.now() / 1000);

it('shows when clients and their secrets were last used, and cleans up those that registrars left behind', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const app = await startApp();
  t.after(() => app.close());
  const { clients, introspectionTokens } = app.parts;
  const api = async () => adminApi(app, await adminToken(app));
  const register = async (): Promise<{ client_id: string; client_secret: string }> => {
    const response = await fetch(`${app.issuer}/oauth2/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.registrar('demo-registrar')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }),
    });
    return response.json();
  };
  const [used, left, made] = [
    await register(),
    await register(),
    await clients.add({ id: 'made', metadata: { grant_types: ['client_credentials'] } }, 'cli'),
  ];
  const credentials = (id: string) => (id === 'made' ? { client_id: id, client_secret: made.secret ?? '' } : used);
  // A use is written after its answer.
  const usedAt = async (id: string, at: number): Promise<void> => {
    while ((await clients.uses.of(id))?.used !== at) await new Promise(setImmediate);
  };
  await clients.decide(used.client_id, 'approve', 'cli');
  // Uses are counted from the first one on.
  await api();
  await usedAt('demo-admin', now());
  t.mock.timers.tick(10 * day * 1000);
  for (const { client_id, client_secret } of [credentials('made'), used]) {
    await post(`${app.issuer}/oauth2/introspect`, { token: 'x' }, basic({ client_id, client_secret }));
    await usedAt(client_id, now());
  }
  const first = now();
  const shown = await (await api()).get('/clients/made');
  assert.deepEqual([shown.body.last_used, shown.body.secrets[0].last_used], [first, first]);
  t.mock.timers.tick(60 * 1000);
  await post(`${app.issuer}/oauth2/introspect`, { token: 'x' }, basic(credentials('made')));
  await clients.change('made', { introspects: 'all' }, 'cli');
  const { token } = await introspectionTokens.make('made', 'cli');
  assert.equal((await clients.uses.of('made'))?.used, first, 'at most once an hour');
  t.mock.timers.tick(day * 1000);
  const before = (await (await api()).get('/clients/made')).headers.get('etag');
  await post(`${app.issuer}/oauth2/introspect`, { token: 'x' }, { authorization: `Bearer ${token}` });
  await usedAt('made', now());
  const after = await (await api()).get('/clients/made');
  assert.deepEqual([after.body.last_used, after.body.secrets[0].last_used], [now(), first]);
  assert.equal(after.headers.get('etag'), before, 'to be used is no change');

  const stale = (await (await api()).get(`/clients?registrar=demo-registrar&unused_since=${first - day}`)).body.items;
  assert.deepEqual(
    stale.map(({ id }: { id: string }) => id),
    [left.client_id],
  );
  const ids = (await (await api()).get(`/clients?unused_since=${first - day}`)).body.items.map(
    ({ id }: { id: string }) => id,
  );
  assert.ok(ids.includes('demo-service') && !ids.includes('made') && !ids.includes('demo-admin'), ids.join());
  const clean = async (body: object) => (await (await api()).send('POST', '/clients/clean-up', body)).body;
  const wanted = { unused_since: first - day };
  assert.deepEqual(await clean({ ...wanted, registrar: 'other' }), { clients: [], more: false });
  assert.deepEqual(await clean({ ...wanted, dry_run: true }), { clients: [left.client_id], more: false });
  assert.ok(await clients.get(left.client_id));
  assert.deepEqual(await clean(wanted), { clients: [left.client_id], more: false });
  assert.equal(await clients.get(left.client_id), undefined);
  assert.ok(await clients.get('demo-service'), 'what an administrator made stays');
  assert.ok(await clients.get(used.client_id));
  const [removed] = await app.parts.trail.search({ type: 'client.removed' });
  assert.deepEqual([removed?.actor, removed?.target], ['client:demo-admin', `client:${left.client_id}`]);
});
