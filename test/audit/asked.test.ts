import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { adminRooms } from '../../src/admin-rooms.ts';
import type { Recorded } from '../../src/audit/trail.ts';
import { verify } from '../../src/audit/verifying.ts';
import { loadConfig } from '../../src/config/load.ts';
import { adminPermissions } from '../../src/directory/built-in.ts';
import { Calls } from '../../src/http/calls.ts';
import { atHome, password, somebody } from '../support/account.ts';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { atConsole, newApplication } from '../support/console.ts';
import { withoutTrail } from '../support/no-trail.ts';
import { refusal } from '../support/parts.ts';
import { call } from '../support/registering.ts';
import { newUser, patch, pushingOrganization, type ScimClient } from '../support/scim.ts';
import { transmitter } from '../support/ssf.ts';
import { storeUrl } from '../support/store.ts';

const next = 'seven boats under a paper moon';
const stream = { events_requested: [], delivery: { method: 'urn:ietf:rfc:8936' } };
const registration = { redirect_uris: ['https://new.example/callback'], client_name: 'New' };

let url: string;
let app: TestApp;
let api: AdminApi;
let acme: ScimClient;
before(async () => {
  url = await storeUrl();
  app = await startApp({ SALLYPORT_STORE: url });
  api = adminApi(app, await adminToken(app));
  acme = await pushingOrganization(app, 'acme', 'acme.example');
});
after(() => app.close());

const of = (type: string, actor?: string): Promise<Recorded[]> =>
  app.parts.trail.search({ type, ...(actor === undefined ? {} : { actor }) }, { limit: 1000 });
const told = (events: Recorded[]) => events.map(({ detail }) => detail);
const stateOf = async (id: string) => (await app.parts.clients.get(id))?.state;
const fits = async (email: string, text: string) => (await app.parts.users.signIn(email, text)) !== undefined;
/** As a command on the store of this machine, or a file, does it. */
const atDesk = (name: string, given: object) => {
  const operations = adminRooms(loadConfig({ SALLYPORT_STORE: url, SALLYPORT_ISSUER: app.issuer }), app.parts);
  const operator = { actor: 'cli', permissions: new Set(adminPermissions) };
  return new Calls(operations).run(operator, name, given);
};

describe('what is asked for', () => {
  it('sec-287 is on the trail before it is done, from where, and what came of it has the same request', async () => {
    const [{ id }, person] = [await newApplication(app), await somebody(app, 'ana@x.test')];
    const { status, headers } = await api.send('POST', `/clients/${id}/approve`, { tier: 'canary' });
    assert.equal(status, 200);
    const all = await app.parts.trail.search({ requestId: headers.get('x-request-id') ?? '' });
    assert.deepEqual(
      all.map(({ type, detail, outcome, actor }) => [type, actor, outcome, detail?.operation, detail?.on]),
      [
        ['admin.asked', 'client:demo-admin', 'success', 'approveClient', `/clients/${id}/approve`],
        ['client.approved', 'client:demo-admin', 'success', undefined, undefined],
      ],
    );
    assert.deepEqual(all[0]?.ip, all[1]?.ip);
    assert.match(all[0]?.ip ?? '', /./);
    assert.doesNotMatch(JSON.stringify(all[0]), /canary.*canary|tier/);
    // Whoever is erased leaves no address in the trail.
    for (const subject of ['user:ana@x.test', 'nobody@x.test']) {
      assert.equal((await api.send('DELETE', `/groups/staff/members/${subject}`)).status, 404);
    }
    const asked = await of('admin.asked', 'client:demo-admin');
    assert.deepEqual(
      asked.slice(-2).map(({ detail }) => detail?.on),
      [`/groups/staff/members/user:${person}`, '/groups/staff/members/…@…'],
    );
    const { id: odd } = await app.parts.users.add({ email: 'a/na@x.test' }, 'cli');
    for (const subject of [' ana@x.test', 'user:a/na@x.test', 'user:no/body@x.test']) {
      await api.send('DELETE', `/groups/staff/members/${encodeURIComponent(subject)}`);
      await api.send('POST', `/users/${encodeURIComponent(subject)}/disable`, {});
    }
    const named = JSON.stringify([await of('admin.asked'), await of('admin.refused')]);
    assert.ok(!named.includes('@x.test') && named.includes(`members/user:${odd}`), named);
    await app.parts.users.remove(odd, 'cli');
    await app.parts.users.remove(person, 'cli');
  });

  it('is not recorded of who only reads, and of what was not understood', async () => {
    const before = (await of('admin.asked')).length;
    const answers = await Promise.all([
      api.get('/clients'),
      api.send('POST', '/audit-events/verify', {}),
      api.send('POST', '/clients/clean-up', { unused_since: 0, dry_run: true }),
      api.send('POST', '/clients/demo-service/secrets/check', { client_secret: 'wrong' }),
      api.send('PATCH', '/clients/demo-service', { no_such: true }),
      acme.get('/Users'),
      acme.send('POST', '/.search', { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] }),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200, 400, 200, 200],
    );
    assert.deepEqual([(await of('admin.asked')).length, (await of('scim.asked')).length], [before, 0]);
    await api.send('POST', '/clients/clean-up', { unused_since: 0 });
    assert.equal((await of('admin.asked')).length, before + 1);
  });

  it('is heard of by no webhook but the one that names it, and hidden in lists that say so', async () => {
    const receivers = await Promise.all(
      [['*'], ['admin.*'], ['admin.asked']].map((events) =>
        app.parts.webhooks.add({ url: 'https://receiver.example/', events, enabled: false }, 'cli'),
      ),
    );
    const { headers } = await api.send('PATCH', '/clients/demo-service', { client_name: 'Demo' });
    const waiting = await Promise.all(receivers.map(({ webhook }) => app.parts.webhooks.undelivered(webhook.id, 100)));
    assert.deepEqual(
      waiting.map((events) => events.map(({ type }) => type).filter((type) => !type.startsWith('webhook.'))),
      [['client.changed'], [], ['admin.asked']],
    );
    const request = `request_id=${headers.get('x-request-id')}`;
    const types = async (more: string) =>
      (await api.get(`/audit-events?${request}${more}`)).body.items.map(({ type }: { type: string }) => type);
    assert.deepEqual(await types(''), ['client.changed', 'admin.asked']);
    assert.deepEqual(await types('&asked=hide'), ['client.changed']);
    const { browser } = await atConsole(app, 'una@x.test');
    assert.doesNotMatch((await browser.open('/admin/audit')).text, /asked the administration/);
    for (const query of ['asked=show', 'type=admin.asked', request]) {
      assert.match((await browser.open(`/admin/audit?${query}`)).text, /asked the administration for a change/, query);
    }
  });

  it('tells people no place of those who look after them', async () => {
    const id = await somebody(app, 'pia@x.test');
    const browser = await atHome(app, 'pia@x.test');
    assert.equal((await api.send('PATCH', `/users/${id}`, { nickname: 'P' })).status, 200);
    const [changed] = await app.parts.trail.search({ type: 'user.changed', target: `user:${id}` });
    assert.match(changed?.ip ?? '', /./);
    const page = await browser.open('/account/data/download');
    const { events } = JSON.parse((await browser.submit(page, {})).text);
    const [theirs] = events.filter(({ type }: Recorded) => type === 'user.changed');
    assert.deepEqual([theirs.actor, theirs.ip, theirs.requestId], ['client:demo-admin', undefined, undefined]);
    const own = events.find(({ type }: Recorded) => type === 'signin.succeeded');
    assert.match(own.ip, /./);
  });
});

