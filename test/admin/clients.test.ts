import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';

let app: TestApp;
let admin: AdminApi;
before(async () => {
  app = await startApp();
  admin = adminApi(app, await adminToken(app));
});
after(() => app.close());

const service = { grant_types: ['client_credentials'] };

describe('two administrators who edit one client', () => {
  it('at the same moment: one does, and the other is told to look again', async () => {
    const name = 'edited-by-two';
    assert.equal((await admin.send('POST', '/clients', { client_id: name, ...service })).status, 201);
    const etag = (await admin.get(`/clients/${name}`)).headers.get('etag') ?? '';
    const edits = ['One', 'Two', 'Three'].map((client_name) =>
      admin.send('PATCH', `/clients/${name}`, { client_name }, { 'if-match': etag }),
    );
    const answers = await Promise.all(edits);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412, 412]);
    const done = answers.find(({ status }) => status === 200);
    const now = await admin.get(`/clients/${name}`);
    assert.equal(now.body.client_name, done?.body.client_name);
    assert.equal(now.headers.get('etag'), done?.headers.get('etag'));
    assert.notEqual(now.headers.get('etag'), etag);
  });
});

describe('POST /admin/api/v1/clients', () => {
  it('adds a client under the names of RFC 7591, and shows its secret this once', async () => {
    const body = { client_id: 'shipping', client_name: 'Shipping', tier: 'gold', ...service };
    const added = await admin.send('POST', '/clients', body);
    assert.equal(added.status, 201);
    assert.match(added.body.client_secret, /^[A-Za-z0-9_-]{43}$/);
    assert.deepEqual([added.body.id, added.body.client_name, added.body.state], ['shipping', 'Shipping', 'approved']);
    const shown = await admin.get('/clients/shipping');
    assert.equal(shown.status, 200);
    assert.equal(shown.body.client_secret, undefined);
    assert.doesNotMatch(JSON.stringify(shown.body), /fingerprint|registrationToken/);
    const { client_secret, ...rest } = added.body;
    assert.deepEqual(shown.body, rest);
  });

  it('answers 409 for an id that is in use', async () => {
    const { status, body, headers } = await admin.send('POST', '/clients', { client_id: 'shipping', ...service });
    assert.deepEqual([status, body.code], [409, 'taken']);
    assert.equal(headers.get('content-type'), 'application/problem+json');
  });

  it('says of every wrong member where it is and what to change (RFC 9457 §3)', async () => {
    const wrong = { grant_types: 'client_credentials', redirect_uris: [7], roles: ['administrator'], pkce: 'never' };
    const { status, body } = await admin.send('POST', '/clients', wrong);
    assert.equal(status, 400);
    assert.deepEqual(
      body.errors.toSorted((a: { pointer: string }, b: { pointer: string }) => a.pointer.localeCompare(b.pointer)),
      [
        { pointer: '#/grant_types', detail: 'must be a list' },
        { pointer: '#/pkce', detail: 'must be required or optional' },
        { pointer: '#/redirect_uris/0', detail: 'must be a text' },
        { pointer: '#/roles', detail: 'cannot be set here; leave it out' },
      ],
    );
  });

  const refused: [string, string, unknown, Record<string, string>, number][] = [
    ['another content type (sec-13)', '/clients', '{}', { 'content-type': 'text/plain' }, 415],
    ['a form', '/clients', 'client_id=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['broken JSON', '/clients', '{"client_id":', {}, 400],
    ['a member that is there twice (sec-12)', '/clients', '{"client_id":"a","client\\u005fid":"b"}', {}, 400],
    ['a prototype as member (sec-269)', '/clients', '{"__proto__":{"state":"approved"}}', {}, 400],
    ['an operator instead of a text (sec-273)', '/clients', { client_id: { $ne: null } }, {}, 400],
    ['members of our own record (sec-269)', '/clients', { firstParty: true, secrets: [] }, {}, 400],
    ['text that is not UTF-8', '/clients', Uint8Array.from([0x22, 0xff, 0x22]), {}, 400],
    ['a list instead of an object', '/clients', [], {}, 400],
  ];
  for (const [name, path, body, headers, expected] of refused) {
    it(`refuses ${name}`, async () => {
      const answer = await admin.send('POST', path, body, headers);
      assert.equal(answer.status, expected);
      assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    });
  }
});

describe('GET /admin/api/v1/clients', () => {
  it('gives pages with a cursor, each client once, and cuts a limit that is too high (sec-279)', async () => {
    const ids: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const { body } = await admin.get(`/clients?limit=2${next ? `&cursor=${next}` : ''}`);
      assert.ok(body.items.length <= 2);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      next = body.next;
    }
    const all = await admin.get('/clients?limit=1000000000');
    assert.deepEqual(
      ids,
      all.body.items.map(({ id }: { id: string }) => id),
    );
    assert.equal(all.body.next, null);
    assert.deepEqual(ids, [...new Set(ids)].sort());
    assert.ok(ids.includes('demo-service'));
  });

  it('finds by state', async () => {
    await admin.send('POST', '/clients', { client_id: 'waits', state: 'pending', ...service });
    const { body } = await admin.get('/clients?state=pending');
    assert.deepEqual(
      body.items.map(({ id }: { id: string }) => id),
      ['waits'],
    );
  });

  for (const query of [
    'limit=0',
    'limit=many',
    'cursor=%27;--',
    'state=eaten',
    'sort=name;--',
    'state[$ne]=x',
    'limit=1&limit=2',
  ]) {
    it(`refuses ?${query} (sec-273, sec-274)`, async () => {
      assert.equal((await admin.get(`/clients?${query}`)).status, 400);
    });
  }
});

describe('PATCH /admin/api/v1/clients/{id}', () => {
  it('keeps what is not named, and takes away what is null (RFC 7396)', async () => {
    const contacts = { contacts: ['ops@example.com'], client_uri: 'https://shipping.example.com/' };
    const changed = await admin.send('PATCH', '/clients/shipping', contacts, {
      'content-type': 'application/merge-patch+json',
    });
    assert.deepEqual([changed.status, changed.body.contacts, changed.body.tier], [200, ['ops@example.com'], 'gold']);
    const { body } = await admin.send('PATCH', '/clients/shipping', {
      contacts: null,
      tier: null,
      client_name: 'Ships',
    });
    assert.deepEqual([body.contacts, body.tier, body.client_name], [undefined, undefined, 'Ships']);
    assert.equal(body.client_uri, contacts.client_uri);
  });

  it('refuses a change of what somebody else has changed meanwhile (RFC 9110 §13.1.1)', async () => {
    const etag = (await admin.get('/clients/shipping')).headers.get('etag') ?? '';
    assert.match(etag, /^"[\w-]+"$/);
    const change = (client_name: string) =>
      admin.send('PATCH', '/clients/shipping', { client_name }, { 'if-match': etag });
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => change(`Ships ${index}`)));
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, ...Array.from({ length: 9 }, () => 412)]);
    const winner = answers.find(({ status }) => status === 200);
    const shown = await admin.get('/clients/shipping');
    assert.equal(shown.body.client_name, winner?.body.client_name);
    assert.equal(shown.headers.get('etag'), winner?.headers.get('etag'));
  });

  it('refuses what its state or secrets would become', async () => {
    for (const change of [
      { state: 'approved' },
      { secrets: [] },
      { client_secret: 'x' },
      { client_id: 'y' },
      { registrar: 'z' },
    ]) {
      assert.equal((await admin.send('PATCH', '/clients/shipping', change)).status, 400);
    }
  });

  it('answers 404 for a client that does not exist', async () => {
    const { status, body } = await admin.send('PATCH', '/clients/nobody', { client_name: 'x' });
    assert.deepEqual([status, body.code], [404, 'missing']);
  });
});

