import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import {
  errorSchema,
  groupSchema,
  newUser,
  patch,
  pushingOrganization,
  type ScimClient,
  scimClient,
} from '../support/scim.ts';

let app: TestApp;
let acme: ScimClient;
before(async () => {
  app = await startApp();
  acme = await pushingOrganization(app, 'acme', 'acme.example');
});
after(() => app.close());

interface Named {
  id: string;
  userName: string;
}

const made = async (userName: string, more: object = {}): Promise<Named> => {
  const { status, body } = await acme.send('POST', '/Users', newUser(userName, more));
  assert.equal(status, 201, JSON.stringify(body));
  return body;
};
const bulk = (Operations: object[], more: object = {}): object => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
  Operations,
  ...more,
});

describe('versions (RFC 7644 §3.14)', () => {
  it('of two changes that were made from one state, one counts', async () => {
    const { id } = await made('etag@acme.example');
    const { headers } = await acme.get(`/Users/${id}`);
    const tag = headers.get('etag') ?? '';
    assert.match(tag, /^W\/"[\w-]+"$/);
    for (const same of [tag, tag.replace('W/', ''), `"x", ${tag}`, '*']) {
      assert.equal((await acme.get(`/Users/${id}`, { 'if-none-match': same })).status, 304, same);
    }
    const both = await Promise.all(
      ['one', 'two'].map((title) =>
        acme.send('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'title', value: title }), { 'if-match': tag }),
      ),
    );
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 412]);
    const refused = both.find(({ status }) => status === 412);
    assert.deepEqual([refused?.body.schemas, refused?.body.status], [[errorSchema], '412']);
    for (const [method, body] of [
      ['PUT', newUser('etag@acme.example')],
      ['PATCH', patch({ op: 'replace', value: { active: false } })],
      ['DELETE', undefined],
    ] as const) {
      assert.equal((await acme.send(method, `/Users/${id}`, body, { 'if-match': tag })).status, 412);
    }
    const now = (await acme.get(`/Users/${id}`)).headers.get('etag') ?? '';
    assert.equal((await acme.get(`/Users/${id}`, { 'if-none-match': tag })).status, 200);
    assert.equal((await acme.send('DELETE', `/Users/${id}`, undefined, { 'if-match': now })).status, 204);
  });

  it('loses no member when many are added and removed at once, and lets one of two whole lists win', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, (_, at) => made(`writer${at}@acme.example`)));
    const ids = people.map(({ id }) => id);
    const [first = '', ...rest] = ids;
    const body = { schemas: [groupSchema], displayName: 'Writers', members: [{ value: first }] };
    const group = (await acme.send('POST', '/Groups', body)).body;
    const path = `/Groups/${group.id}`;
    const members = async () => (await acme.get(path)).body.members.map(({ value }: { value: string }) => value).sort();
    const local = async () =>
      (await app.parts.groups.members('acme:Writers')).map(({ member }) => member.replace('user:', '')).sort();
    const adds = rest.map((value) => patch({ op: 'Add', path: 'members', value: [{ value }] }));
    const removal = patch({ op: 'remove', path: `members[value eq "${first}"]` });
    const answers = await Promise.all([...adds, removal].map((one) => acme.send('PATCH', path, one)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [204]);
    assert.deepEqual(await members(), [...rest].sort());
    assert.deepEqual(await local(), [...rest].sort());
    const lists = [ids.slice(0, 4), ids.slice(3)];
    await Promise.all(
      lists.map((list) => acme.send('PUT', path, { ...body, members: list.map((value) => ({ value })) })),
    );
    const now = await members();
    assert.ok(lists.some((list) => JSON.stringify([...list].sort()) === JSON.stringify(now)));
    assert.deepEqual(await local(), now);
    const { headers } = await acme.get(path);
    const tag = headers.get('etag') ?? '';
    const one = () => acme.send('PATCH', path, patch({ op: 'remove', path: 'members' }), { 'if-match': tag });
    assert.deepEqual([(await one()).status, (await one()).status], [204, 412]);
    assert.deepEqual(await local(), []);
    // Whoever is removed, by whoever's word, is in no group any more.
    await acme.send('PATCH', path, patch({ op: 'add', path: 'members', value: [{ value: first }] }));
    assert.equal((await acme.send('DELETE', `/Users/${first}`)).status, 204);
    assert.deepEqual([await members(), await local()], [[], []]);
  });

  it('makes one person of a name that is pushed many times at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        acme.send('POST', '/Users', newUser('many@acme.example', { title: `${at}` })),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409]);
    const { body } = await acme.get('/Users?filter=userName eq "many@acme.example"');
    assert.equal(body.totalResults, 1);
    const winner = answers.find(({ status }) => status === 201)?.body;
    assert.deepEqual([body.Resources[0].id, body.Resources[0].title], [winner.id, winner.title]);
  });
});