describe('what is refused', () => {
  it('sec-267 sec-268 sec-270 is on the trail as a failure, once, whatever door it was tried at', async () => {
    const { access, clients, organizations } = app.parts;
    const admin = (name: string) => `urn:sallyport:admin#${name}`;
    const local = ['users:write', 'clients:write', 'assignments:write'];
    const one = await somebody(app, 'eli@x.test');
    await access.saveRole({ id: 'local', permissions: local.map(admin), includes: [] }, 'cli');
    const made = await clients.add({ id: 'office', metadata: { grant_types: ['client_credentials'] } }, 'cli');
    await organizations.join('acme', 'client:office', 'cli');
    const give = (role: string) => ({ subject: 'client:office', role, organization: 'acme' });
    assert.equal((await api.send('POST', '/assignments', give('local'))).status, 201);
    const form = { grant_type: 'client_credentials', resource: 'urn:sallyport:admin', organization: 'acme' };
    const secret = Buffer.from(`office:${made.secret}`).toString('base64');
    const token = await fetch(`${app.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${secret}` },
      body: new URLSearchParams(form),
    });
    const office = adminApi(app, (await token.json()).access_token);
    const tries: [status: number, method: string, path: string, body?: object][] = [
      [404, 'PATCH', `/users/${one}`, { name: 'Mine' }],
      [403, 'POST', '/assignments', give('orders-editor')],
      [403, 'DELETE', '/tiers/gold'],
      [403, 'POST', '/clients/clean-up', { unused_since: 0 }],
    ];
    for (const [status, method, path, body] of [...tries, ...tries]) {
      assert.equal((await office.send(method, path, body)).status, status, path);
    }
    const refused = await of('admin.refused', 'client:office');
    assert.deepEqual(told(refused), [
      { permission: 'users:write', operation: 'changeUser', code: 'missing', on: one },
      { permission: 'assignments:write', operation: 'addAssignment', code: 'beyond_own_rights' },
      { permission: 'tiers:write', operation: 'removeTier', code: 'insufficient_scope', on: 'gold' },
      { permission: 'clients:write', operation: 'cleanUpClients', code: 'beyond_organization' },
    ]);
    assert.ok(refused.every(({ outcome, ip, requestId }) => outcome === 'failure' && ip && requestId));

    await access.saveRole({ id: 'looker', permissions: [admin('clients:read')], includes: [] }, 'cli');
    const looker = await atConsole(app, 'lou@x.test', 'looker');
    for (const path of ['/admin/people', '/admin/people', '/admin/audit', '/admin/applications']) {
      await looker.browser.send('GET', path);
    }
    const stranger = await somebody(app, 'sam@x.test');
    const home = await atHome(app, 'sam@x.test');
    assert.equal((await home.send('GET', '/admin')).status, 403);
    assert.equal((await home.send('POST', '/admin/applications/demo-service/suspend', { reason: 'x' })).status, 403);
    const names = async (id: string) =>
      (await of('admin.refused', `user:${id}`)).map(({ detail }) => detail?.operation);
    assert.deepEqual(await names(looker.id), ['listUsers', 'listAuditEvents']);
    assert.deepEqual(await names(stranger), ['getOverview', 'suspendClient']);
    assert.equal(await stateOf('demo-service'), 'approved');
  });
});

