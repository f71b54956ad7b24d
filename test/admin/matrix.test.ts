import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { Api } from '../../src/directory/access.ts';
import { adminPermissions } from '../../src/directory/built-in.ts';
import { page } from '../../src/http/paging.ts';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { type Described, describedBy } from '../support/admin-document.ts';
import { fixtures, type Request } from '../support/admin-fixtures.ts';
import type { World } from '../support/admin-things.ts';
import { startApp } from '../support/app.ts';
import { describing } from '../support/discovery.ts';
import { near } from '../support/logging-out.ts';
import { startReceiver } from '../support/receiver.ts';

// At once, since what is tested follows from the document.
const [app, provider, receiver] = await Promise.all([
  startApp({ ...near, SALLYPORT_IMPERSONATION: 'true' }),
  describing(),
  startReceiver(),
]);
const api = adminApi(app, await adminToken(app));
const operations = await describedBy(app);
const world: World = { app, api, provider: provider.url, receiver: receiver.url, place: undefined, made: [] };
after(async () => {
  await app.close();
  provider.close();
  receiver.close();
});

const requestFor = async ({ name }: Described): Promise<Request> => {
  const fixture = fixtures[name];
  assert.ok(fixture, `${name} has no fixture in test/support/admin-fixtures.ts; add one that really does it`);
  return fixture(world);
};

/** The admin API for whoever may do these things only. */
const known = new Map<string, AdminApi>();
async function holding(permissions: readonly string[]): Promise<AdminApi> {
  const scope = permissions.join(' ');
  const found = known.get(scope) ?? adminApi(app, await adminToken(app, scope));
  known.set(scope, found);
  return found;
}

function oddQueries({ query }: Described, { path }: Request): string[] {
  const sign = path.includes('?') ? '&' : '?';
  const odd = query.flatMap((name) => [`${name}[$ne]=x`, `${name}[$gt]=`, `${name}=a&${name}=b`]);
  return [...odd, ...(query.length > 0 ? ['sort=name;--', '$where=1'] : [])].map((text) => `${path}${sign}${text}`);
}

const foreign = ['tenant_id', 'is_admin', 'emailVerified', 'mfa_enabled', '_id', 'actor', 'signedOut', 'fingerprint'];

function oddBodies({ body: members }: Described, { body }: Request): unknown[] {
  if (members === undefined) return [];
  const rest = JSON.stringify(body ?? {}).slice(1);
  return [
    [body],
    `{"__proto__":{"admin":true}${rest === '}' ? '' : ','}${rest}`,
    ...foreign.map((name) => ({ ...body, [name]: true })),
    ...members.map((name) => ({ ...body, [name]: { $ne: null } })),
  ];
}

async function refusedAsInvalid({ name, method }: Described, sent: { path: string; body?: unknown }): Promise<void> {
  const { status, body } = await api.send(method, sent.path, sent.body);
  assert.deepEqual([status, body.code], [400, 'invalid'], `${name} ${sent.path} ${JSON.stringify(sent.body)}`);
}

/** Done with its own permission; refused with every other one, without a token, and with anything odd in it. */
async function checkAccess(one: Described): Promise<void> {
  const { name, method, permission, also, status } = one;
  const needed = [permission, ...also];
  const request = await requestFor(one);
  const { path, body } = request;
  assert.equal((await fetch(`${app.issuer}/admin/api/v1${path}`, { method })).status, 401, name);
  for (const lacking of needed) {
    const others = await holding(adminPermissions.filter((other) => other !== lacking));
    const refused = await others.send(method, path, body);
    assert.deepEqual([refused.status, refused.body.code], [403, 'insufficient_scope'], name);
    assert.match(refused.headers.get('www-authenticate') ?? '', new RegExp(`scope="${needed.join(' ')}"`), name);
  }
  for (const odd of oddQueries(one, request)) await refusedAsInvalid(one, { body, path: odd });
  for (const odd of oddBodies(one, request)) await refusedAsInvalid(one, { path, body: odd });
  const done = await (await holding(needed)).send(method, path, body);
  assert.equal(done.status, status, `${name}: ${JSON.stringify(done.body)}`);
}

