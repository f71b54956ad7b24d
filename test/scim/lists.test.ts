import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import {
  errorSchema,
  groupSchema,
  newUser,
  patch,
  pushGroup,
  pushingOrganization,
  pushUser,
  type ScimClient,
} from '../support/scim.ts';

let app: TestApp;
let acme: ScimClient;
let globex: ScimClient;
before(async () => {
  app = await startApp();
  acme = await pushingOrganization(app, 'acme', 'acme.example');
  globex = await pushingOrganization(app, 'globex', 'globex.example');
});
after(() => app.close());

interface Named {
  id: string;
  userName: string;
}

const search = (more: object): object => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
  ...more,
});

describe('lists', () => {
  it('come in pages, in which nobody is twice or missing, and say what was asked for', async () => {
    const lister = await pushingOrganization(app, 'lister', 'lister.example');
    for (let at = 0; at < 5; at += 1) await lister.send('POST', '/Users', newUser(`p${at}@lister.example`));
    const seen: string[] = [];
    for (const startIndex of [1, 3, 5, 7]) {
      const { body } = await lister.get(`/Users?startIndex=${startIndex}&count=2&attributes=userName`);
      assert.deepEqual([body.totalResults, body.startIndex, body.itemsPerPage], [5, startIndex, body.Resources.length]);
      for (const one of body.Resources) assert.deepEqual(Object.keys(one), ['schemas', 'id', 'userName']);
      seen.push(...body.Resources.map(({ userName }: Named) => userName));
    }
    assert.deepEqual(
      [...new Set(seen)].sort(),
      [0, 1, 2, 3, 4].map((at) => `p${at}@lister.example`),
    );
    const none = (await lister.get('/Users?count=0')).body;
    assert.deepEqual([none.totalResults, none.Resources], [5, []]);
    assert.equal((await lister.get('/Users?startIndex=-3&count=-1')).body.startIndex, 1);
    for (const huge of ['2147483647', '9223372036854775807', '99999999999999999999']) {
      assert.equal((await lister.get(`/Users?count=${huge}`)).body.itemsPerPage, 5);
      const { status, body } = await lister.get(`/Users?startIndex=${huge}`);
      assert.deepEqual([status, body.totalResults, body.itemsPerPage], [200, 5, 0]);
    }
    assert.equal((await lister.get('/Users?count=-99999999999999999999')).body.itemsPerPage, 0);
    const tried = await lister.get(
      `/Users?filter=${encodeURIComponent('userName sw "p" and not (userName sw "p1")')}&count=3&startIndex=2`,
    );
    assert.deepEqual([tried.body.totalResults, tried.body.itemsPerPage, tried.body.startIndex], [4, 3, 2]);
    for (const [name, title] of [
      ['p1', 'b'],
      ['p3', 'A'],
      ['p2', 'c'],
    ]) {
      const { body } = await lister.get(`/Users?filter=userName eq "${name}@lister.example"`);
      await lister.send('PATCH', `/Users/${body.Resources[0].id}`, patch({ op: 'add', path: 'title', value: title }));
    }
    const named = async (asked: string): Promise<string> =>
      (await lister.get(`/Users?${asked}`)).body.Resources.map(({ userName }: Named) => userName.slice(0, 2)).join(' ');
    // What has no value is the last, in descending order the first (RFC 7644 §3.4.2.3).
    const tail = (await named('filter=not (title pr)')).split(' ');
    for (const [asked, order] of [
      ['sortBy=userName', 'p0 p1 p2 p3 p4'],
      ['sortBy=emails&sortOrder=DESCENDING&attributes=userName', 'p4 p3 p2 p1 p0'],
      ['sortBy=urn:ietf:params:scim:schemas:core:2.0:User:Title', `p3 p1 p2 ${tail.join(' ')}`],
      ['sortBy=title&sortOrder=descending&count=3&startIndex=2', `${tail[1]} p2 p1`],
      ['sortBy=title&filter=title pr&sortOrder=ascending', 'p3 p1 p2'],
      ['sortBy=&sortOrder=nothing', await named('')],
    ] as const) {
      assert.equal(await named(asked), order, asked);
    }
    for (const displayName of ['b', 'C', 'a']) await lister.send('POST', '/Groups', { displayName });
    const groups = await lister.get('/Groups?sortBy=displayName&sortOrder=descending&excludedAttributes=members');
    assert.deepEqual(
      groups.body.Resources.map((one: { displayName: string }) => one.displayName),
      ['C', 'b', 'a'],
    );
    for (const bad of [
      'count=x',
      'startIndex=1.5',
      'count=1&count=2',
      'filter=a&filter=b',
      'filter=userName',
      'sortBy=nothing',
      'sortBy=name',
      'sortBy=groups',
      'sortBy=schemas',
      'sortBy=constructor',
      'sortBy=userName&sortBy=title',
      'sortBy=userName&sortOrder=up',
      'filter=userName eq "x',
    ]) {
      const { status, body } = await lister.get(`/Users?${bad}`);
      assert.deepEqual([status, body.schemas], [400, [errorSchema]], bad);
      assert.match(body.scimType, /^invalid(?:Value|Filter)$/);
    }
  });

  it('are searched by POST too, everywhere at once', async () => {
    await pushUser(acme, 'sought@acme.example', { title: 'Sought' });
    await acme.send('POST', '/Groups', { schemas: [groupSchema], displayName: 'Sought' });
    const people = await acme.send(
      'POST',
      '/Users/.search',
      search({ filter: 'title eq "sought"', attributes: ['title'], count: 1 }),
    );
    assert.deepEqual([people.status, people.body.totalResults, people.body.Resources[0].title], [200, 1, 'Sought']);
    const groups = await acme.send(
      'POST',
      '/Groups/.search',
      search({ filter: 'displayName sw "sou"', excludedAttributes: ['members'] }),
    );
    assert.deepEqual([groups.body.totalResults, groups.body.Resources[0].members], [1, undefined]);
    const all = await acme.send(
      'POST',
      '/.search',
      search({ filter: 'userName eq "sought@acme.example" or displayName eq "Sought"' }),
    );
    assert.equal(all.body.totalResults, 1);
    const displayed = await acme.send(
      'POST',
      '/.search',
      search({ filter: 'displayName eq "Sought" and meta.resourceType eq "Group"' }),
    );
    assert.equal(displayed.body.totalResults, 1);
    const unset = {
      filter: null,
      attributes: [],
      excludedAttributes: null,
      startIndex: null,
      count: null,
      sortBy: null,
    };
    const both = (await acme.send('POST', '/.search', search(unset))).body;
    const users = (await acme.get('/Users?count=0')).body.totalResults;
    assert.equal(both.totalResults, users + (await acme.get('/Groups?count=0')).body.totalResults);
    const border = (await acme.send('POST', '/.search', search({ startIndex: users, count: 2 }))).body;
    assert.deepEqual(
      [border.totalResults, border.Resources.map(({ meta }: { meta: { resourceType: string } }) => meta.resourceType)],
      [both.totalResults, ['User', 'Group']],
    );
    const beyond = (await acme.send('POST', '/.search', search({ startIndex: users + 1, count: 1 }))).body;
    assert.deepEqual([beyond.totalResults, beyond.Resources], [both.totalResults, border.Resources.slice(1)]);
    for (const more of [{ filter: 'nothing pr' }, { sortBy: 'displayName' }]) {
      assert.equal((await acme.send('POST', '/.search', search(more))).status, 400);
    }
    assert.equal((await acme.send('POST', '/Users/.search', { filter: 'title pr' })).body.scimType, 'invalidSyntax');
  });
});