describe('without a trail', () => {
  it('sec-286 no door changes anything, and each says that it cannot now', async () => {
    const { clients, passwordResets, scim, tiers, users } = app.parts;
    const [{ id: pending }, { id: other }] = [await newApplication(app), await newApplication(app, 'approved')];
    const [console_, pushed] = [
      await atConsole(app, 'kim@x.test'),
      await acme.send('POST', '/Users', newUser('zoe@acme.example')),
    ];
    const bob = await somebody(app, 'bob@x.test');
    const [home, reader] = [await atHome(app, 'bob@x.test'), await somebody(app, 'cid@x.test')];
    const cid = await users.get(reader);
    assert.ok(cid);
    const { link } = await passwordResets.linkFor(cid, 'cli');
    const registered = await call(
      'POST',
      `${app.issuer}/oauth2/register`,
      app.registrar('demo-registrar'),
      registration,
    );
    const client = registered.body.client_id;
    const receiver = transmitter(app, await adminToken(app));
    const before = { clients: (await clients.list()).length, users: (await users.list()).length };
    const back = await withoutTrail(url);
    const person = `/Users/${pushed.body.id}`;
    const answers = await Promise.all([
      api.send('POST', `/clients/${other}/suspend`, { reason: 'x' }),
      api.send('POST', '/tiers', { id: 'new', limits: [{ requests: 1, period: 60 }] }),
      console_.browser.send('POST', `/admin/applications/${pending}/reject`, { reason: 'x' }),
      acme.send('PATCH', person, patch({ op: 'replace', value: { active: false } })),
      acme.send('DELETE', person),
      acme.send('POST', '/Users', newUser('new@acme.example')),
      home.send('POST', '/account/password', { password, new: next, again: next }),
      home.send('POST', '/account/profile', { name: 'Bobby' }),
      newBrowserOf(link),
      call('POST', `${app.issuer}/oauth2/register`, app.registrar('demo-registrar'), registration),
      call('DELETE', registered.body.registration_client_uri, registered.body.registration_access_token),
      receiver.send('POST', '/streams', stream),
    ]);
    await assert.rejects(
      atDesk('suspendClient', { params: { id: other }, body: { reason: 'x' } }),
      refusal('unavailable'),
    );
    await back();
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 503),
    );
    assert.deepEqual(
      [await stateOf(other), await stateOf(pending), await stateOf(client)],
      ['approved', 'pending', 'pending'],
    );
    assert.deepEqual([(await clients.list()).length, (await users.list()).length], [before.clients, before.users]);
    assert.equal(await tiers.get('new'), undefined);
    assert.equal((await acme.get(person)).body.active, true);
    assert.equal(await scim.managerOf(pushed.body.id), 'acme');
    assert.deepEqual([await fits('bob@x.test', password), await fits('cid@x.test', password)], [true, true]);
    assert.equal((await users.get(bob))?.profile.name, undefined);
    assert.deepEqual((await receiver.get('/streams')).body, []);
    // And each does it, with a row before, once there is a trail again.
    assert.equal((await api.send('POST', `/clients/${other}/suspend`, { reason: 'x' })).status, 200);
    assert.equal((await acme.send('DELETE', person)).status, 204);
    assert.equal((await home.send('POST', '/account/password', { password, new: next, again: next })).status, 200);
    assert.equal((await receiver.send('POST', '/streams', stream)).status, 201);
    await atDesk('resumeClient', { params: { id: other } });
    assert.deepEqual(told(await of('scim.asked')).at(-1), { operation: 'DELETE', on: person });
    assert.deepEqual(told(await of('account.asked', `user:${bob}`)), [{ operation: '/account/password' }]);
    assert.deepEqual(told(await of('registration.asked')), [{ operation: 'register' }]);
    assert.deepEqual(told(await of('admin.asked', 'cli')), [
      { operation: 'resumeClient', on: `/clients/${other}/resume` },
    ]);
    assert.deepEqual((await verify(app.parts.trail)).findings, []);
  });
});

/** The form behind a link in a mail. */
async function newBrowserOf(link: string): Promise<{ status: number }> {
  const body = new URLSearchParams({ password: next });
  return fetch(link, { method: 'POST', body, headers: { origin: app.issuer, 'sec-fetch-site': 'same-origin' } });
}
