import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { declaredConnection } from '../../src/config/connections.ts';
import { inputShape } from '../../src/federation/input.ts';
import { type AdminApi, adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { type Describing, describing } from '../support/discovery.ts';
import { basic, post } from '../support/oauth.ts';
import { settingsFile } from '../support/settings.ts';
import { storeUrl } from '../support/store.ts';
import { temporaryPath } from '../support/temporary.ts';

let app: TestApp;
let admin: AdminApi;
let provider: Describing;
before(async () => {
  provider = await describing();
  app = await startApp();
  admin = adminApi(app, await adminToken(app));
});
after(async () => {
  provider.close();
  await app.close();
});

const corp = () => ({
  id: 'corp',
  preset: 'generic-oidc',
  from: provider.url,
  client_id: 'us',
  client_secret: 's3cret-of-corp',
});

describe('/admin/api/v1/connections', () => {
  it('adds one, whose secret is never seen again', async () => {
    const { status, body } = await admin.send('POST', '/connections', {
      ...corp(),
      domains: ['example.com'],
      group_rules: [{ upstream: 'a', role: 'orders-reader' }],
    });
    assert.equal(status, 201);
    assert.deepEqual([body.kind, body.issuer, body.has_client_secret], ['oidc', provider.url, true]);
    assert.equal(body.addresses.redirect_uri, `${app.issuer}/federation/corp/callback`);
    assert.match(body.domains[0].record.value, /^sallyport-domain-verification=/);
    const shown = await admin.get('/connections/corp');
    assert.deepEqual(shown.body, body);
    const stored = await app.parts.connections.get('corp');
    for (const text of [
      JSON.stringify([shown.body, await app.parts.trail.search()]),
      JSON.stringify(stored),
      app.log.join(''),
    ]) {
      assert.doesNotMatch(text, /s3cret/);
    }
    assert.equal(Object(stored && app.parts.connections.clear(stored)).clientSecret, 's3cret-of-corp');
  });

  it('answers 409 for an id that is in use, and 400 with a pointer for what cannot be', async () => {
    assert.equal((await admin.send('POST', '/connections', corp())).status, 409);
    const wrong = await admin.send('POST', '/connections', {
      ...corp(),
      id: 'b',
      client_secret: 7,
      clientId: 'x',
      declared: 'x',
    });
    assert.equal(wrong.status, 400);
    assert.deepEqual(wrong.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort(), [
      '#/clientId',
      '#/client_secret',
      '#/declared',
    ]);
    const kind = await admin.send('POST', '/connections', { ...corp(), id: 'b', bind_dn: 'cn=x' });
    assert.match(kind.body.detail, /bindDn cannot be set for an OpenID Connect connection/);
  });

  it('keeps what is not named, goes back to the preset for null, and refuses a change of what has changed (RFC 9110 §13.1.1)', async () => {
    const etag = (await admin.get('/connections/corp')).headers.get('etag') ?? '';
    const change = (name: string) =>
      admin.send('PATCH', '/connections/corp', { name, skew: 5, mapping: { name: ['n'] } }, { 'if-match': etag });
    const statuses = (await Promise.all([change('A'), change('B'), change('C')])).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [200, 412, 412]);
    const { body } = await admin.send('PATCH', '/connections/corp', { skew: null, mapping: { name: null } });
    assert.deepEqual(
      [body.skew, body.mapping.name, body.mapping.email, body.has_client_secret],
      [120, ['name'], ['email'], true],
    );
    for (const bad of [
      { id: 'x' },
      { state: 'disabled' },
      { domains: [] },
      { created: 1 },
      { group_rules: [{ upstream: 'a', role: 'administrator' }] },
    ]) {
      assert.equal((await admin.send('PATCH', '/connections/corp', bad)).status, 400, JSON.stringify(bad));
    }
  });

  it('gives no role that includes the administrator (sec-230)', async () => {
    await app.parts.access.saveRole({ id: 'boss', permissions: [], includes: ['administrator'] }, 'test');
    const { status } = await admin.send('PATCH', '/connections/corp', {
      group_rules: [{ upstream: 'a', role: 'boss' }],
    });
    assert.equal(status, 400);
  });

  it('lets nobody give by a provider what they do not hold themselves (sec-270)', async () => {
    const { access, clients } = app.parts;
    const permissions = ['urn:sallyport:admin#connections:write', 'https://api.example.test/orders#orders:read'];
    await access.saveRole({ id: 'connector', permissions, includes: [] }, 'test');
    const { secret = '' } = await clients.add(
      { id: 'office', metadata: { grant_types: ['client_credentials'] } },
      'test',
    );
    await access.assign('client:office', 'connector', 'test');
    const form = { grant_type: 'client_credentials', resource: 'urn:sallyport:admin' };
    const answer = await post(
      `${app.issuer}/oauth2/token`,
      form,
      basic({ client_id: 'office', client_secret: secret }),
    );
    const office = adminApi(app, answer.body.access_token);
    const given = async (role: string) =>
      (await office.send('PATCH', '/connections/corp', { group_rules: [{ upstream: 'z', role }] })).body.code ?? 'done';
    assert.equal(await given('orders-editor'), 'beyond_own_rights');
    assert.equal(await given('not-there'), 'beyond_own_rights');
    assert.equal(await given('orders-reader'), 'done');
  });

  it('asks no address inside our network that somebody gave who looks after one organisation (sec-244)', async () => {
    const { connections } = app.parts;
    const { client_id: clientId, client_secret: clientSecret, ...said } = corp();
    const confined = { ...said, id: 'confined', clientId, clientSecret, confined: true as const };
    const asked = provider.asked.length;
    await assert.rejects(connections.add(confined, 'test'), { code: 'invalid' });
    await connections.add({ ...confined, confined: undefined }, 'test');
    const kept = await connections.get('confined');
    assert.ok(kept);
    assert.equal(provider.asked.length, asked + 1);
    await connections.around(kept).fetch(provider.url);
    await assert.rejects(connections.around({ ...kept, confined: true }).fetch(provider.url));
    // What has an address inside and what has none sound the same, so that nobody maps our network by it.
    const same = { code: 'invalid', message: /could not be read: the name leads to no public address$/ };
    for (const from of [provider.url.replace('http:', 'https:'), 'https://10.0.0.1', 'https://nobody.invalid']) {
      await assert.rejects(connections.change('confined', { from, confined: true }, 'test'), same);
    }
    await connections.remove('confined', 'test');
  });

  it('switches it off for every use, and on again (sec-196)', async () => {
    const { connections } = app.parts;
    await admin.send('POST', '/connections/corp/domains/example.com/verify', { by_administrator: true });
    assert.equal((await connections.forDomain('EXAMPLE.com'))?.id, 'corp');
    assert.equal(await connections.forDomain('sub.example.com'), undefined);
    assert.equal((await admin.send('POST', '/connections/corp/disable')).body.state, 'disabled');
    assert.deepEqual([await connections.forDomain('example.com'), (await connections.shown()).length], [undefined, 0]);
    await assert.rejects(connections.connector('corp'), { code: 'connection_disabled', status: 403 });
    await assert.rejects(connections.connector('nobody'), { code: 'missing' });
    assert.equal((await admin.send('POST', '/connections/corp/enable')).body.state, 'enabled');
  });

  it('lets one of many use an id', async () => {
    const connection = await app.parts.connections.get('corp');
    assert.ok(connection);
    const { once, now } = app.parts.connections.around(connection);
    const heard = await Promise.all(Array.from({ length: 8 }, () => once('assertion', now() + 60)));
    assert.deepEqual(heard.filter(Boolean), [true]);
  });

  it('reads no description that is nested without end, and holds no more than a hundred domains', async () => {
    const nested = `{"issuer":"https://deep.example.test","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const deep = { ...corp(), id: 'deep', from: undefined, metadata: nested };
    const { status, body } = await admin.send('POST', '/connections', deep);
    assert.deepEqual(
      [status, body.detail],
      [400, 'The file holds no discovery document (JSON, OpenID Connect Discovery §3)'],
    );
    const { domains } = app.parts.connections;
    for (let count = (await domains.of('corp')).length; count < 100; count += 1) {
      await domains.add('corp', `d${count}.example.test`, 'cli');
    }
    const more = await admin.send('POST', '/connections/corp/domains', { name: 'more.example.test' });
    assert.deepEqual(
      [more.status, more.body.detail],
      [400, 'A connection speaks for 100 domains at most; remove one first'],
    );
    const again = await admin.send('POST', '/connections/corp/domains', { name: 'd99.example.test' });
    assert.equal(again.status, 201);
  });

  it('goes, with its domains', async () => {
    assert.equal((await admin.send('DELETE', '/connections/corp', undefined, { 'if-match': '"old"' })).status, 412);
    assert.equal((await admin.send('DELETE', '/connections/corp')).status, 204);
    assert.equal((await admin.get('/connections/corp')).status, 404);
    assert.equal(await app.parts.connections.forDomain('example.com'), undefined);
  });
});

describe('connections in the configuration file', () => {
  it('have the same settings as the API', () => {
    assert.deepEqual(Object.keys(declaredConnection.shape).sort(), Object.keys(inputShape).sort());
  });

  it('are made at the start, kept as the file says, and left alone by the API', async () => {
    const store = process.env.SALLYPORT_TEST_STORE === 'mongodb' ? await storeUrl() : `sqlite:${temporaryPath()}`;
    const start = async (name: string, ids: string[]) => {
      const one = (id: string) =>
        `  - {id: ${id}, preset: generic-oidc, name: ${name}, from: "${provider.url}", clientId: us, clientSecret: env:OF_CORP, domains: [${id}.example]}`;
      const yaml = `connections:\n${ids.map(one).join('\n')}\ndemo: {clients: [{id: demo-admin, name: A, roles: [administrator], metadata: {grant_types: [client_credentials]}}]}\n`;
      return startApp({ SALLYPORT_STORE: store, SALLYPORT_CONFIG: settingsFile(yaml), OF_CORP: 'from-the-variable' });
    };
    const first = await start('First', ['corp', 'gone']);
    const api = adminApi(first, await adminToken(first));
    const { body } = await api.get('/connections/corp');
    assert.deepEqual([body.name, body.declared, body.domains[0].name], ['First', true, 'corp.example']);
    const stored = await first.parts.connections.get('corp');
    assert.equal(Object(stored && first.parts.connections.clear(stored)).clientSecret, 'from-the-variable');
    const refused = await api.send('PATCH', '/connections/corp', { name: 'Mine' });
    assert.deepEqual([refused.status, refused.body.code], [409, 'declared']);
    assert.equal((await api.send('DELETE', '/connections/corp')).status, 409);
    assert.equal((await api.send('POST', '/connections/corp/disable')).status, 409);
    await first.close();

    const before = provider.asked.length;
    const same = await start('First', ['corp', 'gone']);
    await same.close();
    assert.equal(provider.asked.length, before, 'asks nobody when nothing has changed');

    const second = await start('Second', ['corp']);
    const all = await second.parts.connections.list();
    assert.deepEqual(
      all.map(({ id, name, state, declared }) => [id, name, state, declared !== undefined]),
      [
        ['corp', 'Second', 'enabled', true],
        ['gone', 'First', 'disabled', false],
      ],
    );
    await second.close();
  });
});