describe('the groups of a person', () => {
  it('sec-268 are those that the asking organisation has pushed itself, and no others (RFC 7643 §4.1.2)', async () => {
    const { id, groups: none } = await pushUser(acme, 'grouped@acme.example', { groups: [{ value: 'grp_x' }] });
    assert.equal(none, undefined);
    await app.parts.groups.save({ id: 'local', includes: [] }, 'cli');
    await app.parts.groups.join(`user:${id}`, 'local', 'cli');
    await pushGroup(globex, 'Theirs');
    await app.parts.groups.join(`user:${id}`, 'globex:Theirs', 'cli', { connection: 'scim:globex' });
    await app.parts.groups.join(`user:${id}`, 'globex:Theirs', 'cli', { connection: 'scim:acme' });
    const group = await pushGroup(acme, 'Grouped', id);
    const other = await pushUser(acme, 'ungrouped@acme.example');
    const $ref = `${app.issuer}/scim/v2/acme/Groups/${group.id}`;
    const groups = [{ value: group.id, $ref, display: 'Grouped', type: 'direct' }];
    const filter = (text: string) => acme.get(`/Users?filter=${encodeURIComponent(text)}`);
    const one = await acme.get(`/Users/${id}`);
    assert.deepEqual(one.body.groups, groups);
    const title = patch({ op: 'add', value: { title: 'x', groups: [] } });
    const changed = await acme.send('PATCH', `/Users/${id}`, title, { 'if-match': one.headers.get('etag') ?? '' });
    assert.deepEqual([changed.body.title, changed.body.groups], ['x', groups]);
    const put = await acme.send('PUT', `/Users/${id}`, newUser('grouped@acme.example', { groups: [] }));
    assert.deepEqual(put.body.groups, groups);
    for (const path of ['groups', 'groups[value eq "x"]', 'groups.value']) {
      const { status, body } = await acme.send('PATCH', `/Users/${id}`, patch({ op: 'remove', path }));
      assert.deepEqual([status, body.scimType], [400, 'mutability'], path);
    }
    for (const [wanted, shown] of [
      ['attributes=groups', { schemas: one.body.schemas, id, groups }],
      ['attributes=groups.display', { schemas: one.body.schemas, id, groups: [{ display: 'Grouped' }] }],
      ['attributes=title', { schemas: one.body.schemas, id }],
    ] as const) {
      assert.deepEqual((await acme.get(`/Users/${id}?${wanted}`)).body, shown, wanted);
    }
    assert.equal((await acme.get(`/Users/${id}?excludedAttributes=groups`)).body.groups, undefined);
    for (const text of [
      `groups.value eq "${group.id}"`,
      `groups[display sw "gr" and value eq "${group.id}"]`,
      'userName eq "grouped@acme.example" and groups pr',
    ]) {
      const { body } = await filter(text);
      assert.deepEqual(
        body.Resources?.map((person: { groups: unknown }) => person.groups),
        [groups],
        text,
      );
    }
    assert.equal((await filter(`groups eq "${group.id}" and userName sw "un"`)).body.totalResults, 0);
    assert.equal((await filter(`id eq "${other.id}" and not (groups pr)`)).body.totalResults, 1);
    assert.equal((await filter('groups pr')).body.scimType, 'invalidFilter');
  });
});

describe('an organisation', () => {
  it('has no name space but its own for groups', async () => {
    await app.parts.groups.save({ id: 'acme:Taken', includes: [] }, 'cli');
    await app.parts.groups.save({ id: 'administrators', includes: [] }, 'cli');
    const { id } = await pushUser(acme, 'names@acme.example');
    for (const [displayName, name] of [
      ['administrators', 'acme:administrators'],
      ['globex:Secret', 'acme:globex-Secret'],
      ['Taken', 'acme:Taken-2'],
      ['日本', 'acme:group'],
      ['../../x y', 'acme:x-y'],
    ]) {
      await pushGroup(acme, displayName ?? '', id);
      assert.ok((await app.parts.groups.of(`user:${id}`)).includes(name ?? ''), name);
    }
    const again = await acme.send('POST', '/Groups', { displayName: 'TAKEN' });
    assert.deepEqual([again.status, again.body.scimType], [409, 'uniqueness']);
    assert.deepEqual(await app.parts.groups.members('administrators'), []);
    assert.deepEqual(await app.parts.groups.members('acme:Taken'), []);
  });
});
