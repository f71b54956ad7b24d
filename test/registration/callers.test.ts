import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post, read } from '../support/oauth.ts';
import { call } from '../support/registering.ts';

describe('who registers clients', () => {
  let app: TestApp;
  let endpoint: string;
  before(async () => {
    app = await startApp();
    endpoint = `${app.issuer}/oauth2/register`;
  });
  after(() => app.close());

  const send = async (method: string, url: string, headers: Record<string, string>, body?: string) =>
    read(await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) }));
  const approve = (id: string) => app.parts.clients.decide(id, 'approve', 'cli', { tier: 'gold' });

  for (const scheme of ['Bearer', 'bearer', 'SSWS']) {
    it(`Anypoint, with the header "${scheme} …" that its operator typed, registers, updates and deletes`, async () => {
      const headers = {
        authorization: `${scheme} ${app.registrar('demo-registrar')}`,
        'content-type': 'application/json; charset=UTF-8',
        accept: '*/*',
        'user-agent': 'AHC/2.1',
      };
      const registration = `{"client_name":"Exchange app ${scheme}","redirect_uris":[],"grant_types":["client_credentials"],"response_types":[],"token_endpoint_auth_method":"client_secret_basic"}`;
      const made = await send('POST', endpoint, headers, registration);
      assert.equal(made.status, 201);
      const { client_id, client_secret, client_name } = made.body;
      assert.ok(client_id && client_secret);
      assert.equal(client_name, `Exchange app ${scheme}`);
      await approve(client_id);

      const update = `{"client_id":"${client_id}","client_secret":"${client_secret}","redirect_uris":["https://app.example/callback"],"grant_types":["authorization_code","refresh_token","client_credentials"],"token_endpoint_auth_method":"client_secret_basic","response_types":["code"],"client_name":"Exchange app 2"}`;
      const changed = await send('PUT', `${endpoint}/${client_id}`, headers, update);
      assert.equal(changed.status, 200);
      assert.equal(changed.body.client_secret, client_secret);
      assert.deepEqual(changed.body.redirect_uris, ['https://app.example/callback']);
      assert.equal(changed.body.client_status, 'approved');
      const token = await post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(made.body));
      assert.equal(token.status, 200);

      const removed = await send('DELETE', `${endpoint}/${client_id}`, { authorization: headers.authorization });
      assert.equal(removed.status, 204);
      const after = await post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(made.body));
      assert.equal(after.body.error, 'invalid_client');
    });
  }

  it('Anypoint is told that there is no implicit flow, in words that say what to do', async () => {
    const registration = {
      client_name: 'Old app',
      redirect_uris: ['https://app.example/'],
      grant_types: ['implicit'],
      response_types: ['id_token', 'token'],
      token_endpoint_auth_method: 'client_secret_basic',
    };
    const { status, body } = await call('POST', endpoint, app.registrar('demo-registrar'), registration);
    assert.equal(status, 400);
    assert.equal(body.error, 'invalid_client_metadata');
    assert.match(body.error_description, /authorization_code/);
  });

  it('both discovery documents say where, and which grants there are', async () => {
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      const { body } = await read(await fetch(`${app.issuer}/.well-known/${name}`));
      assert.equal(body.registration_endpoint, endpoint);
      for (const grant of ['client_credentials', 'authorization_code', 'refresh_token']) {
        assert.ok(body.grant_types_supported.includes(grant));
      }
    }
  });

  describe('with an access token of scope dcr (Gravitee, Anypoint with private_key_jwt)', () => {
    let credentials: { client_id: string; client_secret: string };
    const accessToken = async (scope: string): Promise<string> => {
      const form = { grant_type: 'client_credentials', scope };
      return (await post(`${app.issuer}/oauth2/token`, form, basic(credentials))).body.access_token;
    };
    before(async () => {
      const { access, clients } = app.parts;
      const permissions = ['urn:sallyport:admin#dcr', 'urn:sallyport:admin#clients:read'];
      await access.saveRole({ id: 'client-creator', permissions, includes: [] }, 'cli');
      const { client, secret = '' } = await clients.add({ metadata: { grant_types: ['client_credentials'] } }, 'cli');
      credentials = { client_id: client.id, client_secret: secret };
      await access.assign(`client:${client.id}`, 'client-creator', 'cli');
    });

    it('registers, updates and deletes its own', async () => {
      const token = await accessToken('dcr');
      const registration = {
        client_name: 'Gravitee app',
        redirect_uris: ['https://app.example/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        application_type: 'web',
        scope: 'openid orders:read',
      };
      const made = await call('POST', endpoint, token, registration);
      assert.equal(made.status, 201);
      assert.equal(made.body.client_status, 'pending');
      assert.equal(made.body.scope, 'openid orders:read');
      const client = await app.parts.clients.get(made.body.client_id);
      assert.equal(client?.registrar, `client:${credentials.client_id}`);
      const update = { ...registration, client_id: made.body.client_id, client_name: 'Gravitee app 2' };
      const later = await accessToken('dcr');
      assert.equal(
        (await call('PUT', made.body.registration_client_uri, later, update)).body.client_name,
        'Gravitee app 2',
      );
      assert.equal((await call('DELETE', made.body.registration_client_uri, later)).status, 204);
    });

    it('does not without that scope, for another client, or when the role is taken away', async () => {
      const registration = { grant_types: ['client_credentials'] };
      assert.equal((await call('POST', endpoint, await accessToken('clients:read'), registration)).status, 401);
      const demo = await post(
        `${app.issuer}/oauth2/token`,
        { grant_type: 'client_credentials' },
        basic(app.client('demo-service')),
      );
      assert.equal((await call('POST', endpoint, demo.body.access_token, registration)).status, 401);
      const token = await accessToken('dcr');
      const others = await call('POST', endpoint, app.registrar('demo-registrar'), registration);
      assert.equal((await call('DELETE', others.body.registration_client_uri, token)).status, 401);
      const subject = `client:${credentials.client_id}`;
      await app.parts.access.unassign(subject, 'client-creator', 'cli');
      assert.equal((await call('POST', endpoint, token, registration)).status, 401);
      await app.parts.access.assign(subject, 'client-creator', 'cli');
    });

    it('cannot hand on the right to register', async () => {
      const registration = { grant_types: ['client_credentials'], scope: 'dcr orders:read' };
      const { body } = await call('POST', endpoint, await accessToken('dcr'), registration);
      assert.equal(body.scope, 'orders:read');
    });
  });

  it('Tyk, with one credential for all, later changes the scopes of the same client', async () => {
    const registrar = app.registrar('demo-registrar');
    const registration = {
      client_name: 'Portal app',
      grant_types: ['client_credentials'],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_post',
      scope: 'orders:read',
    };
    const made = await call('POST', endpoint, registrar, registration);
    assert.equal(made.body.scope, 'orders:read');
    await approve(made.body.client_id);
    await app.parts.access.assign(`client:${made.body.client_id}`, 'orders-editor', 'cli');
    const token = () =>
      post(`${app.issuer}/oauth2/token`, {
        grant_type: 'client_credentials',
        client_id: made.body.client_id,
        client_secret: made.body.client_secret,
      });
    assert.equal((await token()).body.scope, 'orders:read');
    const update = { ...registration, client_id: made.body.client_id, scope: 'orders:read orders:write' };
    const changed = await call('PUT', made.body.registration_client_uri, made.body.registration_access_token, update);
    assert.equal(changed.body.scope, 'orders:read orders:write');
    assert.equal((await token()).body.scope, 'orders:read orders:write');
  });

  it('Kong, through its bridge, with members that no RFC has', async () => {
    const registration = {
      redirect_uris: ['https://portal.example/callback'],
      client_name: 'Kong app',
      grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
      scopes: ['orders:read'],
      token_endpoint_auth_method: 'client_secret_basic',
      application_description: 'An app',
      portal_id: 'b1a5b9e4-4a6b-4a0e-8a0e-0f4a5b1c2d3e',
      organization_id: 'b1a5b9e4-4a6b-4a0e-8a0e-0f4a5b1c2d3f',
      developer_id: 'b1a5b9e4-4a6b-4a0e-8a0e-0f4a5b1c2d40',
      auth_strategy_id: 'b1a5b9e4-4a6b-4a0e-8a0e-0f4a5b1c2d41',
      dcr_provider_id: 'b1a5b9e4-4a6b-4a0e-8a0e-0f4a5b1c2d42',
    };
    const made = await call('POST', endpoint, app.registrar('demo-registrar'), registration);
    assert.equal(made.status, 201);
    assert.equal(typeof made.body.client_id_issued_at, 'number');
    for (const name of ['scopes', 'portal_id', 'developer_id']) assert.equal(made.body[name], undefined);
    assert.equal(
      (await call('DELETE', `${endpoint}/${made.body.client_id}`, app.registrar('demo-registrar'))).status,
      204,
    );
  });
});
