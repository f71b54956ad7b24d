import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { delegable } from '../../src/directory/built-in.ts';
import { somebody } from '../support/account.ts';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { type Described, describedBy } from '../support/admin-document.ts';
import { fixtures, type Request } from '../support/admin-fixtures.ts';
import type { World } from '../support/admin-things.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Describing, describing } from '../support/discovery.ts';
import { near } from '../support/logging-out.ts';
import { type Answer, basic, post } from '../support/oauth.ts';

const orders = 'https://api.example.test/orders';
const admin = 'urn:sallyport:admin';
let app: TestApp;
let whole: AdminApi;
let provider: Describing;
let operations: Described[];
let secret: string;
before(async () => {
  [app, provider] = await Promise.all([startApp({ ...near, SALLYPORT_IMPERSONATION: 'true' }), describing()]);
  whole = adminApi(app, await adminToken(app));
  operations = await describedBy(app);
  const { access, clients, organizations } = app.parts;
  for (const id of ['acme', 'globex']) await organizations.add({ id, name: id, domains: [], connections: [] }, 'cli');
  const permissions = [...[...delegable].map((name) => `${admin}#${name}`), `${orders}#orders:read`];
  await access.saveRole({ id: 'local', permissions, includes: [] }, 'cli');
  const made = await clients.add({ id: 'acme-office', metadata: { grant_types: ['client_credentials'] } }, 'cli');
  secret = made.secret ?? '';
  await organizations.join('acme', 'client:acme-office', 'cli');
  assert.equal((await whole.send('POST', '/assignments', here('client:acme-office', 'local'))).status, 201);
});
after(async () => {
  await app.close();
  provider.close();
});

/** What has operations for one organisation. */
const nouns = ['assignments', 'clients', 'connections', 'organizations', 'sessions', 'users'];
const here = (subject: string, role: string) => ({ subject, role, organization: 'acme' });
const code = ({ status, body }: Answer): string => (status < 300 ? String(status) : `${status} ${body.code}`);

const tokenOf = async (form: Record<string, string>): Promise<Answer> =>
  post(
    `${app.issuer}/oauth2/token`,
    { grant_type: 'client_credentials', resource: admin, ...form },
    basic({ client_id: 'acme-office', client_secret: secret }),
  );
const local = async (): Promise<AdminApi> => adminApi(app, (await tokenOf({ organization: 'acme' })).body.access_token);

async function requestFor({ name }: Described, place: string | undefined): Promise<Request & { made: string[] }> {
  const fixture = fixtures[name];
  assert.ok(fixture, `${name} has no fixture in test/support/admin-fixtures.ts`);
  const made: string[] = [];
  const world: World = { app, api: whole, provider: provider.url, receiver: 'https://receiver.example', place, made };
  return { ...(await fixture(world)), made };
}

/** Done for what is of the own organisation, and nothing is found of others, whichever way they are named. */
async function checkBounds(one: Described): Promise<void> {
  const api = await local();
  const { name, method, status } = one;
  for (const place of ['globex', undefined]) {
    const { path, body, made } = await requestFor(one, place);
    if (!path.includes('/', 1) && body === undefined) {
      const text = JSON.stringify((await api.send(method, path)).body);
      assert.deepEqual(
        [...made, 'globex', 'demo-web', 'alice@'].filter((id) => text.includes(id)),
        [],
        name,
      );
    } else if (!['addUser', 'addConnection'].includes(name)) {
      const refused = await api.send(method, path, body);
      assert.equal(code(refused), '404 missing', `${name} ${path} ${JSON.stringify(body)}`);
    }
  }
  const own = await requestFor(one, 'acme');
  // The fixture gives its word for a domain, which counts for the whole server only.
  const expected = name === 'verifyConnectionDomain' ? 403 : status;
  assert.equal((await api.send(method, own.path, own.body)).status, expected, name);
}