describe('what the server says of itself (RFC 7644 §4)', () => {
  it('is true', async () => {
    const { body } = await acme.get('/ServiceProviderConfig');
    const { patch: patching, bulk: bulks, filter, changePassword, sort, etag } = body;
    assert.deepEqual(
      [patching.supported, changePassword.supported, sort.supported, etag.supported],
      [true, false, true, true],
    );
    assert.deepEqual(
      [bulks, filter],
      [
        { supported: true, maxOperations: 1000, maxPayloadSize: 1048576 },
        { supported: true, maxResults: 200 },
      ],
    );
    const many = Array.from({ length: 1001 }, () => ({ method: 'DELETE', path: '/Users/x' }));
    const tooMany = await acme.send('POST', '/Bulk', bulk(many));
    assert.deepEqual([tooMany.status, tooMany.body.status], [413, '413']);
    const tooLong = await acme.send('POST', '/Users', newUser('long@acme.example', { title: 'x'.repeat(1048576) }));
    assert.deepEqual([tooLong.status, tooLong.body.schemas], [413, [errorSchema]]);
    const { body: types } = await acme.get('/ResourceTypes');
    assert.deepEqual(
      types.Resources.map(({ id }: Named) => id),
      ['User', 'Group'],
    );
    assert.equal((await acme.get('/ResourceTypes/user')).body.endpoint, '/Users');
    const { body: schema } = await acme.get(`/Schemas/${groupSchema}`);
    assert.deepEqual(
      schema.attributes.map(({ name }: { name: string }) => name),
      ['displayName', 'members'],
    );
    assert.equal(schema.attributes[0].uniqueness, 'server');
  });

  it('is told in one form whatever goes wrong', async () => {
    const { id } = await made('wrong@acme.example');
    const rows: [method: string, path: string, status: number, body?: unknown, headers?: Record<string, string>][] = [
      ['GET', '/Schemas?filter=name pr', 403],
      ['GET', '/Schemas/none', 404],
      ['GET', '/Nothing', 404],
      ['GET', '/Users/x/y', 404],
      ['GET', '/Me', 501],
      ['PUT', '/Users', 405, {}],
      ['GET', '/Bulk', 405],
      ['POST', '/Schemas', 405, {}],
      ['POST', `/Users/${id}`, 405, {}],
      ['GET', '/Users/.search', 405],
      ['OPTIONS', '/Users', 405],
      ['POST', '/Users', 400, '{"userName": "a", "userName": "b"}'],
      ['POST', '/Users', 400, '{'],
      ['POST', '/Users', 400, '[]'],
      ['POST', '/Users', 400, { schemas: ['x'], userName: 'x' }],
      ['POST', '/Users', 400, { displayName: 'nobody' }],
      ['POST', '/Users', 400, newUser('x', { emails: [{ value: 'no <address>@acme.example' }] })],
      ['POST', '/Users', 415, 'userName=x', { 'content-type': 'application/x-www-form-urlencoded' }],
      ['PATCH', `/Users/${id}`, 400, patch()],
      ['PATCH', `/Users/${id}`, 400, patch({ op: 'replace', path: 'emails', value: [{ value: 'no address' }] })],
    ];
    for (const [method, path, status, body, headers] of rows) {
      const answer = await acme.send(method, path, body, headers);
      const { schemas, status: told, detail } = answer.body;
      assert.deepEqual(
        [answer.status, told],
        [status, String(status)],
        `${method} ${path} ${JSON.stringify(answer.body)}`,
      );
      assert.ok(schemas[0] === errorSchema && detail.length > 10);
      if (status === 405) assert.ok(method === 'OPTIONS' || answer.headers.get('allow'), path);
    }
    assert.equal((await acme.get(`/Users/${id}`)).body.emails[0].value, 'wrong@acme.example');
    const none = await fetch(`${app.url}/scim/v1/Users`);
    assert.deepEqual([none.status, (await none.json()).schemas], [404, [errorSchema]]);
  });

  it('is that one organisation may not take up all of it', async () => {
    const busy = await pushingOrganization(app, 'busy', 'busy.example');
    const many = bulk(Array.from({ length: 1000 }, () => ({ method: 'DELETE', path: '/Users/x' })));
    let last = await busy.send('POST', '/Bulk', many);
    for (let at = 0; at < 8 && last.status === 200; at += 1) last = await busy.send('POST', '/Bulk', many);
    assert.deepEqual([last.status, last.body.status], [429, '429']);
    assert.ok(Number(last.headers.get('retry-after')) >= 1);
    assert.equal((await acme.get('/Users?count=1')).status, 200);
    const guess = () => scimClient(app, 'busy', 'wrong').get('/Users');
    let guessed = 401;
    for (let at = 0; at < 40 && guessed === 401; at += 1) {
      guessed = (await Promise.all(Array.from({ length: 10 }, guess))).at(-1)?.status ?? 0;
    }
    assert.equal(guessed, 429);
    assert.equal((await acme.get('/Users?count=1')).status, 200);
  });
});
