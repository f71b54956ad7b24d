import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { takenBack } from '../../src/signin/by-provider.ts';
import { startApp, type TestApp } from '../support/app.ts';
import type { Page } from '../support/browser.ts';
import { begin, connect, person, startProvider, Traveller } from '../support/federation.ts';
import { redeem } from '../support/signing-in.ts';

const orders = 'https://api.example.test/orders';
let home: TestApp;
let provider: TestApp;
before(async () => {
  home = await startApp();
  provider = await startProvider();
  await connect(home, provider, 'corp', {
    scope: 'openid profile email roles',
    groups: ['roles'],
    groupRules: [
      { upstream: 'staff', group: 'crew' },
      { upstream: 'staff', group: 'not-made' },
      { upstream: 'chief', group: 'office' },
      { upstream: 'chief', role: 'orders-editor' },
    ],
  });
  const { access, groups, organizations } = home.parts;
  for (const id of ['crew', 'office', 'everybody']) await groups.save({ id, includes: [] }, 'cli');
  await groups.save({ id: 'everybody', includes: ['crew'] }, 'cli');
  await access.assign('group:everybody', 'orders-reader', 'cli');
  await access.assign('group:office', 'administrator', 'cli');
  await organizations.add({ id: 'acme', name: 'Acme', domains: [], connections: ['corp'] }, 'cli');
  for (const id of ['staff', 'chief'])
    await provider.parts.access.saveRole({ id, permissions: [], includes: [] }, 'cli');
});
after(() => Promise.all([home.close(), provider.close()]));

async function through(email: string): Promise<string> {
  const browser = new Traveller(home, provider);
  const page: Page = await browser.signIn(await begin(browser, home), email);
  return (await redeem(home, page)).claims.sub;
}
const held = (id: string, audience = orders) => home.parts.decide.held(`user:${id}`, audience);

describe('a sign-in through a connection whose rules name groups', () => {
  it('puts people into them, as long as the provider says so, and into the organisation', async () => {
    const there = await person(provider, 'ana@corp.example');
    await provider.parts.access.assign(`user:${there.id}`, 'staff', 'cli');
    const id = await through('ana@corp.example');
    assert.deepEqual(await held(id), {
      ...{ roles: ['orders-reader'], groups: ['crew', 'everybody'], entitlements: ['orders:read'] },
    });
    assert.equal(await home.parts.organizations.isMember('acme', `user:${id}`), true);
    const events = await home.parts.trail.search({ target: `user:${id}`, actor: 'connection:corp' });
    const joined = events.filter(({ type }) => type.endsWith('.joined'));
    assert.deepEqual(
      joined.map(({ detail }) => detail),
      [
        { group: 'crew', connection: 'corp' },
        { organization: 'acme', connection: 'corp' },
      ],
    );
    await provider.parts.access.unassign(`user:${there.id}`, 'staff', 'cli');
    assert.equal(await through('ana@corp.example'), id);
    assert.deepEqual((await held(id)).groups, []);
    assert.equal(await home.parts.organizations.isMember('acme', `user:${id}`), true);
  });

  it('makes nobody an administrator by a group that administers (sec-270)', async () => {
    const there = await person(provider, 'bea@corp.example');
    await provider.parts.access.assign(`user:${there.id}`, 'chief', 'cli');
    const id = await through('bea@corp.example');
    const { roles, groups, entitlements } = await held(id, 'urn:sallyport:admin');
    assert.deepEqual([roles, groups, entitlements], [['orders-editor', 'orders-reader'], ['office'], []]);
  });

  it('asks for a second factor by the policy of a group here, which the provider cannot leave out', async () => {
    const { demands, mfaPolicies, groups } = home.parts;
    await person(provider, 'cyd@corp.example');
    const id = await through('cyd@corp.example');
    await mfaPolicies.change('group:everybody', { secondFactor: 'required', grace: 0 }, 'cli');
    const asking = { user: { id, email: 'cyd@corp.example', emailVerified: false }, client: 'demo-web' };
    const asked = async () => [(await demands.of(asking)).secondFactor, await demands.guarded(asking.user)];
    assert.deepEqual(await asked(), ['if-enrolled', false]);
    await groups.join(`user:${id}`, 'crew', 'cli');
    assert.deepEqual(await asked(), ['required', true]);
    await mfaPolicies.remove('group:everybody', 'cli');
  });

  it('takes back what it gave when the account is disconnected, and when the connection goes', async () => {
    const { connections, groups, organizations } = home.parts;
    const there = await person(provider, 'dot@corp.example');
    await provider.parts.access.assign(`user:${there.id}`, 'staff', 'cli');
    const id = await through('dot@corp.example');
    const subject = `user:${id}`;
    assert.deepEqual([await groups.of(subject), await organizations.of(subject)], [['crew', 'everybody'], ['acme']]);
    await takenBack(home.parts, id, 'corp', 'cli');
    assert.deepEqual([await groups.of(subject), await organizations.of(subject)], [[], []]);
    assert.equal(await through('dot@corp.example'), id);
    await connections.remove('corp', 'cli');
    assert.deepEqual([await groups.of(subject), await organizations.of(subject)], [[], []]);
    assert.deepEqual((await organizations.get('acme'))?.connections, []);
  });
});
