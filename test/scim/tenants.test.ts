import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { adminApi as adminAudience } from '../../src/directory/built-in.ts';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import {
  newUser,
  patch,
  pushGroup,
  pushingOrganization,
  pushUser,
  type ScimClient,
  scimClient,
} from '../support/scim.ts';

let app: TestApp;
let admin: AdminApi;
let acme: ScimClient;
let globex: ScimClient;
before(async () => {
  app = await startApp();
  admin = adminApi(app, await adminToken(app));
  acme = await pushingOrganization(app, 'acme', 'acme.example');
  globex = await pushingOrganization(app, 'globex', 'globex.example');
});
after(() => app.close());

const here = (email: string, more: object = {}) => app.parts.users.add({ email, ...more }, 'cli');
const found = async (client: ScimClient, filter: string): Promise<string[]> => {
  const { status, body } = await client.get(`/Users?filter=${encodeURIComponent(filter)}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.Resources.map(({ userName }: { userName: string }) => userName);
};

describe('an organisation', () => {
  it('sec-268 sec-275 sees and changes nobody whom another one manages, in whatever way it asks', async () => {
    const { id } = await pushUser(globex, 'gil@globex.example', { externalId: 'G-1' });
    const group = await pushGroup(globex, 'Secret', id);
    await app.parts.organizations.join('acme', `user:${id}`, 'cli');
    for (const filter of [
      `id eq "${id}"`,
      'userName eq "gil@globex.example"',
      'emails.value eq "gil@globex.example"',
      'externalId eq "G-1"',
      'userName co "globex"',
      `id ne "x" and (id eq "${id}" or userName co "gil")`,
    ]) {
      assert.deepEqual(await found(acme, filter), [], filter);
    }
    const search = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter: 'meta.resourceType pr' };
    const all = await acme.send('POST', '/.search', search);
    assert.doesNotMatch(JSON.stringify(all.body), /gil@|Secret/);
    const out = patch({ op: 'replace', value: { active: false } });
    const bulk = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [
        { method: 'DELETE', path: `/Users/${id}` },
        { method: 'PATCH', path: `/Users/${id}`, data: out },
        { method: 'DELETE', path: `/Groups/${group.id}` },
        { method: 'DELETE', path: `/../globex/Users/${id}` },
      ],
    };
    const answers = [
      await acme.get(`/Users/${id}`),
      await acme.send('PATCH', `/Users/${id}`, out),
      await acme.send('PUT', `/Users/${id}`, newUser('gil@globex.example', { active: false })),
      await acme.send('DELETE', `/Users/${id}`),
      await acme.get(`/Groups/${group.id}`),
      await acme.send('PATCH', `/Groups/${group.id}`, patch({ op: 'remove', path: 'members' })),
      await acme.send('DELETE', `/Groups/${group.id}`),
    ];
    for (const { status } of answers) assert.equal(status, 404);
    const { body } = await acme.send('POST', '/Bulk', bulk);
    assert.deepEqual(
      body.Operations.map(({ status }: { status: string }) => status),
      ['404', '404', '404', '404'],
    );
    const stranger = await acme.send('POST', '/Groups', { displayName: 'Mine', members: [{ value: id }] });
    assert.deepEqual([stranger.status, stranger.body.scimType], [400, 'invalidValue']);
    const own = await pushGroup(acme, 'Own');
    const added = await acme.send(
      'PATCH',
      `/Groups/${own.id}`,
      patch({ op: 'add', path: 'members', value: [{ value: id }] }),
    );
    assert.deepEqual([added.status, added.body.scimType], [400, 'invalidValue']);
    assert.equal((await app.parts.users.get(id))?.state, 'active');
    assert.deepEqual(await app.parts.groups.of(`user:${id}`), ['globex:Secret']);
    for (const filter of [`groups.value eq "${group.id}"`, `groups eq "${group.id}" and active eq true`]) {
      assert.deepEqual([await found(acme, filter), await found(globex, filter)], [[], ['gil@globex.example']], filter);
    }
  });

  it('sec-275 is opened by its own tokens only, while they last', async () => {
    for (const [organization, token] of [
      ['acme', globex.token],
      ['globex', acme.token],
      ['nowhere', acme.token],
      ['acme', 'wrong'],
      ['acme', await adminToken(app)],
    ] as const) {
      const { status, body } = await scimClient(app, organization, token).get('/Users');
      assert.deepEqual([status, body.status], [401, '401'], organization);
    }
    const path = '/organizations/acme/scim-tokens';
    const first = await admin.send('POST', path, {});
    assert.equal(first.status, 201, JSON.stringify(first.body));
    assert.equal(first.body.base_url, `${app.issuer}/scim/v2/acme`);
    const works = async (token: string) => (await scimClient(app, 'acme', token).get('/Users?count=0')).status;
    const second = await admin.send('POST', path, { overlap: 60 });
    assert.ok(second.body.older_expires);
    assert.deepEqual(
      [await works(first.body.scim_token), await works(second.body.scim_token), await works(acme.token)],
      [200, 200, 401],
    );
    const { body: listed } = await admin.get(path);
    assert.equal(listed.items.length, 2);
    assert.ok(listed.items.every(({ last_used: used }: { last_used?: number }) => (used ?? 0) > 0));
    assert.doesNotMatch(JSON.stringify(listed), new RegExp(second.body.scim_token));
    const third = await admin.send('POST', path, { overlap: 0 });
    assert.deepEqual([await works(second.body.scim_token), await works(third.body.scim_token)], [401, 200]);
    assert.equal((await admin.send('DELETE', path)).status, 204);
    assert.equal(await works(third.body.scim_token), 401);
    assert.equal((await admin.send('POST', '/organizations/nowhere/scim-tokens', {})).status, 404);
    const types = (await app.parts.trail.search({ target: 'organization:acme' })).map(({ type }) => type);
    assert.ok(types.includes('organization.scim-token-made') && types.includes('organization.scim-token-removed'));
    acme = scimClient(app, 'acme', (await app.parts.scim.tokens.make('acme', 'cli')).token);
  });

  it('sec-213 takes no account over by its address', async () => {
    const victim = await here('victim@elsewhere.example', { emailVerified: true });
    const unconfirmed = await here('unconfirmed@acme.example');
    const theirs = await pushUser(globex, 'theirs@globex.example');
    for (const email of [
      'victim@elsewhere.example',
      'Unconfirmed@ACME.example',
      'theirs@globex.example',
      'admin@example.test',
    ]) {
      for (const body of [newUser(email), newUser('anything', { emails: [{ value: email }] })]) {
        const { status, body: told } = await acme.send('POST', '/Users', body);
        assert.deepEqual([status, told.scimType], [409, 'uniqueness'], email);
        assert.match(told.detail, /does not manage/);
      }
    }
    const { id } = await pushUser(acme, 'mover@acme.example');
    for (const email of ['victim@elsewhere.example', 'theirs@globex.example']) {
      const change = patch({ op: 'replace', path: 'emails[type eq "work"].value', value: email });
      const { status, body } = await acme.send('PATCH', `/Users/${id}`, change);
      assert.deepEqual([status, body.scimType], [409, 'uniqueness']);
    }
    assert.equal((await acme.get(`/Users/${id}`)).body.emails[0].value, 'mover@acme.example');
    for (const user of [victim, unconfirmed]) assert.deepEqual(await app.parts.organizations.of(`user:${user.id}`), []);
    assert.deepEqual(await app.parts.organizations.of(`user:${theirs.id}`), ['globex']);
  });

  it('takes in a confirmed address of its own domain, and may make addresses of others, unconfirmed', async () => {
    const known = await here('known@acme.example', { emailVerified: true, name: 'Known' });
    assert.deepEqual(await found(acme, 'userName eq "known@acme.example"'), []);
    const { id } = await pushUser(acme, 'known@acme.example');
    assert.equal(id, known.id);
    assert.deepEqual(await app.parts.organizations.of(`user:${id}`), ['acme']);
    assert.equal((await app.parts.users.get(id))?.profile.given_name, 'Ada');
    const guest = await pushUser(acme, 'guest@elsewhere.example');
    assert.equal((await app.parts.users.get(guest.id))?.emailVerified, false);
    const { id: plain } = await pushUser(acme, 'no-address', { emails: [] });
    assert.equal((await app.parts.users.get(plain))?.email, undefined);
  });

  it('manages members with an address of its domain whom it has not pushed, and no other members', async () => {
    const member = await here('member@acme.example', { name: 'Mem Ber' });
    const guest = await here('guest@friends.example');
    for (const { id } of [member, guest]) await app.parts.organizations.join('acme', `user:${id}`, 'cli');
    assert.deepEqual(await found(acme, 'userName eq "member@acme.example"'), ['member@acme.example']);
    assert.deepEqual(await found(acme, 'userName co "friends"'), []);
    const { body, headers } = await acme.get(`/Users/${member.id}`);
    assert.deepEqual([body.displayName, body.emails[0].value], ['Mem Ber', 'member@acme.example']);
    assert.equal((await acme.send('POST', '/Users', newUser('member@acme.example'))).status, 409);
    const stale = await acme.send('PATCH', `/Users/${member.id}`, patch({ op: 'add', path: 'title', value: 'x' }), {
      'if-match': 'W/"x"',
    });
    assert.equal(stale.status, 412);
    const change = patch({ op: 'add', path: 'title', value: 'Smith' }, { op: 'replace', path: 'active', value: false });
    const changed = await acme.send('PATCH', `/Users/${member.id}`, change, { 'if-match': headers.get('etag') ?? '' });
    assert.deepEqual([changed.status, changed.body.title, changed.body.active], [200, 'Smith', false]);
    assert.equal((await app.parts.users.get(member.id))?.state, 'disabled');
    assert.equal((await acme.get(`/Users/${guest.id}`)).status, 404);
    assert.equal((await acme.send('DELETE', `/Users/${guest.id}`)).status, 404);
  });

  it('sec-268 has no say any more over whom an administrator has moved to another one', async () => {
    const { id } = await pushUser(acme, 'moved@globex.example', { externalId: 'M-1' });
    const group = await pushGroup(acme, 'Moved', id);
    assert.equal((await app.parts.groups.of(`user:${id}`)).length, 1);
    await app.parts.organizations.leave('acme', `user:${id}`, 'cli');
    // Nor does it fill a group with them any more, and what roles the group was given are not theirs.
    assert.deepEqual(await app.parts.groups.of(`user:${id}`), []);
    assert.deepEqual((await acme.get(`/Groups/${group.id}`)).body.members, []);
    // Of somebody who belongs to nobody else it is still the one who has the say.
    assert.equal((await acme.get(`/Users/${id}`)).status, 200);
    await app.parts.organizations.join('globex', `user:${id}`, 'cli');
    const address = patch({ op: 'replace', path: 'emails[type eq "work"].value', value: 'mine@acme.example' });
    for (const answer of [
      await acme.get(`/Users/${id}`),
      await acme.send('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: false } })),
      await acme.send('PATCH', `/Users/${id}`, address),
      await acme.send('DELETE', `/Users/${id}`),
    ]) {
      assert.equal(answer.status, 404);
    }
    assert.doesNotMatch(JSON.stringify((await acme.get('/Users?count=200')).body), /moved@/);
    assert.deepEqual(await found(acme, 'externalId eq "M-1"'), []);
    assert.equal((await acme.send('POST', '/Users', newUser('moved@globex.example'))).status, 409);
    const { email, state } = (await app.parts.users.get(id)) ?? {};
    assert.deepEqual([email, state], ['moved@globex.example', 'active']);
    // The other one has, from now on.
    const title = patch({ op: 'add', path: 'title', value: 'New' });
    assert.equal((await globex.send('PATCH', `/Users/${id}`, title)).body.title, 'New');
    assert.deepEqual(await found(globex, 'title eq "New"'), ['moved@globex.example']);
    assert.equal((await globex.send('DELETE', `/Users/${id}`)).status, 204);
    assert.equal((await pushUser(acme, 'moved@globex.example')).groups, undefined);
  });

  it('ends no more than the membership of somebody who belongs to another one too', async () => {
    const { id } = await pushUser(acme, 'both@acme.example');
    const group = await pushGroup(acme, 'Both', id);
    await app.parts.organizations.join('globex', `user:${id}`, 'cli');
    assert.equal((await acme.send('DELETE', `/Users/${id}`)).status, 204);
    assert.equal((await app.parts.users.get(id))?.state, 'active');
    assert.deepEqual(await app.parts.organizations.of(`user:${id}`), ['globex']);
    assert.deepEqual(await app.parts.groups.of(`user:${id}`), []);
    assert.equal((await acme.get(`/Users/${id}`)).status, 404);
    assert.deepEqual((await acme.get(`/Groups/${group.id}`)).body.members, []);
  });

  it('takes with it, when it goes, its tokens and groups, and lets its people be', async () => {
    const gone = await pushingOrganization(app, 'gone', 'gone.example');
    const { id } = await pushUser(gone, 'left@gone.example');
    await pushGroup(gone, 'Everybody', id);
    await app.parts.organizations.remove('gone', 'cli');
    assert.equal((await gone.get('/Users')).status, 401);
    assert.equal(await app.parts.groups.get('gone:Everybody'), undefined);
    assert.equal((await app.parts.users.get(id))?.state, 'active');
    await app.parts.organizations.add({ id: 'gone', name: 'Gone', domains: [], connections: [] }, 'cli');
    assert.equal((await gone.get('/Users')).status, 401);
    const again = scimClient(app, 'gone', (await app.parts.scim.tokens.make('gone', 'cli')).token);
    assert.equal((await again.get('/Users')).body.totalResults, 0);
  });
});

describe('roles', () => {
  it('come by groups to which an administrator gave them, and never those of the administration', async () => {
    const { id } = await pushUser(acme, 'role@acme.example', { roles: [{ value: 'administrator' }], groups: ['x'] });
    const held = async () => (await app.parts.decide.held(`user:${id}`, undefined)).roles;
    const group = await pushGroup(acme, 'Editors', id);
    assert.deepEqual(await held(), []);
    await app.parts.access.assign('group:acme:Editors', 'orders-editor', 'cli');
    await app.parts.access.assign('group:acme:Editors', 'administrator', 'cli');
    assert.deepEqual(await held(), ['orders-editor', 'orders-reader']);
    assert.deepEqual((await app.parts.decide.held(`user:${id}`, adminAudience)).entitlements, []);
    await acme.send('PATCH', `/Groups/${group.id}`, patch({ op: 'remove', path: `members[value eq "${id}"]` }));
    assert.deepEqual(await held(), []);
    assert.equal((await acme.send('DELETE', `/Groups/${group.id}`)).status, 204);
    await pushGroup(acme, 'Editors', id);
    assert.deepEqual(await held(), []);
  });

  it('sec-271 leave no organisation without an administrator of this server, and no way to become one', async () => {
    const boss = await here('boss@acme.example', { emailVerified: true });
    await app.parts.organizations.join('acme', `user:${boss.id}`, 'cli');
    await app.parts.access.assign(`user:${boss.id}`, 'administrator', 'cli');
    const move = patch({ op: 'replace', path: 'emails[type eq "work"].value', value: 'mine@acme.example' });
    const moved = await acme.send('PATCH', `/Users/${boss.id}`, move);
    assert.deepEqual([moved.status, moved.body.scimType], [400, 'mutability']);
    const demo = await app.parts.users.byEmail('admin@example.test');
    await app.parts.access.unassign(`user:${demo?.id}`, 'administrator', 'cli');
    for (const [method, body] of [
      ['PATCH', patch({ op: 'replace', value: { active: false } })],
      ['DELETE', undefined],
    ] as const) {
      const { status, body: told } = await acme.send(method, `/Users/${boss.id}`, body);
      assert.equal(status, 403);
      assert.match(told.detail, /administrator of this server/);
      assert.equal((await app.parts.users.get(boss.id))?.state, 'active');
    }
    await app.parts.access.assign(`user:${demo?.id}`, 'administrator', 'cli');
    const outsider = await here('outsider@acme.example', { emailVerified: true });
    await app.parts.access.assign(`user:${outsider.id}`, 'administrator', 'cli');
    assert.equal((await acme.send('POST', '/Users', newUser('outsider@acme.example'))).status, 409);
    assert.equal((await acme.send('DELETE', `/Users/${boss.id}`)).status, 204);
  });
});
