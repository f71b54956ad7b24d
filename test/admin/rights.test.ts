import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';

const orders = 'https://api.example.test/orders';
const stock = 'https://stock.example.test/?all=1';
const at = (id: string): string => encodeURIComponent(id);

let app: TestApp;
let api: AdminApi;
before(async () => {
  app = await startApp();
  api = adminApi(app, await adminToken(app));
});
after(() => app.close());

const idOf = async (email: string): Promise<string> => (await app.parts.users.byEmail(email))?.id ?? '';
const made = async (path: string, body: object) => {
  const answer = await api.send('POST', path, body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
};

/** A client that holds these permissions of the administration through a role of its own, and its API. */
async function manager(id: string, permissions: string[]): Promise<AdminApi> {
  const { clients, access } = app.parts;
  const { secret = '' } = await clients.add({ id, metadata: { grant_types: ['client_credentials'] } }, 'cli');
  await access.saveRole(
    { id, permissions: permissions.map((name) => `urn:sallyport:admin#${name}`), includes: [] },
    'cli',
  );
  await access.assign(`client:${id}`, id, 'cli');
  const form = { grant_type: 'client_credentials', resource: 'urn:sallyport:admin' };
  const { body } = await post(`${app.issuer}/oauth2/token`, form, basic({ client_id: id, client_secret: secret }));
  return adminApi(app, body.access_token);
}

describe('/admin/api/v1/apis', () => {
  it('adds, shows, changes and removes, each under the names of the wire', async () => {
    const body = await made('/apis', { id: stock, permissions: ['stock:read'], acr: '2fa', profile: 'keycloak' });
    assert.deepEqual(body, {
      ...{ id: stock, permissions: ['stock:read'], token_format: 'opaque', signing_alg: 'RS256', routes: [] },
      ...{ acr: '2fa', profile: 'keycloak' },
    });
    assert.equal((await api.send('POST', '/apis', { id: stock })).status, 409);
    const { headers } = await api.get(`/apis/${at(stock)}`);
    const change = { acr: null, max_age: 60, token_format: 'jwt' };
    const match = { 'if-match': headers.get('etag') ?? '' };
    const changed = await api.send('PATCH', `/apis/${at(stock)}`, change, match);
    assert.deepEqual([changed.status, changed.body.acr, changed.body.max_age], [200, undefined, 60]);
    assert.equal(changed.body.profile, 'keycloak');
    assert.equal((await api.send('PATCH', `/apis/${at(stock)}`, change, match)).status, 412);
    assert.equal((await api.send('PATCH', `/apis/${at('urn:sallyport:admin')}`, { routes: [] })).body.code, 'built_in');
    const used = await api.send('PATCH', `/apis/${at(orders)}`, { permissions: [], routes: [] });
    assert.deepEqual([used.status, used.body.code], [409, 'in_use']);
    const listed = (await api.get('/apis?limit=2')).body;
    assert.deepEqual([listed.items.length, typeof listed.next], [2, 'string']);
    assert.equal((await api.send('DELETE', `/apis/${at(stock)}`)).status, 204);
    assert.equal((await api.get(`/apis/${at(stock)}`)).status, 404);
  });

  it('refuses members that it does not have, and operators (sec-269, sec-273)', async () => {
    for (const body of [{ id: stock, tenant: 'x' }, { id: { $ne: null } }, { id: stock, permissions: { $gt: '' } }]) {
      const { status, body: said } = await api.send('POST', '/apis', body);
      assert.deepEqual([status, said.code], [400, 'invalid']);
    }
    const proto = await api.send('POST', '/roles', '{"id":"p","__proto__":{"permissions":["x#y"]}}');
    assert.notEqual(proto.status, 500);
    assert.deepEqual((await app.parts.access.role('p'))?.permissions ?? [], []);
    for (const query of ['subject[$ne]=x', 'role[$gt]=', 'sort=name;--']) {
      assert.equal((await api.get(`/assignments?${query}`)).status, 400, query);
    }
  });
});

describe('/admin/api/v1/groups, organizations, assignments and access/explain', () => {
  it('give a person roles through a group, within an organisation, and say why', async () => {
    const alice = `user:${await idOf('alice@example.test')}`;
    await made('/roles', { id: 'buyer', permissions: [`${orders}#orders:read`] });
    assert.equal((await api.send('PATCH', '/roles/buyer', { includes: ['buyer'] })).status, 400);
    assert.deepEqual(await made('/groups', { id: 'sales' }), { id: 'sales', includes: [] });
    assert.deepEqual(await made('/groups', { id: 'all', includes: ['sales'] }), { id: 'all', includes: ['sales'] });
    const circle = await api.send('PATCH', '/groups/sales', { includes: ['all'] });
    assert.deepEqual([circle.status, /sales → all → sales/.test(circle.body.detail)], [400, true]);
    const until = Math.floor(Date.now() / 1000) + 3600;
    const member = await made('/groups/sales/members', { subject: 'alice@example.test', until });
    assert.deepEqual(member, { subject: alice, name: 'alice@example.test', until });
    const acme = { id: 'acme', name: 'Acme', domains: ['acme.test'], connections: [] };
    assert.deepEqual(await made('/organizations', acme), acme);
    await made('/organizations/acme/members', { subject: alice });
    const within = { subject: 'group:all', role: 'buyer', organization: 'acme' };
    const assignment = await made('/assignments', within);
    assert.match(assignment.id, /^[\w-]+$/);
    assert.deepEqual((await api.get(`/assignments/${assignment.id}`)).body, assignment);
    assert.deepEqual((await api.get('/assignments?organization=acme')).body.items, [assignment]);
    assert.deepEqual((await api.get('/assignments?subject=group:all&role=buyer')).body.items, [assignment]);
    const query = `subject=alice@example.test&audience=${at(orders)}&organization=acme`;
    const { body } = await api.get(`/access/explain?${query}`);
    assert.deepEqual([body.subject, body.groups, body.more], [alice, ['all', 'sales'], false]);
    assert.deepEqual(
      body.paths.find(({ organization }: { organization?: string }) => organization),
      { permission: 'orders:read', groups: ['sales', 'all'], roles: ['buyer'], until, organization: 'acme' },
    );
    assert.equal((await api.send('DELETE', `/assignments/${assignment.id}`)).status, 204);
    assert.equal((await api.send('DELETE', `/assignments/${assignment.id}`)).status, 404);
    assert.deepEqual((await api.get('/groups/sales/members?limit=999999999')).body.items, [member]);
    assert.equal((await api.send('DELETE', `/groups/sales/members/${at(alice)}`)).status, 204);
    assert.deepEqual((await api.get('/groups/sales/members')).body.items, []);
    assert.deepEqual((await api.get('/organizations/acme/members')).body.items, [
      { subject: alice, name: 'alice@example.test' },
    ]);
    assert.equal((await api.send('PATCH', '/organizations/acme', { name: 'ACME' })).body.name, 'ACME');
    assert.equal((await api.send('DELETE', `/organizations/acme/members/${at('alice@example.test')}`)).status, 204);
    assert.equal((await api.send('DELETE', '/organizations/acme')).status, 204);
    assert.equal((await api.send('DELETE', '/groups/all')).status, 204);
    assert.equal((await api.send('DELETE', '/roles/buyer')).status, 204);
  });

  it('know nobody who does not exist', async () => {
    for (const subject of ['group:nobody', 'nobody@example.test', 'user:usr_nobody', 'client:nobody']) {
      const { status } = await api.send('POST', '/assignments', { subject, role: 'orders-reader' });
      assert.equal(status, 404, subject);
    }
    for (const path of [
      '/roles/none',
      '/groups/none',
      '/organizations/none',
      '/assignments/bm9uZQ',
      '/groups/none/members',
    ]) {
      assert.equal((await api.get(path)).status, 404, path);
    }
    const where = { subject: 'bob@example.test', role: 'orders-reader', organization: 'none' };
    assert.equal((await api.send('POST', '/assignments', where)).status, 404);
    const bounded = { ...where, role: 'administrator', organization: 'bound' };
    await made('/organizations', { id: 'bound' });
    assert.equal((await api.send('POST', '/assignments', bounded)).status, 400);
  });
});

describe('rules of connections', () => {
  it('name a role or a group, and not both', async () => {
    const settings = { preset: 'generic-ldap', from: 'ldaps://ldap.example.test/dc=example', id: 'rules' };
    for (const rule of [{ upstream: 'a' }, { upstream: 'a', role: 'orders-reader', group: 'b' }]) {
      const { status, body } = await api.send('POST', '/connections', { ...settings, group_rules: [rule] });
      assert.deepEqual([status, /a role or a group/.test(body.detail)], [400, true], JSON.stringify(body));
    }
  });
});

describe('self-promotion (sec-270)', () => {
  const refused = async (answer: Promise<{ status: number; body: { code: string } }>) => {
    const { status, body } = await answer;
    assert.deepEqual([status, body.code], [403, 'beyond_own_rights']);
  };
  let limited: AdminApi;
  const me = 'client:manager';
  before(async () => {
    limited = await manager('manager', ['roles:write', 'assignments:write', 'groups:write', 'organizations:write']);
  });

  it('is refused by an assignment: of the administrator, of what includes it, of more than the caller may', async () => {
    await app.parts.access.saveRole({ id: 'boss', permissions: [], includes: ['administrator'] }, 'cli');
    await app.parts.access.saveRole(
      { id: 'auditor', permissions: ['urn:sallyport:admin#audit-events:read'], includes: [] },
      'cli',
    );
    for (const role of ['administrator', 'boss', 'auditor']) {
      for (const subject of [me, 'bob@example.test'])
        await refused(limited.send('POST', '/assignments', { subject, role }));
    }
    await refused(limited.send('POST', '/assignments', { subject: me, role: 'orders-editor' }));
    assert.equal(
      (await limited.send('POST', '/assignments', { subject: 'bob@example.test', role: 'orders-editor' })).status,
      201,
    );
    assert.equal((await limited.send('POST', '/assignments', { subject: me, role: 'manager' })).status, 201);
  });

  it('is refused by the definition of a role, new or held, and by what it includes', async () => {
    const audits = { permissions: ['urn:sallyport:admin#audit-events:read'] };
    await refused(limited.send('POST', '/roles', { id: 'mine', ...audits }));
    await refused(limited.send('POST', '/roles', { id: 'mine', includes: ['boss'] }));
    await refused(limited.send('PATCH', '/roles/orders-reader', audits));
    await refused(limited.send('PATCH', '/roles/manager', { includes: ['orders-reader'] }));
    assert.equal(
      (await limited.send('POST', '/roles', { id: 'free', permissions: [`${orders}#orders:read`] })).status,
      201,
    );
    assert.equal((await limited.send('PATCH', '/roles/free', { permissions: [] })).status, 200);
  });

  it('is refused by groups that the caller joins, is in, or includes, and by organisations', async () => {
    const { access, groups, organizations } = app.parts;
    for (const id of ['bosses', 'editors', 'mine', 'nested']) await groups.save({ id, includes: [] }, 'cli');
    await access.assign('group:bosses', 'boss', 'cli');
    await access.assign('group:editors', 'orders-editor', 'cli');
    await groups.join(me, 'mine', 'cli');
    await refused(limited.send('POST', '/groups/bosses/members', { subject: 'bob@example.test' }));
    await refused(limited.send('POST', '/groups/editors/members', { subject: me }));
    await refused(limited.send('POST', '/groups/editors/members', { subject: 'group:mine' }));
    await refused(limited.send('PATCH', '/groups/editors', { includes: ['mine'] }));
    await refused(limited.send('PATCH', '/groups/bosses', { includes: ['nested'] }));
    await refused(limited.send('POST', '/assignments', { subject: 'group:mine', role: 'orders-editor' }));
    await organizations.add({ id: 'initech', name: 'Initech', domains: [], connections: [] }, 'cli');
    await access.assign(me, 'orders-editor', 'cli', { organization: 'initech' });
    await refused(limited.send('POST', '/organizations/initech/members', { subject: me }));
    assert.equal((await limited.send('POST', '/groups/editors/members', { subject: 'bob@example.test' })).status, 201);
  });

  it('takes the place of no client that may do more, by its secret, keys or addresses', async () => {
    const { clients } = app.parts;
    const keeper = await manager('keeper', ['clients:write', 'clients:read']);
    await manager('mighty', ['users:write']);
    const attempts: [string, string, object][] = [
      ['POST', '/clients/mighty/secrets', { overlap: 0 }],
      [
        'PATCH',
        '/clients/mighty',
        { redirect_uris: ['https://mine.example.test/cb'], grant_types: ['authorization_code'] },
      ],
      [
        'PATCH',
        '/clients/mighty',
        { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://mine.example.test/k' },
      ],
    ];
    for (const [method, path, body] of attempts) await refused(keeper.send(method, path, body));
    assert.equal((await clients.get('mighty'))?.secrets.length, 1);
    await manager('lesser', ['clients:read']);
    assert.equal((await keeper.send('POST', '/clients/lesser/secrets', {})).status, 201);
    assert.equal((await keeper.send('PATCH', '/clients/lesser', { client_name: 'Less' })).status, 200);
    assert.equal((await api.send('POST', '/clients/mighty/secrets', {})).status, 201);
    const narrow = adminApi(app, await adminToken(app, 'clients:write'));
    await refused(narrow.send('POST', '/clients/mighty/secrets', {}));
    // On the server's own machine the operator may.
    assert.ok((await clients.rotateSecret('mighty', 'cli', 0)).secret);
  });

  it('is refused to an administrator whose token allows less', async () => {
    const narrow = adminApi(app, await adminToken(app, 'assignments:write'));
    await refused(narrow.send('POST', '/assignments', { subject: 'bob@example.test', role: 'administrator' }));
  });
});

describe('the last administrator (sec-271)', () => {
  const code = async (answer: Promise<{ status: number; body: { code: string } }>) => {
    const { status, body } = await answer;
    return status === 409 ? body.code : String(status);
  };
  const assigned = async (subject: string): Promise<string> => {
    const { body } = await api.get(`/assignments?subject=${at(subject)}&role=administrator`);
    return `/assignments/${body.items[0]?.id}`;
  };

  it('stays, whatever is taken away: assignment, group, membership, role', async () => {
    const { groups, access } = app.parts;
    const admin = 'admin@example.test';
    assert.equal(await code(api.send('DELETE', await assigned(admin))), 'last_administrator');
    await groups.save({ id: 'office', includes: [] }, 'cli');
    await groups.save({ id: 'desk', includes: [] }, 'cli');
    await made('/roles', { id: 'chief', includes: ['administrator'] });
    await made('/assignments', { subject: 'group:office', role: 'chief' });
    await made('/groups/desk/members', { subject: admin });
    await made('/groups/office/members', { subject: 'group:desk' });
    assert.equal(await code(api.send('DELETE', await assigned(admin))), '204');
    assert.equal(await code(api.send('DELETE', `/groups/desk/members/${at(admin)}`)), 'last_administrator');
    assert.equal(await code(api.send('PATCH', '/groups/office', { includes: [] })), 'last_administrator');
    assert.equal(await code(api.send('DELETE', '/groups/desk')), 'last_administrator');
    assert.equal(await code(api.send('DELETE', '/groups/office')), 'last_administrator');
    assert.equal(await code(api.send('PATCH', '/roles/chief', { includes: [] })), 'last_administrator');
    assert.equal(await code(api.send('DELETE', '/roles/chief')), 'last_administrator');
    await made('/roles', { id: 'above', includes: ['chief'] });
    assert.equal(await code(api.send('DELETE', '/roles/chief')), 'in_use');
    assert.equal((await api.get('/assignments?role=chief')).body.items.length, 1);
    assert.equal(await code(api.send('DELETE', '/roles/above')), '204');
    const { roles } = await app.parts.decide.held(`user:${await idOf(admin)}`, undefined);
    assert.ok(roles.includes('administrator'));
    await access.assign(`user:${await idOf(admin)}`, 'administrator', 'cli');
    assert.equal(await code(api.send('DELETE', '/groups/office')), '204');
  });

  it('stays when two are taken away at the same moment', async () => {
    await made('/assignments', { subject: 'bob@example.test', role: 'administrator' });
    const both = await Promise.all(['admin@example.test', 'bob@example.test'].map(assigned));
    const codes = await Promise.all(both.map((path) => code(api.send('DELETE', path))));
    assert.ok(codes.includes('last_administrator'), codes.join());
    const { body } = await api.get('/assignments?role=administrator');
    assert.ok(body.items.some(({ subject }: { subject: string }) => subject.startsWith('user:')));
  });
});