describe('whoever administers one organisation', () => {
  it('gets a token for it, and without naming it one that allows nothing', async () => {
    const { body } = await tokenOf({ organization: 'acme' });
    assert.deepEqual(body.scope.split(' ').sort(), [...delegable].sort());
    assert.equal((await tokenOf({})).body.scope, undefined);
    const [{ body: asked }, { body: foreign }] = [
      await tokenOf({ scope: 'users:read' }),
      await tokenOf({ organization: 'globex' }),
    ];
    assert.deepEqual([asked.error, foreign.error], ['invalid_scope', 'invalid_request']);
    const unnamed = adminApi(app, (await tokenOf({})).body.access_token);
    assert.equal(code(await unnamed.get('/users')), '403 insufficient_scope');
  });

  it('does nothing that is about the whole server: what keeps to no organisation is closed', async () => {
    const api = await local();
    for (const { name, method, path, permission, delegable: open } of operations) {
      if (open) continue;
      const { status, body } = await api.send(method, path.replaceAll(/\{\w+\}/g, 'acme'));
      const expected = delegable.has(permission) ? 'beyond_organization' : 'insufficient_scope';
      assert.deepEqual([status, body.code], [403, expected], name);
    }
  });

  for (const noun of nouns) {
    it(`does what belongs to it with ${noun}, and finds nothing of others (sec-268, sec-275)`, async () => {
      const all = operations.filter(({ path, delegable: open }) => open && path.split('/')[1] === noun);
      assert.ok(all.length > 0);
      for (const one of all) await checkBounds(one);
    });
  }

  it('knows all of these', () => {
    const found = operations.flatMap(({ path, delegable: open }) => (open ? [path.split('/')[1]] : []));
    assert.deepEqual([...new Set(found)].sort(), nouns);
  });

  it('is asked for by filters as by paths', async () => {
    const api = await local();
    const { users, organizations } = app.parts;
    const alice = (await users.byEmail('alice@example.test'))?.id ?? '';
    assert.deepEqual((await api.get('/users?email=alice@example.test')).body.items, []);
    assert.deepEqual((await api.get('/users?q=alice')).body.items, []);
    assert.equal(code(await api.get('/users?organization=globex')), '404 missing');
    assert.equal(code(await api.get('/assignments?organization=globex')), '404 missing');
    assert.equal(code(await api.get('/assignments?subject=alice@example.test')), '404 missing');
    assert.equal(code(await api.get('/assignments?subject=group:none')), '404 missing');
    assert.equal(code(await api.get(`/sessions?user=${alice}`)), '404 missing');
    assert.deepEqual(
      (await api.get('/sessions?client=demo-web')).body.items.filter(({ user }: { user: string }) => user === alice),
      [],
    );
    assert.deepEqual(
      (await api.get('/clients?state=approved')).body.items.filter(({ id }: { id: string }) => id.startsWith('demo-')),
      [],
    );
    const { body: made } = await api.send('POST', '/users', { email: 'new@acme.test' });
    assert.deepEqual(await organizations.of(`user:${made.id}`), ['acme']);
    const foreign = { subject: `user:${made.id}`, role: 'orders-reader', organization: 'globex' };
    assert.equal(code(await api.send('POST', '/assignments', foreign)), '404 missing');
    const { body: given } = await api.send('POST', '/assignments', { ...foreign, organization: undefined });
    assert.equal(given.organization, 'acme', 'what is not said is its own');
  });

  it('gives nobody more than it holds there, and comes to no power by others (sec-270)', async () => {
    const api = await local();
    const { access, decide, groups, organizations } = app.parts;
    const member = await somebody(app, 'member@acme.test');
    const subject = `user:${member}`;
    await organizations.join('acme', subject, 'cli');
    await access.saveRole({ id: 'auditors', permissions: [`${admin}#audit-events:read`], includes: [] }, 'cli');
    await access.saveRole({ id: 'keys', permissions: [`${admin}#keys:read`], includes: [] }, 'cli');
    await groups.save({ id: 'everybody', includes: [] }, 'cli');
    const assign = async (role: string) => code(await api.send('POST', '/assignments', { subject, role }));
    assert.equal(await assign('orders-editor'), '403 beyond_own_rights');
    assert.equal(await assign('administrator'), '400 invalid');
    assert.equal(await assign('keys'), '400 invalid');
    assert.equal(await assign('auditors'), '201');
    assert.equal(
      code(await api.send('POST', '/assignments', { subject: 'group:everybody', role: 'auditors' })),
      '404 missing',
    );
    // Power over somebody is power over what they may do elsewhere.
    const reset = async () => code(await api.send('POST', `/users/${member}/password-reset`, { reason: 'x' }));
    assert.equal(await reset(), '201');
    await access.assign(subject, 'orders-reader', 'cli');
    assert.equal(await reset(), '403 beyond_own_rights');
    assert.equal(code(await api.get(`/users/${member}`)), '200');
    await access.unassign(subject, 'orders-reader', 'cli');
    await organizations.join('globex', subject, 'cli');
    assert.equal(await reset(), '403 beyond_own_rights');
    for (const [method, rest] of [
      ['PATCH', ''],
      ['POST', '/disable'],
      ['DELETE', ''],
      ['POST', '/export'],
      ['POST', '/sign-out'],
    ]) {
      assert.equal(
        code(await api.send(method ?? '', `/users/${member}${rest}`, method === 'PATCH' ? { name: 'x' } : undefined)),
        '403 beyond_own_rights',
      );
    }
    await organizations.leave('globex', subject, 'cli');
    assert.equal(await reset(), '201');
    for (const body of [{ domains: ['globex.test'] }, { connections: [] }]) {
      assert.equal(code(await api.send('PATCH', '/organizations/acme', body)), '403 beyond_organization');
    }
    const held = await decide.held(subject, admin);
    assert.deepEqual(held.entitlements, [], 'what is given there counts there only');
  });

  it('says of no address that it is confirmed, but in its own verified domain (sec-270)', async () => {
    const api = await local();
    const { connections, organizations, users } = app.parts;
    const said = { preset: 'generic-oidc', from: provider.url, client_id: 'us', client_secret: 's', state: 'disabled' };
    for (const [id, domain = ''] of Object.entries({ sso: 'own.test', 'other-sso': 'other.test' })) {
      assert.equal(code(await whole.send('POST', '/connections', { ...said, id, domains: [domain] })), '201');
      await connections.domains.verify(id, domain, 'cli', true);
    }
    const theirs = { domains: ['own.test', 'unverified.test'], connections: ['sso'] };
    assert.equal(code(await whole.send('PATCH', '/organizations/acme', theirs)), '200');
    const confirmed = (email: string) => ({ email, email_verified: true });
    for (const domain of ['other.test', 'unverified.test', 'elsewhere.test', 'x.own.test']) {
      const added = await api.send('POST', '/users', confirmed(`chief@${domain}`));
      assert.equal(code(added), '403 beyond_own_rights', domain);
      assert.equal(await users.byEmail(`chief@${domain}`), undefined);
    }
    const { body: guest } = await api.send('POST', '/users', { email: 'guest@elsewhere.test' });
    const change = async (body: object) => code(await api.send('PATCH', `/users/${guest.id}`, body));
    assert.equal(await change({ email_verified: true }), '403 beyond_own_rights');
    assert.equal(await change(confirmed('chief@other.test')), '403 beyond_own_rights');
    await users.change(guest.id, { emailVerified: true }, 'cli');
    assert.equal(
      await change({ ...confirmed('guest@elsewhere.test'), name: 'Guest' }),
      '200',
      'it was confirmed before',
    );
    assert.equal(await change(confirmed('guest@own.test')), '200');
    // Ten at once: what was looked at is what is confirmed.
    const moves = Array.from({ length: 10 }, (_, at) =>
      at % 2 === 0 ? { email: `chief${at}@other.test` } : { email_verified: true },
    );
    await Promise.all(moves.map(change));
    const now = await users.get(guest.id);
    assert.deepEqual([now?.email?.endsWith('@other.test'), now?.emailVerified], [true, false]);
    assert.equal(code(await api.send('POST', '/users', confirmed('ann@own.test'))), '201');
    assert.equal(code(await whole.send('POST', '/users', confirmed('bob@elsewhere.test'))), '201');
    const nothing = { domains: [], connections: [] };
    assert.equal(code(await whole.send('PATCH', '/organizations/acme', nothing)), '200');
    assert.equal((await organizations.get('acme'))?.domains.length, 0);
  });

  it('connects its own provider, which gives nothing that it does not hold and reaches nothing of others (sec-244, sec-270)', async () => {
    const api = await local();
    const { access, connections, groups, organizations } = app.parts;
    const said = { preset: 'generic-oidc', from: provider.url, client_id: 'us', client_secret: 's', state: 'disabled' };
    const add = (id: string, more: object = {}) => api.send('POST', '/connections', { ...said, id, ...more });
    await access.saveRole({ id: 'nothing', permissions: [], includes: [] }, 'cli');
    for (const id of ['editors', 'names']) await groups.save({ id, includes: [] }, 'cli');
    await access.assign('group:editors', 'orders-editor', 'cli');
    const refused = [
      // What a provider gives counts on the whole server, where this one holds nothing.
      ...['orders-editor', 'local', 'not-there', 'administrator', 'nothing'].map((role) => ({
        group_rules: [{ upstream: 'a', role }],
      })),
      ...['editors', 'not-there', 'names'].map((group) => ({ group_rules: [{ upstream: 'a', group }] })),
      ...[{ shown: true }, { preset: 'generic-ldap', from: 'ldaps://10.0.0.1/dc=x', client_id: undefined }],
    ];
    for (const more of refused) {
      assert.equal(code(await add('own', more)), '403 beyond_own_rights', JSON.stringify(more));
    }
    // Applications and gateways may decide by names that give nothing here: those have to be one's own too.
    await access.assign('client:acme-office', 'nothing', 'cli');
    const made = await add('own', { group_rules: [{ upstream: 'a', role: 'nothing' }] });
    assert.deepEqual([made.status, made.body.shown, made.body.state], [201, false, 'disabled']);
    assert.equal((await organizations.ofConnection('own'))?.id, 'acme');
    assert.equal((await connections.get('own'))?.confined, true);
    const change = async (body: object) => code(await api.send('PATCH', '/connections/own', body));
    for (const { preset: _preset, ...more } of refused
      .filter((one) => !JSON.stringify(one).includes('nothing'))
      .slice(0, 8)
      .map((one) => ({ preset: '', ...one }))) {
      assert.equal(await change(more), '403 beyond_own_rights', JSON.stringify(more));
    }
    assert.equal(await change({ name: 'Own', group_rules: [{ upstream: 'a', role: 'nothing' }] }), '200');
    // What somebody else let it give stays, and no more comes to it.
    const given = [{ upstream: 'b', role: 'orders-editor' }];
    assert.equal((await whole.send('PATCH', '/connections/own', { group_rules: given })).status, 200);
    assert.equal(await change({ group_rules: given }), '200');
    assert.equal(await change({ group_rules: [{ upstream: 'c', role: 'orders-editor' }] }), '403 beyond_own_rights');
    const claims = { sub: 'u', groups: ['x'] };
    const rules = { group_rules: [{ upstream: 'x', role: 'not-there' }] };
    const seen = await api.send('POST', '/connections/own/preview', { claims, rules });
    assert.deepEqual(
      [seen.body.roles, seen.body.roles_missing],
      [['not-there'], []],
      'which roles there are is not told',
    );
    assert.equal(code(await api.send('DELETE', '/connections/own')), '204');
    assert.equal(await organizations.ofConnection('own'), undefined);
  });

  it('ends with the membership, and by the word of no provider begins', async () => {
    const { access, decide, organizations } = app.parts;
    const api = await local();
    await access.sync('client:acme-office', 'corp', ['local'], 'connection:corp');
    assert.deepEqual((await decide.held('client:acme-office', admin)).entitlements, []);
    assert.equal(code(await api.get('/users')), '200');
    await organizations.leave('acme', 'client:acme-office', 'cli');
    assert.equal(code(await api.get('/users')), '403 insufficient_scope');
    await organizations.join('acme', 'client:acme-office', 'cli');
    assert.equal(code(await api.get('/users')), '200');
  });
});
