import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { groupSchema, newUser, patch, pushingOrganization, type ScimClient } from '../support/scim.ts';

let app: TestApp;
let acme: ScimClient;
before(async () => {
  app = await startApp();
  acme = await pushingOrganization(app, 'acme', 'acme.example');
});
after(() => app.close());

interface Result {
  status: string;
  bulkId?: string;
  location?: string;
  version?: string;
  response?: { scimType?: string; detail: string };
}

const bulk = (Operations: object[], more: object = {}): object => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
  Operations,
  ...more,
});
const statuses = ({ Operations }: { Operations: Result[] }): string[] => Operations.map(({ status }) => status);

describe('POST /Bulk (RFC 7644 §3.7)', () => {
  it('does all in one, with references to what it makes, whatever their order', async () => {
    const data = {
      schemas: [groupSchema],
      displayName: 'Tour',
      members: [{ value: 'bulkId:two' }, { value: 'bulkId:one' }],
    };
    const { status, body } = await acme.send(
      'POST',
      '/Bulk',
      bulk([
        { method: 'POST', path: '/Groups', bulkId: 'tour', data },
        { method: 'post', path: '/Users', bulkId: 'one', data: newUser('one@acme.example') },
        { method: 'POST', path: '/Users', bulkId: 'two', data: newUser('two@acme.example', { manager: 'x' }) },
        { method: 'PATCH', path: '/Users/bulkId:one', data: patch({ op: 'add', path: 'title', value: 'Guide' }) },
      ]),
    );
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(statuses(body), ['201', '201', '201', '200']);
    const [tour, one, two, changed]: Result[] = body.Operations;
    assert.deepEqual([tour?.bulkId, one?.bulkId], ['tour', 'one']);
    assert.equal(changed?.location, one?.location);
    const id = (result: Result | undefined): string => result?.location?.split('/').at(-1) ?? '';
    const group = await acme.get(`/Groups/${id(tour)}`);
    assert.deepEqual(
      group.body.members.map(({ value }: { value: string }) => value),
      [id(two), id(one)],
    );
    assert.equal((await acme.get(`/Users/${id(one)}`)).body.title, 'Guide');
    const stale = await acme.send(
      'POST',
      '/Bulk',
      bulk([
        {
          method: 'PATCH',
          path: `/Users/${id(one)}`,
          version: one?.version,
          data: patch({ op: 'remove', path: 'title' }),
        },
        { method: 'DELETE', path: `/Users/${id(one)}`, version: changed?.version },
        { method: 'DELETE', path: `/Users/${id(two)}` },
      ]),
    );
    assert.deepEqual(statuses(stale.body), ['412', '204', '204']);
    // All but a POST that failed say what they are about (RFC 7644 §3.7).
    assert.deepEqual(
      stale.body.Operations.map(({ location }: Result) => location),
      [one?.location, one?.location, two?.location],
    );
    const wrong = await acme.send('POST', '/Bulk', bulk([{ method: 'PUT', path: '/Users', data: {} }]));
    assert.deepEqual([statuses(wrong.body), wrong.body.Operations[0].response?.status], [['405'], '405']);
  });

  it('tells each failure where it happened, and stops after so many', async () => {
    const bad = (at: number) => ({
      method: 'POST',
      path: '/Users',
      bulkId: `b${at}`,
      data: { schemas: [], userName: at },
    });
    const good = { method: 'POST', path: '/Users', bulkId: 'good', data: newUser('good@acme.example') };
    const stopped = await acme.send('POST', '/Bulk', bulk([bad(1), bad(2), good], { failOnErrors: 2 }));
    assert.deepEqual(statuses(stopped.body), ['400', '400']);
    const [first]: Result[] = stopped.body.Operations;
    assert.deepEqual([first?.bulkId, first?.response?.scimType], ['b1', 'invalidSyntax']);
    const went = await acme.send(
      'POST',
      '/Bulk',
      bulk([bad(1), good, good, { ...bad(3), path: '/Nothing' }].map((one, at) => ({ ...one, bulkId: `x${at}` }))),
    );
    assert.deepEqual(statuses(went.body), ['400', '201', '409', '404']);
    const circular = await acme.send(
      'POST',
      '/Bulk',
      bulk([
        {
          method: 'POST',
          path: '/Groups',
          bulkId: 'c1',
          data: { displayName: 'C1', members: [{ value: 'bulkId:c2' }] },
        },
        {
          method: 'POST',
          path: '/Groups',
          bulkId: 'c2',
          data: { displayName: 'C2', members: [{ value: 'bulkId:c1' }] },
        },
        { method: 'DELETE', path: '/Users/bulkId:nobody' },
      ]),
    );
    assert.deepEqual(statuses(circular.body), ['400', '400', '400']);
    assert.match(circular.body.Operations[0].response.detail, /bulkId:c2 refers to nothing/);
    for (const wrong of [
      {},
      bulk([]),
      bulk([{ method: 'GET', path: '/Users' }]),
      bulk([{ method: 'POST', path: '/Users', data: {} }]),
      bulk([{ method: 'DELETE', path: 'Users/x' }]),
      bulk([good, good]),
      bulk([good], { failOnErrors: -1 }),
    ]) {
      const { status, body } = await acme.send('POST', '/Bulk', wrong);
      assert.deepEqual([status, body.scimType], [400, 'invalidSyntax'], JSON.stringify(wrong));
    }
    // What is long or deep is told like anything else; a pattern that goes back and forth would take hours here.
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const text = JSON.stringify(bulk([{ ...good, data: { ims: 'DEEP' } }])).replace('"DEEP"', deep);
    const { status, body } = await acme.send('POST', '/Bulk', text);
    assert.deepEqual([status, body.scimType], [400, 'invalidSyntax']);
    const long = { method: 'DELETE', path: `/Users/${'x'.repeat(900_000)}` };
    assert.deepEqual(statuses((await acme.send('POST', '/Bulk', bulk([long]))).body), ['404']);
    const inside = { method: 'POST', path: '/Bulk', bulkId: 'in', data: bulk([good]) };
    assert.deepEqual(statuses((await acme.send('POST', '/Bulk', bulk([inside]))).body), ['404']);
  });
});
