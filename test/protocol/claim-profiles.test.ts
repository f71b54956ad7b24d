import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decodeJwt } from 'jose';
import { type ClaimProfile, claimProfiles } from '../../src/directory/terms.ts';
import { profileMembers, profileScope } from '../../src/protocol/claim-profiles.ts';
import { rightsOf } from '../../src/protocol/rights.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, introspect, redeem } from '../support/code-flow.ts';
import { basic, post } from '../support/oauth.ts';

const orders = 'https://api.example.test/orders';
const host = (app: TestApp) => new URL(app.issuer).host;
let app: TestApp;
let token: string;
let subject: string;
before(async () => {
  app = await startApp();
  const { groups } = app.parts;
  await groups.save({ id: 'sales', includes: [] }, 'cli');
  const user = await app.parts.users.byEmail('alice@example.test');
  subject = user?.id ?? '';
  await groups.join(`user:${subject}`, 'sales', 'cli');
  token = (await redeem(app, await authorize(app, {}, { scope: 'openid orders:read' }))).body.access_token;
});
after(() => app.close());

async function speaking(profile: ClaimProfile, change: { tokenFormat?: 'jwt' | 'opaque' } = {}) {
  const api = await app.parts.access.api(orders);
  assert.ok(api);
  await app.parts.access.saveApi({ ...api, ...change, profile }, 'cli');
}

const standard = ['active', 'iss', 'sub', 'client_id', 'username', 'token_type', 'scope', 'exp', 'iat', 'nbf', 'jti'];
const rights = ['aud', 'roles', 'groups', 'entitlements', 'roles_str', 'entitlements_str'];

/** What each profile adds for Alice, who is an editor, in the group sales, and was given orders:read. */
const added: Record<ClaimProfile, () => Record<string, unknown>> = {
  standard: () => ({ scope: 'openid orders:read' }),
  mulesoft: () => ({
    scope: 'openid orders:read role:orders-editor role:orders-reader',
    uid: 'alice@example.test',
    mail: 'alice@example.test',
  }),
  keycloak: () => ({
    realm_access: { roles: ['orders-editor', 'orders-reader'] },
    resource_access: { 'demo-web': { roles: ['orders:read', 'orders:write'] } },
    preferred_username: 'alice@example.test',
  }),
  cognito: () => ({ 'cognito:groups': ['sales'], token_use: 'access' }),
  entra: () => ({ scp: 'openid orders:read', oid: subject, tid: host(app), appid: 'demo-web' }),
  minimal: () => ({}),
};

