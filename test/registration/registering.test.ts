import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';
import { call } from '../support/registering.ts';

const web = { redirect_uris: ['https://app.example/callback'] };
const service = { grant_types: ['client_credentials'] };

describe('POST /oauth2/register', () => {
  let app: TestApp;
  let endpoint: string;
  let registrar: string;
  before(async () => {
    app = await startApp();
    endpoint = `${app.issuer}/oauth2/register`;
    registrar = app.registrar('demo-registrar');
  });
  after(() => app.close());

  const register = (body: unknown, credential: string | undefined = registrar) =>
    call('POST', endpoint, credential, body);

  it('answers with the whole client (RFC 7591 §3.2.1)', async () => {
    const { status, body, headers } = await register({ ...web, client_name: 'Orders', contacts: ['ops@app.example'] });
    assert.equal(status, 201);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.match(headers.get('cache-control') ?? '', /no-store/);
    const { client_id, client_secret, registration_access_token, client_id_issued_at, ...rest } = body;
    assert.match(client_id, /^client_[\w-]{22}$/);
    assert.match(client_secret, /^[A-Za-z0-9_-]{43}$/);
    assert.match(registration_access_token, /^[A-Za-z0-9_-]{43}$/);
    assert.ok(Math.abs(client_id_issued_at - Date.now() / 1000) < 10);
    assert.deepEqual(rest, {
      client_secret_expires_at: 0,
      registration_client_uri: `${app.issuer}/oauth2/register/${client_id}`,
      client_name: 'Orders',
      application_type: 'web',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: ['https://app.example/callback'],
      token_endpoint_auth_method: 'client_secret_basic',
      contacts: ['ops@app.example'],
      scope: 'openid profile email address phone offline_access orders:read orders:write',
      client_status: 'pending',
    });
  });

  it('keeps a client for client_credentials alone, and says so', async () => {
    const { status, body } = await register(service);
    assert.equal(status, 201);
    assert.deepEqual(body.grant_types, ['client_credentials']);
    assert.deepEqual(body.response_types, []);
    assert.deepEqual(body.redirect_uris, []);
  });

  it('gives no secret to a public client', async () => {
    const { status, body } = await register({ ...web, token_endpoint_auth_method: 'none' });
    assert.equal(status, 201);
    assert.equal(body.client_secret, undefined);
    assert.equal(body.client_secret_expires_at, undefined);
  });

  it('lets a client wait for approval, and then get tokens with what is assigned to it', async () => {
    const { body } = await register(service);
    const token = () => post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(body));
    const refused = await token();
    assert.equal(refused.status, 400);
    assert.equal(refused.body.error, 'unauthorized_client');
    assert.match(refused.body.error_description, /administrator/);
    await app.parts.clients.decide(body.client_id, 'approve', 'cli', { tier: 'gold' });
    await app.parts.access.assign(`client:${body.client_id}`, 'orders-reader', 'cli');
    const granted = await token();
    assert.equal(granted.status, 200);
    assert.equal(granted.body.scope, 'orders:read');
    const gateway = basic(app.client('demo-gateway'));
    const asked = await post(`${app.issuer}/oauth2/introspect`, { token: granted.body.access_token }, gateway);
    assert.equal(asked.body.active, true);
    assert.equal(asked.body.sla_tier, 'gold');
    assert.equal((await call('GET', body.registration_client_uri, registrar)).body.client_status, 'approved');
  });

  it('approves at once where the registrar may', async () => {
    const { token } = await app.parts.registrars.add({ id: 'quick', approve: 'at-once' }, 'cli');
    const { body } = await register(service, token);
    assert.equal(body.client_status, 'approved');
    assert.equal(
      (await post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(body))).status,
      200,
    );
  });

  it('lets a client prove itself by a key, also under the strict eye of the library', async () => {
    const jwks = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] };
    const good = await register({ ...service, token_endpoint_auth_method: 'private_key_jwt', jwks });
    assert.equal(good.status, 201);
    assert.equal(good.body.client_secret, undefined);
    assert.deepEqual(good.body.jwks, jwks);
  });

  it('answers what the library has against the metadata (RFC 7591 §3.2.2)', async () => {
    for (const flaw of [{ default_acr_values: ['urn:nobody:knows'] }, { subject_type: 'pairwise' }]) {
      const { status, body } = await register({ ...web, ...flaw });
      assert.equal(status, 400, JSON.stringify(flaw));
      assert.equal(body.error, 'invalid_client_metadata');
      assert.ok(body.error_description.startsWith(Object.keys(flaw)[0] ?? ''));
    }
  });

  it('says in the address what it serves, whatever the caller calls it', async () => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization: `bearer ${registrar}`,
        'content-type': 'application/json',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
      },
      body: JSON.stringify(service),
    });
    const { registration_client_uri } = await response.json();
    assert.ok(registration_client_uri.startsWith(`${app.issuer}/oauth2/register/`));
  });

  it('takes no privilege from metadata', async () => {
    const { status, body } = await register({
      ...service,
      scope: 'orders:read clients:write admin',
      roles: ['administrator'],
      introspects: 'all',
      firstParty: true,
      pkce: 'optional',
      client_id: 'demo-admin',
      client_secret: 'chosen by the caller',
      client_status: 'approved',
      state: 'approved',
      registrar: 'other',
      tenant: 'x',
    });
    assert.equal(status, 201);
    assert.equal(body.scope, 'orders:read');
    assert.notEqual(body.client_id, 'demo-admin');
    assert.notEqual(body.client_secret, 'chosen by the caller');
    assert.equal(body.client_status, 'pending');
    const client = await app.parts.clients.get(body.client_id);
    assert.deepEqual(
      [client?.introspects, client?.firstParty, client?.pkce, client?.registrar],
      [[], false, 'required', 'demo-registrar'],
    );
    for (const name of ['roles', 'tenant', 'introspects']) assert.equal(body[name], undefined);
    await app.parts.clients.decide(body.client_id, 'approve', 'cli');
    const token = await post(
      `${app.issuer}/oauth2/token`,
      { grant_type: 'client_credentials', scope: 'clients:write' },
      basic(body),
    );
    assert.equal(token.body.error, 'invalid_scope');
  });

  it('ignores what it does not know, however deep (RFC 7591 §2)', async () => {
    const deep = `{"grant_types":["client_credentials"],"other":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const { status, body } = await register(deep);
    assert.equal(status, 201);
    assert.equal(body.other, undefined);
    assert.equal((await register(deep.replace('other', 'contacts'))).body.error, 'invalid_client_metadata');
    assert.equal((await register(deep.replace('other', 'jwks'))).body.error, 'invalid_client_metadata');
  });

  it('writes down what was registered and what was refused, without secrets', async () => {
    const { body } = await register(service);
    await register({ ...web, client_name: 'x'.repeat(200) });
    const [created] = await app.parts.trail.search({ target: `client:${body.client_id}` });
    assert.equal(created?.type, 'client.created');
    assert.equal(created?.actor, 'registrar:demo-registrar');
    const refused = await app.parts.trail.search({ type: 'registration.refused' }, { limit: 1000 });
    assert.ok(refused.some(({ detail }) => /client_name/.test(String(detail?.reason))));
    const everything = JSON.stringify([app.log, await app.parts.trail.search({}, { limit: 1000 })]);
    for (const secret of [registrar, body.client_secret, body.registration_access_token]) {
      assert.ok(!everything.includes(secret));
    }
  });
});
