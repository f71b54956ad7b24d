import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { type Demo, makeDemo } from '../../src/demo.ts';
import { type House, openHouse } from '../../src/house.ts';
import { cli } from '../support/cli.ts';
import { storeUrl } from '../support/store.ts';

const masterKey = Buffer.alloc(32, 7);
const houses: House[] = [];
after(() => Promise.all(houses.map(({ store }) => store.close())));

async function house(url: string): Promise<House> {
  const opened = await openHouse(loadConfig({ SALLYPORT_STORE: url }), async () => masterKey);
  houses.push(opened);
  await opened.access.ensureBuiltIn();
  return opened;
}

const orders = 'https://api.example.test/orders';

describe('the demo resources', () => {
  const config = loadConfig({});
  let home: House;
  let demo: Demo;
  before(async () => {
    home = await house(await storeUrl());
    ({ demo } = await makeDemo(config, home));
  });

  it('are the API, roles, clients, registrar and people of the contract', async () => {
    const { access, clients, registrars, users } = home;
    const api = await access.api(orders);
    assert.deepEqual(
      [api?.permissions, api?.host, api?.tokenFormat],
      [['orders:read', 'orders:write'], 'api.example.test', 'opaque'],
    );
    assert.deepEqual(api?.routes, [
      'GET /orders/** = orders:read',
      ...['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => `${method} /orders/** = orders:write`),
    ]);
    assert.deepEqual((await access.role('orders-editor'))?.includes, ['orders-reader']);
    const web = await clients.get('demo-web');
    assert.deepEqual([web?.metadata.grant_types, web?.firstParty], [['authorization_code', 'refresh_token'], true]);
    assert.deepEqual(web?.metadata.redirect_uris, ['http://localhost:8080/callback']);
    assert.equal((await clients.get('demo-gateway'))?.introspects, 'all');
    assert.equal((await registrars.byToken(demo.registrars['demo-registrar']?.token ?? ''))?.approve, 'pending');
    assert.equal((await users.byEmail('alice@example.test'))?.profile.address?.locality, 'Berlin');
  });

  it('hold the permissions of the contract', async () => {
    const { decide, users } = home;
    const held = async (subject: string, audience: string) => (await decide.held(subject, audience)).entitlements;
    const person = async (name: string) => `user:${(await users.byEmail(`${name}@example.test`))?.id}`;
    assert.deepEqual(await held('client:demo-service', orders), ['orders:read']);
    assert.deepEqual(await held(await person('alice'), orders), ['orders:read', 'orders:write']);
    assert.deepEqual(await held(await person('bob'), orders), []);
    const all = (await home.access.api('urn:sallyport:admin'))?.permissions.toSorted();
    assert.deepEqual(await held('client:demo-admin', 'urn:sallyport:admin'), all);
    assert.deepEqual(await held(await person('admin'), 'urn:sallyport:admin'), all);
  });

  it('have secrets and passwords of their own, which open', async () => {
    const { clients, users } = home;
    const secrets = Object.values(demo.clients).map(({ client_secret = '' }) => client_secret);
    const passwords = Object.values(demo.users).map(({ password }) => password);
    const tokens = Object.values(demo.registrars).map(({ token }) => token);
    assert.equal(new Set([...secrets, ...passwords, ...tokens]).size, 4 + 3 + 1);
    for (const [id, { client_secret = '' }] of Object.entries(demo.clients)) {
      const client = await clients.get(id);
      assert.ok(client && clients.secretFits(client, client_secret), id);
    }
    for (const [email, { password }] of Object.entries(demo.users))
      assert.ok(await users.signIn(email, password), email);
  });

  it('stay removed when somebody removes them, and changed when somebody changes them', async () => {
    await home.clients.remove('demo-gateway', 'test');
    await home.clients.change('demo-web', { name: 'Mine' }, 'test');
    const again = await makeDemo(config, home);
    assert.equal(again.fresh, false);
    assert.equal(await home.clients.get('demo-gateway'), undefined);
    assert.equal((await home.clients.get('demo-web'))?.name, 'Mine');
    assert.deepEqual(again.demo, demo);
  });
});

describe('the demo resources, made twice at the same moment', () => {
  it('are one set, with one secret each, for which exactly one was the first', async () => {
    const url = await storeUrl();
    const homes = await Promise.all([1, 2, 3, 4].map(() => house(url)));
    const made = await Promise.all(homes.map((home) => makeDemo(loadConfig({}), home)));
    for (const { demo } of made) assert.deepEqual(demo, made[0]?.demo);
    assert.equal(made.filter(({ fresh }) => fresh).length, 1);
    const [home] = homes;
    assert.equal((await home?.clients.list())?.length, 4);
    assert.equal((await home?.users.list())?.length, 3);
  });

  it('are finished, with the same secrets, by whoever comes after a crash', async () => {
    const home = await house(await storeUrl());
    const config = loadConfig({});
    const part = (demo: Partial<NonNullable<Config['demo']>>): Config => ({
      ...config,
      demo: { apis: [], roles: [], clients: [], registrars: [], users: [], ...demo },
    });
    const { apis, roles, clients } = config.demo ?? assert.fail();
    const half = await makeDemo(part({ apis, roles, clients: clients.slice(0, 1) }), home);
    const broken: House = {
      ...home,
      users: Object.assign(Object.create(home.users), { add: () => Promise.reject(new Error('the power is gone')) }),
    };
    await assert.rejects(makeDemo(config, broken), /the power is gone/);
    const whole = await makeDemo(config, home);
    assert.deepEqual(whole.demo.clients['demo-service'], half.demo.clients['demo-service']);
    const { password = '' } = whole.demo.users['bob@example.test'] ?? {};
    assert.ok(await home.users.signIn('bob@example.test', password));
  });
});

describe('sallyport demo', () => {
  it('prints the same to several that ask at once before the first start, and again later', async () => {
    const sallyport = await cli();
    const [one, other] = await Promise.all([sallyport.json(['demo']), sallyport.json(['demo'])]);
    assert.deepEqual(one, other);
    assert.deepEqual(Object.keys(one), ['issuer', 'clients', 'users', 'registrars']);
    const { clients } = one as unknown as Demo;
    const service = clients['demo-service'];
    assert.equal(service?.client_id, 'demo-service');
    assert.equal((await sallyport.run(['demo', '--secret', 'demo-service'])).stdout, `${service?.client_secret}\n`);
    const { stdout } = await sallyport.run(['demo']);
    assert.ok(stdout.includes(`-u "demo-service:${service?.client_secret}"`));
    assert.equal((await sallyport.run(['demo', '--secret', 'nobody'])).status, 1);
  });

  it('makes nothing where the configuration has none', async () => {
    const { status, stderr } = await (await cli({ SALLYPORT_CONFIG: '/dev/null' })).run(['demo']);
    assert.equal(status, 1);
    assert.match(stderr, /no section "demo"/);
  });
});
