import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, introspect, redeem } from '../support/code-flow.ts';
import { storeUrl } from '../support/store.ts';

const actor = 'cli';

describe('sec-272 rights that are taken away while a token lives, with two servers on one store', () => {
  let one: TestApp;
  let two: TestApp;
  let alice: string;
  let token: string;
  before(async () => {
    const store = await storeUrl();
    one = await startApp({ SALLYPORT_STORE: store });
    two = await startApp({ SALLYPORT_STORE: store, SALLYPORT_ISSUER: one.issuer });
    const { access, groups, organizations, users } = one.parts;
    alice = `user:${(await users.byEmail('alice@example.test'))?.id}`;
    await organizations.add({ id: 'acme', name: 'Acme', domains: [], connections: [] }, actor);
    await organizations.join('acme', alice, actor);
    await groups.save({ id: 'inner', includes: [] }, actor);
    await groups.save({ id: 'outer', includes: ['inner'] }, actor);
    const scope = 'openid orders:read orders:write';
    token = (await redeem(one, await authorize(one, {}, { scope, organization: 'acme' }))).body.access_token;
    // What was granted is bounded by what was held then, so the token comes first.
    await access.unassign(alice, 'orders-editor', actor);
  });
  after(() => Promise.all([one.close(), two.close()]));

  /** What a server says that Alice has of each kind. */
  async function said(server: TestApp) {
    const { active, roles, groups, scope = '', org_id } = await introspect({ ...server, issuer: server.url }, token);
    assert.equal(active, true);
    return { roles, groups, scope: scope.split(' ').filter((name: string) => name !== 'openid'), org_id };
  }
  /** Asks until it is so; the limit of a test is far beyond the second that is promised. */
  async function becomes(server: TestApp, wanted: Awaited<ReturnType<typeof said>>) {
    let now = await said(server);
    while (JSON.stringify(now) !== JSON.stringify(wanted)) {
      await pause(20);
      now = await said(server);
    }
  }
  const nothing = { roles: [], groups: [], scope: [], org_id: 'acme' };
  const editor = { roles: ['orders-editor', 'orders-reader'], scope: ['orders:read', 'orders:write'], org_id: 'acme' };

  const ways: { what: string; give(): Promise<unknown>; take(): Promise<unknown>; had: object; left?: object }[] = [
    {
      what: 'a role',
      give: () => one.parts.access.assign(alice, 'orders-editor', actor),
      take: () => one.parts.access.unassign(alice, 'orders-editor', actor),
      had: { ...editor, groups: [] },
    },
    {
      what: 'a permission of a role',
      give: () => one.parts.access.assign(alice, 'orders-editor', actor),
      take: () =>
        one.parts.access.changeRole(
          'orders-editor',
          async (role) => ({ ...role, permissions: [], includes: [] }),
          actor,
        ),
      had: { ...editor, groups: [] },
      left: { roles: ['orders-editor'], groups: [], scope: [], org_id: 'acme' },
    },
    {
      what: 'membership in a group that is in another one',
      async give() {
        await one.parts.access.unassign(alice, 'orders-editor', actor);
        const permissions = ['https://api.example.test/orders#orders:write'];
        const role = { id: 'orders-editor', permissions, includes: ['orders-reader'] };
        await one.parts.access.saveRole(role, actor);
        await one.parts.access.assign('group:outer', 'orders-editor', actor);
        await one.parts.groups.join(alice, 'inner', actor);
      },
      take: () => one.parts.groups.leave(alice, 'inner', actor),
      had: { ...editor, groups: ['inner', 'outer'] },
    },
    {
      what: 'the role of a group',
      give: () => one.parts.groups.join(alice, 'inner', actor),
      take: () => one.parts.access.unassign('group:outer', 'orders-editor', actor),
      had: { ...editor, groups: ['inner', 'outer'] },
      left: { ...nothing, groups: ['inner', 'outer'] },
    },
    {
      what: 'membership in the organization within which a role counts',
      async give() {
        await one.parts.groups.leave(alice, 'inner', actor);
        await one.parts.access.assign(alice, 'orders-editor', actor, { organization: 'acme' });
      },
      take: () => one.parts.organizations.leave('acme', alice, actor),
      had: { ...editor, groups: [] },
      left: { ...nothing, org_id: undefined },
    },
  ];
  for (const { what, give, take, had, left = nothing } of ways) {
    it(`${what} is gone at the next introspection, at the other server too`, async () => {
      await give();
      const before = { ...nothing, ...had };
      assert.deepEqual(await said(one), before);
      await becomes(two, before);
      await take();
      assert.deepEqual(await said(one), { ...nothing, ...left });
      await becomes(two, { ...nothing, ...left });
    });
  }

  it('an answer ends with the first of what it rests on, since nobody is told of that', async () => {
    const { access, groups, organizations } = one.parts;
    const whole = (await introspect({ ...one, issuer: one.url }, token)).exp;
    const exp = async () => (await introspect({ ...one, issuer: one.url }, token)).exp;
    const soon = (seconds: number) => ({ until: Math.floor(Date.now() / 1000) + seconds });
    const [role, member, within] = [soon(90), soon(60), soon(30)];
    await access.assign(alice, 'orders-editor', actor, role);
    assert.equal(await exp(), role.until);
    await groups.join(alice, 'inner', actor, member);
    assert.equal(await exp(), member.until);
    await organizations.join('acme', alice, actor, within);
    assert.equal(await exp(), within.until);
    await organizations.leave('acme', alice, actor);
    await groups.leave(alice, 'inner', actor);
    await access.unassign(alice, 'orders-editor', actor);
    assert.equal(await exp(), whole);
  });
});
