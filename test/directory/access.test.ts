import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import type { Api } from '../../src/directory/access.ts';
import { openParts, type Parts, refusal } from '../support/parts.ts';

const orders: Api = {
  id: 'https://api.example.test/orders',
  permissions: ['orders:read', 'orders:write'],
  tokenFormat: 'opaque',
  signingAlg: 'RS256',
  routes: ['GET /orders/** = orders:read'],
};
const stock: Api = { ...orders, id: 'urn:example:stock', permissions: ['stock:read', 'orders:read'], routes: [] };

describe('access', () => {
  let parts: Parts;
  before(async () => {
    parts = await openParts();
    await parts.access.ensureBuiltIn();
    await parts.access.saveApi(orders, 'cli');
    await parts.access.saveApi(stock, 'cli');
    await parts.access.saveRole({ id: 'reader', permissions: [`${orders.id}#orders:read`], includes: [] }, 'cli');
    await parts.access.saveRole(
      { id: 'editor', permissions: [`${orders.id}#orders:write`], includes: ['reader'] },
      'cli',
    );
    await parts.access.saveRole({ id: 'keeper', permissions: [`${stock.id}#stock:read`], includes: [] }, 'cli');
  });
  after(() => parts.close());

  describe('of a subject', () => {
    it('is nothing where nothing is assigned', async () => {
      assert.deepEqual(await parts.decide.held('user:nobody', orders.id), { roles: [], groups: [], entitlements: [] });
      assert.deepEqual(await parts.decide.audiencesHeld('user:nobody'), []);
    });

    it('has included roles, and permissions of the audience only, both sorted', async () => {
      await parts.access.assign('user:u1', 'keeper', 'cli');
      await parts.access.assign('user:u1', 'editor', 'cli');
      const roles = ['editor', 'keeper', 'reader'];
      assert.deepEqual(await parts.decide.held('user:u1', orders.id), {
        roles,
        groups: [],
        entitlements: ['orders:read', 'orders:write'],
      });
      assert.deepEqual(await parts.decide.held('user:u1', stock.id), {
        roles,
        groups: [],
        entitlements: ['stock:read'],
      });
      assert.deepEqual(await parts.decide.held('user:u1', undefined), { roles, groups: [], entitlements: [] });
      assert.deepEqual(await parts.decide.held('user:u1', 'https://other.example.test'), {
        roles,
        groups: [],
        entitlements: [],
      });
      assert.deepEqual(await parts.decide.audiencesHeld('user:u1'), [orders.id, stock.id]);
    });

    it('changes at the next question', async () => {
      await parts.access.assign('client:c1', 'reader', 'cli');
      assert.deepEqual((await parts.decide.held('client:c1', orders.id)).entitlements, ['orders:read']);
      await parts.access.unassign('client:c1', 'reader', 'cli');
      assert.deepEqual(await parts.decide.held('client:c1', orders.id), { roles: [], groups: [], entitlements: [] });
      await assert.rejects(parts.access.unassign('client:c1', 'reader', 'cli'), refusal('missing'));
    });

    it('ends when its time has come', async () => {
      mock.timers.enable({ apis: ['Date'], now: Date.now() });
      try {
        const now = Math.floor(Date.now() / 1000);
        await parts.access.assign('user:guest', 'reader', 'cli', { until: now + 60 });
        assert.deepEqual((await parts.decide.held('user:guest', orders.id)).roles, ['reader']);
        mock.timers.tick(60_000);
        assert.deepEqual((await parts.decide.held('user:guest', orders.id)).roles, []);
        assert.deepEqual(await parts.access.assignments({ subject: 'user:guest' }), []);
        await assert.rejects(
          parts.access.assign('user:guest', 'reader', 'cli', { until: now }),
          refusal('invalid', /later/),
        );
        await parts.access.assign('user:guest', 'reader', 'cli', { until: now + 120 });
        await parts.access.assign('user:guest', 'reader', 'cli');
        mock.timers.tick(1_000_000);
        assert.deepEqual((await parts.decide.held('user:guest', orders.id)).roles, ['reader']);
      } finally {
        mock.timers.reset();
      }
    });

    it('is forgotten with the subject', async () => {
      await parts.access.assign('client:gone', 'reader', 'cli');
      await parts.access.assign('client:gone', 'keeper', 'cli');
      assert.equal(await parts.access.forget('client:gone', 'cli'), 2);
      assert.deepEqual((await parts.decide.held('client:gone', orders.id)).roles, []);
    });

    it('comes to an end though two processes made roles include each other', async () => {
      const other = await openParts(parts.url);
      try {
        await parts.access.saveRole({ id: 'left', permissions: [], includes: [] }, 'cli');
        await parts.access.saveRole({ id: 'right', permissions: [`${orders.id}#orders:read`], includes: [] }, 'cli');
        await other.access.roles();
        await Promise.allSettled([
          parts.access.saveRole({ id: 'left', permissions: [], includes: ['right'] }, 'cli'),
          other.access.saveRole({ id: 'right', permissions: [`${orders.id}#orders:read`], includes: ['left'] }, 'cli'),
        ]);
        await parts.access.assign('user:circle', 'left', 'cli');
        assert.ok((await parts.decide.held('user:circle', orders.id)).roles.includes('left'));
      } finally {
        await other.close();
      }
    });
  });

  describe('rules for roles', () => {
    const save = (id: string, permissions: string[], includes: string[] = []) =>
      parts.access.saveRole({ id, permissions, includes }, 'cli');

    it('refuse unknown APIs, permissions and roles', async () => {
      await assert.rejects(
        save('x', ['https://nowhere.test#read']),
        refusal('invalid', /no API https:\/\/nowhere\.test/),
      );
      await assert.rejects(save('x', [`${orders.id}#orders:eat`]), refusal('invalid', /has orders:read, orders:write/));
      await assert.rejects(save('x', ['orders:read']), refusal('invalid', /AUDIENCE#PERMISSION/));
      await assert.rejects(save('x', [], ['nobody']), refusal('invalid', /no role nobody/));
      await assert.rejects(parts.access.assign('user:x', 'nobody', 'cli'), refusal('missing', /nobody/));
    });

    it('refuse a circle and say how it goes round', async () => {
      await save('a', []);
      await save('b', [], ['a']);
      await save('c', [], ['b']);
      await assert.rejects(save('a', [], ['c']), refusal('invalid', /a → c → b → a/));
      await assert.rejects(save('a', [], ['a']), refusal('invalid', /a → a/));
    });

    for (const name of ['', 'two words', 'a|b', 'a#b', '-x', 'x-', 'é', 'x'.repeat(101)]) {
      it(`refuse the name ${JSON.stringify(name.slice(0, 20))}, which could not stand in a list`, async () => {
        await assert.rejects(save(name, []), refusal('invalid', /name of a role/));
      });
    }

    it('keep a role that another includes, and take away all assignments of one that goes', async () => {
      await assert.rejects(parts.access.removeRole('reader', 'cli'), refusal('in_use', /editor/));
      await save('passing', [`${orders.id}#orders:read`]);
      await parts.access.assign('user:p', 'passing', 'cli');
      await parts.access.removeRole('passing', 'cli');
      await save('passing', [`${orders.id}#orders:read`]);
      assert.deepEqual((await parts.decide.held('user:p', orders.id)).roles, []);
    });
  });

  describe('rules for APIs', () => {
    const save = (change: Partial<Api>) =>
      parts.access.saveApi({ ...orders, id: 'https://new.example.test', ...change }, 'cli');

    it('keep permissions that roles give, and an API that roles give permissions on', async () => {
      await assert.rejects(parts.access.removeApi(orders.id, 'cli'), refusal('in_use', /editor, .*reader/));
      const without = { ...orders, permissions: ['orders:read'], routes: [] };
      await assert.rejects(parts.access.saveApi(without, 'cli'), refusal('in_use', /orders:write .*editor/));
      await assert.rejects(parts.access.removeApi('https://nowhere.test', 'cli'), refusal('missing'));
    });

    const flaws: [string, Partial<Api>, RegExp][] = [
      ['an identifier that is no URI', { id: 'orders' }, /absolute URI/],
      ['a fragment', { id: 'https://x.test/#a' }, /absolute URI/],
      ['a permission with a space', { permissions: ['a b'] }, /scope value/],
      ['a permission with #', { permissions: ['a#b'] }, /scope value/],
      ['a permission that means something else', { permissions: ['openid'] }, /meaning of its own/],
      ['a route without permission', { routes: ['GET /orders'] }, /METHOD PATH = PERMISSION/],
      ['a route for an unknown permission', { routes: ['GET /orders = orders:eat'] }, /not among the permissions/],
      ['a lifetime of a week', { tokenTtl: 604_800 }, /86400/],
      ['a lifetime of half a second', { tokenTtl: 0.5 }, /whole seconds/],
      ['a host with a path', { host: 'x.test/orders' }, /host of an API/],
    ];
    for (const [what, change, why] of flaws) {
      it(`refuse ${what}`, async () => {
        await assert.rejects(save(change), refusal('invalid', why));
      });
    }

    it('leave the built-in API and role alone, and make them once', async () => {
      await parts.access.ensureBuiltIn();
      const admin = await parts.access.api('urn:sallyport:admin');
      assert.ok(admin?.permissions.includes('clients:approve'));
      assert.equal((await parts.access.role('administrator'))?.permissions.length, admin?.permissions.length);
      await assert.rejects(parts.access.removeApi('urn:sallyport:admin', 'cli'), refusal('built_in'));
      await assert.rejects(save({ id: 'urn:sallyport:admin' }), refusal('built_in'));
      await assert.rejects(parts.access.removeRole('administrator', 'cli'), refusal('built_in'));
    });
  });

  for (const subject of ['u1', 'user:', 'role:x', 'user:a b', 'user:a|b', 'group:two words']) {
    it(`knows no subject ${JSON.stringify(subject)}`, async () => {
      await assert.rejects(parts.access.assign(subject, 'reader', 'cli'), refusal('invalid'));
    });
  }
});