for (const [noun, all] of Map.groupBy(operations, ({ path }) => path.split('/')[1])) {
  it(`${noun}: every operation needs its own permission and no other, and takes nothing odd (sec-267, sec-269, sec-273, sec-274)`, async () => {
    for (const one of all) await checkAccess(one);
  });
}

it('sec-287 has put on the trail first what changes something, and nothing that does not', async () => {
  const asked = new Set<unknown>();
  for (let after = ''; ; ) {
    const events = await app.parts.trail.search({ type: 'admin.asked' }, { after, limit: 1000 });
    for (const { detail } of events) asked.add(detail?.operation);
    if (events.length < 1000) break;
    after = events.at(-1)?.id ?? '';
  }
  assert.deepEqual(
    operations
      .filter(({ name, method }) => asked.has(name) === (method === 'GET'))
      .map(({ name }) => name)
      .sort(),
    // Questions whose answers need a body.
    [
      ...['checkClientSecret', 'checkConnectionSecret', 'configureGateway', 'previewAssignment', 'previewConnection'],
      ...['previewRole', 'sealAuditEvents', 'tryGateway', 'verifyAuditEvents'],
    ],
  );
});

it('has no fixture for what is no operation', () => {
  const names = operations.map(({ name }) => name);
  assert.deepEqual(
    Object.keys(fixtures).filter((name) => !names.includes(name)),
    [],
  );
});

it('gives lists no longer than it says (sec-279)', async () => {
  assert.equal(page.parse({ limit: '999999999' }).limit, 500);
  for (const one of operations.filter(({ query }) => query.includes('limit'))) {
    const { path } = await requestFor(one);
    assert.equal((await api.get(`${path}?limit=999999999`)).status, 200, one.name);
    for (const limit of ['0', '-1', '1.5', '1e999', 'x', '']) {
      assert.equal((await api.get(`${path}?limit=${limit}`)).status, 400, `${one.name} ${limit}`);
    }
    assert.equal((await api.get(`${path}?cursor=%27--`)).status, 400, one.name);
  }
});

describe('several administrators at once', () => {
  const ten = Array.from({ length: 10 }, (_, at) => at);
  const done = async (all: Promise<unknown>[]) =>
    (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled').length;

  it('changes a group once for one ETag: nobody overwrites what another has just included', async () => {
    for (const id of ['busy', ...ten.map((at) => `team${at}`)]) await api.send('POST', '/groups', { id });
    const match = { 'if-match': (await api.get('/groups/busy')).headers.get('etag') ?? '' };
    const all = await Promise.all(
      ten.map((at) => api.send('PATCH', '/groups/busy', { includes: [`team${at}`] }, match)),
    );
    const won = all.filter(({ status }) => status === 200);
    assert.deepEqual([won.length, all.filter(({ status }) => status === 412).length], [1, 9]);
    assert.deepEqual((await api.get('/groups/busy')).body, won[0]?.body);
  });

  it('makes a group, a role and an API once', async () => {
    const { access, rights } = app.parts;
    const by = { actor: 'cli' };
    const id = 'https://twice.example.test';
    const one: Api = { id, permissions: [], tokenFormat: 'opaque', signingAlg: 'RS256', routes: [] };
    const role = { id: 'twice', permissions: [], includes: [] };
    assert.equal(await done(ten.map(() => rights.addGroup(by, { id: 'twice', includes: [] }))), 1);
    assert.equal(await done(ten.map(() => rights.addRole(by, role))), 1);
    assert.equal(await done(ten.map(() => access.addApi(one, 'cli'))), 1);
    const again = await api.send('POST', '/roles', { id: 'twice', permissions: [] });
    assert.deepEqual([again.status, again.body.detail], [409, 'The role twice is already in use; choose another']);
  });
});
