import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { openParts, type Parts, refusal } from '../support/parts.ts';

const service = { grant_types: ['client_credentials'] };
const web = { redirect_uris: ['https://app.example/callback'] };
const day = 86_400;

describe('clients', () => {
  let parts: Parts;
  before(async () => {
    parts = await openParts();
  });
  after(() => parts.close());

  const add = (input: Partial<Parameters<Parts['clients']['add']>[0]> = {}) =>
    parts.clients.add({ metadata: service, ...input }, 'cli');

  it('get an id and a secret that are shown once', async () => {
    const { client, secret = '' } = await add();
    assert.match(client.id, /^client_[\w-]{22}$/);
    assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(client.state, 'approved');
    const kept = await parts.clients.get(client.id);
    assert.deepEqual(kept, client);
    assert.doesNotMatch(JSON.stringify(kept), new RegExp(secret));
    assert.equal(parts.clients.secretFits(client, secret), true);
    for (const wrong of [
      '',
      `${secret}A`,
      secret.slice(1),
      secret.toUpperCase(),
      client.secrets[0]?.fingerprint ?? '',
    ]) {
      assert.equal(parts.clients.secretFits(client, wrong), false, wrong);
    }
  });

  it('have secrets that are good for themselves only, even when their records are copied', async () => {
    const [one, other] = [await add(), await add()];
    const stolen = { ...other.client, secrets: one.client.secrets };
    assert.equal(parts.clients.secretFits(stolen, one.secret ?? ''), false);
  });

  it('get no secret where they prove themselves otherwise', async () => {
    const { secret, client } = await add({ metadata: { ...web, token_endpoint_auth_method: 'none' } });
    assert.equal(secret, undefined);
    await assert.rejects(parts.clients.rotateSecret(client.id, 'cli'), refusal('invalid', /secret/));
  });

  for (const id of ['usr_abc', 'USR_x', 'two words', 'a:b', '', 'é', 'x'.repeat(201), 'a|b', 'a\nb']) {
    it(`refuse the id ${JSON.stringify(id.slice(0, 20))}`, async () => {
      await assert.rejects(add({ id }), refusal('invalid', /client id/));
    });
  }

  it('refuse an id that is in use', async () => {
    await add({ id: 'one' });
    await assert.rejects(add({ id: 'one' }), refusal('taken', /client id one is already in use/));
  });

  it('may be first-party on this machine when an administrator says so', async () => {
    const { client } = await add({ metadata: { redirect_uris: ['http://localhost:8080/callback'] }, firstParty: true });
    assert.equal(client.firstParty, true);
    assert.equal(await parts.clients.isReserved(`${client.name} `), true);
    assert.equal(await parts.clients.isReserved('Something else'), false);
  });

  it('do without PKCE only when confidential, and it is on the trail (RFC 9700 §2.1.1)', async () => {
    const open = { ...web, token_endpoint_auth_method: 'none' };
    await assert.rejects(add({ metadata: open, pkce: 'optional' }), refusal('invalid', /public client/));
    const { client } = await add({ metadata: web });
    await parts.clients.change(client.id, { pkce: 'optional' }, 'user:admin');
    await assert.rejects(
      parts.clients.change(client.id, { metadata: open }, 'cli'),
      refusal('invalid', /public client/),
    );
    const events = await parts.trail.search({ target: `client:${client.id}`, type: 'client.changed' });
    assert.deepEqual(
      events.map(({ actor, detail }) => [actor, detail?.pkce]),
      [['user:admin', 'optional']],
    );
  });

  it('have two secrets while one takes over from the other', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    try {
      const { client, secret: first = '' } = await add();
      const { client: rotated, secret: second } = await parts.clients.rotateSecret(client.id, 'cli');
      const fits = async (secret: string) => {
        const now = await parts.clients.get(client.id);
        return now !== undefined && parts.clients.secretFits(now, secret);
      };
      assert.equal(rotated.secrets.length, 2);
      assert.deepEqual([await fits(first), await fits(second)], [true, true]);
      mock.timers.tick((day - 1) * 1000);
      assert.deepEqual([await fits(first), await fits(second)], [true, true]);
      mock.timers.tick(1000);
      assert.deepEqual([await fits(first), await fits(second)], [false, true]);
      const { secret: third } = await parts.clients.rotateSecret(client.id, 'cli', 60);
      const { secret: fourth, client: last } = await parts.clients.rotateSecret(client.id, 'cli', 60);
      assert.equal(last.secrets.length, 2);
      assert.deepEqual([await fits(second), await fits(third), await fits(fourth)], [false, true, true]);
      const { secret: fifth } = await parts.clients.rotateSecret(client.id, 'cli', 0);
      assert.deepEqual([await fits(fourth), await fits(fifth)], [false, true]);
    } finally {
      mock.timers.reset();
    }
  });

  it('refuse an overlap that is no time', async () => {
    const { client } = await add();
    for (const overlap of [-1, 0.5, Number.NaN, 91 * day]) {
      await assert.rejects(parts.clients.rotateSecret(client.id, 'cli', overlap), refusal('invalid', /overlap/));
    }
  });

  it('move along their life, with tier and reason, and on the trail', async () => {
    const { client } = await add({ state: 'pending' });
    assert.equal(client.state, 'pending');
    await assert.rejects(
      parts.clients.decide(client.id, 'suspend', 'cli'),
      refusal('forbidden_move', /approve, reject/),
    );
    const approved = await parts.clients.decide(client.id, 'approve', 'user:admin', { tier: 'gold' });
    assert.deepEqual([approved.state, approved.tier], ['approved', 'gold']);
    const suspended = await parts.clients.decide(client.id, 'suspend', 'user:admin', { reason: 'unpaid' });
    assert.deepEqual([suspended.state, suspended.tier, suspended.reason], ['suspended', 'gold', 'unpaid']);
    const resumed = await parts.clients.decide(client.id, 'resume', 'user:admin');
    assert.deepEqual([resumed.state, resumed.reason], ['approved', undefined]);
    await parts.clients.decide(client.id, 'revoke', 'user:admin');
    await assert.rejects(parts.clients.decide(client.id, 'approve', 'cli'), refusal('forbidden_move', /final/));
    const events = await parts.trail.search({ target: `client:${client.id}` });
    assert.deepEqual(
      events.map(({ type, detail }) => [type, detail?.from, detail?.tier]),
      [
        ['client.created', undefined, undefined],
        ['client.approved', 'pending', 'gold'],
        ['client.suspended', 'approved', undefined],
        ['client.resumed', 'suspended', undefined],
        ['client.revoked', 'approved', undefined],
      ],
    );
  });

  it('are decided about once when two administrators do it at the same moment', async () => {
    const { client } = await add({ state: 'pending' });
    const other = await openParts(parts.url);
    try {
      const both = await Promise.allSettled([
        parts.clients.decide(client.id, 'approve', 'user:a'),
        other.clients.decide(client.id, 'reject', 'user:b'),
      ]);
      assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    } finally {
      await other.close();
    }
  });

  it('change as a whole document, and lose their secrets when they need none any more', async () => {
    const { client } = await add({ metadata: { ...web, contacts: ['a@b.example'] }, tier: 'gold' });
    const changed = await parts.clients.change(
      client.id,
      { metadata: { ...web, scope: 'openid' }, name: 'New' },
      'cli',
    );
    assert.deepEqual([changed.metadata.contacts, changed.metadata.scope, changed.name], [undefined, 'openid', 'New']);
    assert.equal(changed.tier, 'gold');
    assert.equal((await parts.clients.change(client.id, { tier: undefined }, 'cli')).tier, undefined);
    const open = { ...web, token_endpoint_auth_method: 'none' };
    assert.deepEqual((await parts.clients.change(client.id, { metadata: open }, 'cli')).secrets, []);
    const [event] = await parts.trail.search({ target: `client:${client.id}`, type: 'client.changed' });
    assert.deepEqual(String(event?.detail?.changed).split(' ').sort(), ['contacts', 'name', 'scope']);
  });

  it('are found by their state', async () => {
    const { client } = await add({ state: 'pending' });
    assert.ok((await parts.clients.list({ state: 'pending' })).some(({ id }) => id === client.id));
    await parts.clients.decide(client.id, 'reject', 'cli');
    assert.ok(!(await parts.clients.list({ state: 'pending' })).some(({ id }) => id === client.id));
  });

  it('are gone when removed', async () => {
    const { client } = await add();
    await parts.clients.remove(client.id, 'cli');
    assert.equal(await parts.clients.get(client.id), undefined);
    await assert.rejects(parts.clients.remove(client.id, 'cli'), refusal('missing'));
  });

  it('leave no secret on the trail', async () => {
    const { client, secret = '' } = await add();
    const { secret: second } = await parts.clients.rotateSecret(client.id, 'cli');
    const events = JSON.stringify(await parts.trail.search({ target: `client:${client.id}` }));
    for (const hidden of [secret, second, ...client.secrets.map(({ fingerprint }) => fingerprint)]) {
      assert.ok(!events.includes(hidden));
    }
  });
});

