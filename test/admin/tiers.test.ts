import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';

const orders = 'https://api.example.test/orders';

describe('/admin/api/v1/tiers', () => {
  let app: TestApp;
  let admin: AdminApi;
  before(async () => {
    app = await startApp();
    admin = adminApi(app, await adminToken(app));
  });
  after(() => app.close());

  it('defines, shows, lists, changes and removes, and the audit trail tells it', async () => {
    const limits = [
      { requests: 100, period: 60 },
      { api: orders, requests: 10, period: 1 },
    ];
    const added = await admin.send('POST', '/tiers', { id: 'gold', limits });
    assert.deepEqual([added.status, added.body], [201, { id: 'gold', limits, excess: 'reject' }]);
    assert.deepEqual((await admin.get('/tiers/gold')).body, added.body);
    assert.deepEqual((await admin.get('/tiers')).body, { items: [added.body], next: null });
    const queued = await admin.send('PATCH', '/tiers/gold', { excess: 'queue', patience: 5 });
    assert.deepEqual(queued.body, { id: 'gold', limits, excess: 'queue', patience: 5 });
    assert.deepEqual((await admin.send('PATCH', '/tiers/gold', { patience: null })).body.patience, 2);
    assert.equal((await admin.send('PATCH', '/tiers/gold', { excess: 'reject' })).body.patience, undefined);
    assert.equal((await admin.send('DELETE', '/tiers/gold')).status, 204);
    assert.equal((await admin.get('/tiers/gold')).status, 404);
    const events = await app.parts.trail.search({ target: 'tier:gold' });
    assert.deepEqual(
      events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]),
      ['tier.saved', 'tier.removed'],
    );
    const told = { limits: `100 per minute; 10 per second on ${orders}`, excess: 'reject' };
    assert.deepEqual([events[0]?.actor, events[0]?.detail], ['client:demo-admin', told]);
  });

  const wrong: [string, object, RegExp][] = [
    ['an API that is not there', { limits: [{ api: 'urn:none', requests: 1, period: 1 }] }, /no API urn:none; add it/],
    ['no request', { limits: [{ requests: 0, period: 1 }] }, /suspended/],
    ['patience where nothing waits', { limits: [], patience: 3 }, /leave it out, or queue/],
    ['more patience than a stopping server has', { limits: [], excess: 'queue', patience: 21 }, /1 to 20/],
    ['a member that is ours', { limits: [], __proto__x: 1 }, /cannot be set here/],
    ['an operator (sec-273)', { limits: [{ requests: { $gt: 0 }, period: 1 }] }, /requests must be/],
    ['a name that cannot be seen', { id: 'a\u0000', limits: [] }, /visible characters/],
  ];
  for (const [name, body, sentence] of wrong) {
    it(`refuses ${name}, and says what to change`, async () => {
      const { status, body: said } = await admin.send('POST', '/tiers', { id: 'odd', ...body });
      assert.equal(status, 400);
      assert.match(said.detail, sentence);
      assert.equal((await admin.get('/tiers/odd')).status, 404);
    });
  }

  it('keeps a tier that clients have, and refuses a second of its name and a stale change', async () => {
    const silver = { id: 'silver', limits: [{ requests: 5, period: 60 }] };
    assert.equal((await admin.send('POST', '/tiers', silver)).status, 201);
    assert.deepEqual((await admin.send('POST', '/tiers', silver)).body.code, 'taken');
    await app.parts.clients.change('demo-service', { tier: 'silver' }, 'cli');
    const held = await admin.send('DELETE', '/tiers/silver');
    assert.deepEqual([held.status, held.body.code], [409, 'in_use']);
    assert.match(held.body.detail, /limits demo-service; give them another one first/);
    const { headers } = await admin.get('/tiers/silver');
    const match = { 'if-match': headers.get('etag') ?? '' };
    assert.equal((await admin.send('PATCH', '/tiers/silver', { limits: [] }, match)).status, 200);
    assert.equal((await admin.send('PATCH', '/tiers/silver', { limits: [] }, match)).status, 412);
    assert.equal((await admin.send('DELETE', '/tiers/silver', undefined, match)).status, 412);
    await app.parts.clients.change('demo-service', { tier: undefined }, 'cli');
    assert.equal((await admin.send('DELETE', '/tiers/silver')).status, 204);
  });
});