for (const profile of claimProfiles) {
  describe(`the claim profile ${profile}`, () => {
    it('says the same live and in a JWT', async () => {
      await speaking(profile, { tokenFormat: 'opaque' });
      const live = await introspect(app, token);
      const wanted = added[profile]();
      assert.deepEqual({ ...live, ...wanted }, live);
      await speaking(profile, { tokenFormat: 'jwt' });
      const fresh = (await redeem(app, await authorize(app, {}, { scope: 'openid orders:read' }))).body;
      const jwt = decodeJwt(fresh.access_token);
      assert.deepEqual({ ...jwt, ...wanted }, jwt);
      for (const name of ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti']) assert.ok(name in jwt, name);
      assert.equal((jwt.exp ?? 0) - (jwt.iat ?? 0), 300, 'a JWT lives for five minutes');
      assert.equal('roles' in jwt, profile !== 'minimal');
    });
    it(profile === 'minimal' ? 'says nothing else' : 'takes nothing of the contract away', async () => {
      await speaking(profile, { tokenFormat: 'opaque' });
      const names = Object.keys(await introspect(app, token));
      if (profile === 'minimal') assert.deepEqual(names.sort(), ['active', 'client_id', 'exp', 'scope', 'sub']);
      else for (const name of [...standard, ...rights]) assert.ok(names.includes(name), name);
    });
  });
}

describe('role:, by which MuleSoft is told roles', () => {
  it('is nobody’s to choose: no permission, no registered scope, no request', async () => {
    await speaking('mulesoft', { tokenFormat: 'opaque' });
    const { access, clients } = app.parts;
    const api = { id: 'https://x.example.test', permissions: ['role:admin'], routes: [] };
    await assert.rejects(
      access.saveApi({ ...api, tokenFormat: 'opaque', signingAlg: 'RS256' }, 'cli'),
      /pass for a role/,
    );
    await assert.rejects(clients.change('demo-web', { metadata: { scope: 'role:admin' } }, 'cli'), /role:/);
    const form = { grant_type: 'client_credentials', scope: 'orders:read role:administrator' };
    const refused = await post(`${app.issuer}/oauth2/token`, form, basic(app.client('demo-service')));
    assert.deepEqual([refused.status, refused.body.error], [400, 'invalid_scope']);
    const asked = await authorize(app, {}, { scope: 'openid orders:read role:administrator' });
    const { body } = await redeem(app, asked);
    const { scope } = await introspect(app, body.access_token);
    assert.equal(scope, 'openid orders:read role:orders-editor role:orders-reader');
  });
});

describe('somebody in very many groups (T17)', () => {
  it('breaks no gateway: the answer stays under 16 KiB and says that groups are missing', async () => {
    await speaking('standard', { tokenFormat: 'opaque' });
    const { groups } = app.parts;
    const names = Array.from(
      { length: 150 },
      (_, index) => `a-group-with-a-long-name-${String(index).padStart(4, '0')}`,
    );
    await groups.save({ id: 'all-of-them', includes: [] }, 'cli');
    for (const id of names) await groups.save({ id, includes: ['all-of-them'] }, 'cli');
    await groups.join(`user:${subject}`, 'all-of-them', 'cli');
    const { status, body, headers } = await post(
      `${app.issuer}/oauth2/introspect`,
      { token },
      basic(app.client('demo-gateway')),
    );
    assert.deepEqual([status, body.groups_overage, body.active], [200, true, true]);
    assert.ok(Number(headers.get('content-length')) < 16 * 1024);
    assert.ok(body.groups.length > 50 && body.groups.length <= 100, String(body.groups.length));
    for (const name of Object.keys(body)) assert.match(name, /^\w+$/);
    await groups.leave(`user:${subject}`, 'all-of-them', 'cli');
    assert.equal('groups_overage' in (await introspect(app, token)), false);
  });
  it('has no more than fits, whatever the lists are', () => {
    const many = (length: number) => Array.from({ length }, (_, index) => `${'x'.repeat(95)}${index}`);
    const all = rightsOf({ roles: many(5000), groups: many(5000), entitlements: many(5000) });
    assert.ok(JSON.stringify(all).length < 12 * 1024);
    assert.deepEqual([all.roles_overage, all.groups_overage, all.entitlements_overage], [true, true, true]);
    assert.equal(all.roles_str, all.roles.join(' '));
    for (const [where, most] of [
      ['answer', 14 * 1024],
      // As a header, in base64 and with its signature, it stays under 8 KiB.
      ['jwt', 5.5 * 1024],
    ] as const) {
      const rights = rightsOf({ roles: many(5000), groups: many(5000), entitlements: many(5000) }, where);
      for (const profile of claimProfiles) {
        const facts = {
          subject: 's'.repeat(40),
          clientId: 'c'.repeat(40),
          username: 'u'.repeat(100),
          tenant: 't',
          rights,
        };
        const said = {
          ...rights,
          ...profileMembers(profile, facts),
          scope: profileScope(profile, { scope: 'a', rights }),
        };
        assert.ok(JSON.stringify(said).length < most, `${where} ${profile}: ${JSON.stringify(said).length}`);
      }
    }
    const few = rightsOf({ roles: ['a'], groups: [], entitlements: ['b', 'c'] });
    assert.deepEqual(few, {
      roles: ['a'],
      groups: [],
      entitlements: ['b', 'c'],
      roles_str: 'a',
      entitlements_str: 'b c',
    });
  });
});

describe('a gateway that must ask again sooner', () => {
  it('is told an earlier end, and no other gateway is', async () => {
    await speaking('standard', { tokenFormat: 'opaque' });
    const { client, secret = '' } = await app.parts.clients.add(
      { id: 'hasty', metadata: { grant_types: [] }, introspects: 'all', cacheSeconds: 30 },
      'cli',
    );
    const hasty = () =>
      post(`${app.issuer}/oauth2/introspect`, { token }, basic({ client_id: client.id, client_secret: secret }));
    const told = (await hasty()).body;
    assert.ok(told.exp - Date.now() / 1000 <= 30 && told.exp - Date.now() / 1000 > 0);
    assert.ok((await introspect(app, token)).exp > told.exp);
    await app.parts.clients.change('hasty', { cacheSeconds: undefined }, 'cli');
    assert.equal((await hasty()).body.exp, (await introspect(app, token)).exp);
    for (const cacheSeconds of [0, 1.5, 90_000]) {
      await assert.rejects(app.parts.clients.change('hasty', { cacheSeconds }, 'cli'), /whole seconds/);
    }
  });
});