describe('the life of a client', () => {
  const token = async (id: string, secret: string) =>
    post(
      `${app.issuer}/oauth2/token`,
      { grant_type: 'client_credentials' },
      basic({ client_id: id, client_secret: secret }),
    );

  it('waits, is approved with a tier, suspended with a reason, resumed and revoked', async () => {
    const { body: made } = await admin.send('POST', '/clients', { client_id: 'partner', state: 'pending', ...service });
    const waiting = await token('partner', made.client_secret);
    assert.equal(waiting.body.error, 'unauthorized_client');
    const approved = await admin.send('POST', '/clients/partner/approve', { tier: 'gold' });
    assert.deepEqual([approved.status, approved.body.state, approved.body.tier], [200, 'approved', 'gold']);
    const { body: issued } = await token('partner', made.client_secret);
    const introspect = async () =>
      (await post(`${app.issuer}/oauth2/introspect`, { token: issued.access_token }, basic(app.client('demo-gateway'))))
        .body;
    assert.deepEqual([(await introspect()).active, (await introspect()).sla_tier], [true, 'gold']);
    const suspended = await admin.send('POST', '/clients/partner/suspend', { reason: 'unpaid' });
    assert.deepEqual([suspended.body.state, suspended.body.reason], ['suspended', 'unpaid']);
    assert.deepEqual(await introspect(), { active: false });
    assert.equal((await admin.send('POST', '/clients/partner/resume')).body.state, 'approved');
    assert.equal((await introspect()).active, true);
    assert.equal((await admin.send('POST', '/clients/partner/revoke', { reason: 'over' })).body.state, 'revoked');
    assert.deepEqual(await introspect(), { active: false });
    const again = await admin.send('POST', '/clients/partner/approve', { tier: 'gold' });
    assert.deepEqual([again.status, again.body.code], [409, 'forbidden_move']);
  });

  it('rejects one that waits', async () => {
    const { status, body } = await admin.send('POST', '/clients/waits/reject', { reason: 'unknown sender' });
    assert.deepEqual([status, body.state, body.reason], [200, 'rejected', 'unknown sender']);
  });

  it('rotates a secret with an overlap in which both work', async () => {
    const { body: made } = await admin.send('POST', '/clients', { client_id: 'rotating', ...service });
    const { status, body } = await admin.send('POST', '/clients/rotating/secrets', { overlap: 60 });
    assert.equal(status, 201);
    assert.notEqual(body.client_secret, made.client_secret);
    for (const secret of [made.client_secret, body.client_secret])
      assert.equal((await token('rotating', secret)).status, 200);
    await admin.send('POST', '/clients/rotating/secrets', { overlap: 0 });
    assert.equal((await token('rotating', body.client_secret)).status, 401);
  });

  it('goes, with its roles', async () => {
    await app.parts.access.assign('client:rotating', 'administrator', 'test');
    const stale = await admin.send('DELETE', '/clients/rotating', undefined, { 'if-match': '"old"' });
    assert.equal(stale.status, 412);
    assert.equal((await admin.send('DELETE', '/clients/rotating')).status, 204);
    assert.equal((await admin.get('/clients/rotating')).status, 404);
    assert.deepEqual(await app.parts.access.assignments({ subject: 'client:rotating' }), []);
  });

  it('is in the audit trail, with who did it', async () => {
    const events = await app.parts.trail.search({ target: 'client:partner' });
    const types = ['created', 'approved', 'suspended', 'resumed', 'revoked'].map((deed) => `client.${deed}`);
    assert.deepEqual(
      events.map(({ type }) => type),
      types,
    );
    assert.ok(events.every(({ actor }) => actor === 'client:demo-admin'));
  });
});