describe('the places of a registrar', () => {
  let parts: Parts;
  before(async () => {
    parts = await openParts();
  });
  after(() => parts.close());

  const register = (registrar: string, limit: number) =>
    parts.clients.add({ metadata: service, registrar, limit, state: 'pending' }, `registrar:${registrar}`);

  it('are counted exactly when many register at once', async () => {
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => register('busy', 7)));
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 7);
    assert.equal((await parts.clients.list({ registrar: 'busy' })).length, 7);
    await assert.rejects(register('busy', 7), refusal('too_many_clients', /7 clients/));
  });

  it('become free when a client is removed', async () => {
    const { client } = await register('small', 1);
    await assert.rejects(register('small', 1), { code: 'too_many_clients', status: 429 });
    await parts.clients.remove(client.id, 'cli');
    await register('small', 1);
  });

  it('go to others when a client has waited for a month', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    try {
      const { client: waiting } = await register('patient', 2);
      const { client: wanted } = await register('patient', 2);
      await parts.clients.decide(wanted.id, 'approve', 'cli');
      mock.timers.tick(29 * day * 1000);
      await assert.rejects(register('patient', 2), refusal('too_many_clients'));
      mock.timers.tick(2 * day * 1000);
      await register('patient', 2);
      assert.equal(await parts.clients.get(waiting.id), undefined);
      assert.equal((await parts.clients.get(wanted.id))?.state, 'approved');
      await assert.rejects(register('patient', 2), refusal('too_many_clients'));
    } finally {
      mock.timers.reset();
    }
  });

  it('are counted again when a process died between counting and storing', async () => {
    const counts = parts.store.collection<{ id: string; clients: number; claimed: number }>({
      name: 'client-counts',
      indexes: {},
    });
    await counts.put({ id: 'crashed', clients: 3, claimed: Math.floor(Date.now() / 1000) - 10 });
    await assert.rejects(register('crashed', 3), refusal('too_many_clients'));
    await counts.put({ id: 'crashed', clients: 3, claimed: Math.floor(Date.now() / 1000) - 100 });
    await register('crashed', 3);
    assert.equal((await counts.get('crashed'))?.clients, 1);
  });
});
