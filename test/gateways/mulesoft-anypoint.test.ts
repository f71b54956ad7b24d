import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';
import { replay } from '../support/replay.ts';

const json = 'Content-Type: application/json; charset=UTF-8';
const agent = ['Accept: */*', 'User-Agent: AHC/2.1'];

describe('Anypoint with an OpenID Connect client provider', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.close());

  const at = (method: string, id = '') => `${method} /oauth2/register${id && `/${id}`} HTTP/1.1`;
  const register = (header: string, document: object) =>
    replay(app.url, [at('POST'), header, json, ...agent], JSON.stringify(document));
  const form = ['Content-Type: application/x-www-form-urlencoded', ...agent];

  it('reads in both discovery documents where to register, and that there is client_credentials (T14)', async () => {
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      const { status, body } = await replay(app.url, [`GET /.well-known/${name} HTTP/1.1`, ...agent]);
      assert.deepEqual([status, body.registration_endpoint], [200, `${app.issuer}/oauth2/register`]);
      assert.ok(body.grant_types_supported.includes('client_credentials'));
      assert.ok(!body.grant_types_supported.includes('implicit'));
    }
  });

  for (const scheme of ['Bearer', 'SSWS']) {
    it(`registers, updates and deletes with its one header "${scheme} …" (T13)`, async () => {
      const header = `Authorization: ${scheme} ${app.registrar('demo-registrar')}`;
      const name = `Exchange ${scheme}`;
      const service = { client_name: name, redirect_uris: [], grant_types: ['client_credentials'] };
      const made = await register(header, {
        ...service,
        response_types: [],
        token_endpoint_auth_method: 'client_secret_basic',
      });
      assert.equal(made.status, 201);
      const { client_id, client_secret, client_name } = made.body;
      assert.deepEqual([client_name, typeof client_secret], [name, 'string']);
      assert.deepEqual([made.body.grant_types, made.body.response_types], [['client_credentials'], []]);
      await app.parts.clients.decide(client_id, 'approve', 'cli', { tier: 'gold' });

      // The order and the members of the sample in MuleSoft's documentation.
      const update = `{"client_id":"${client_id}","client_secret":"${client_secret}","redirect_uris":["https://app.example/cb"],"grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"client_secret_basic","response_types":["code"],"client_name":"${name} 2"}`;
      const changed = await replay(app.url, [at('PUT', client_id), header, json, ...agent], update);
      assert.deepEqual([changed.status, changed.body.client_name], [200, `${name} 2`]);
      assert.deepEqual([changed.body.client_secret, changed.body.client_status], [client_secret, 'approved']);

      for (const stranger of ['Bearer nobody', 'SSWS nobody', `Basic ${Buffer.from('a:b').toString('base64')}`]) {
        const refused = await replay(app.url, [at('DELETE', client_id), `Authorization: ${stranger}`, ...agent]);
        assert.deepEqual([refused.status, refused.body.error], [401, 'invalid_token']);
      }
      const removed = await replay(app.url, [at('DELETE', client_id), header, ...agent]);
      assert.equal(removed.status, 204);
    });
  }

  it('finds a client of another registrar closed, with the same words as one that is not there (T13)', async () => {
    const { token } = await app.parts.registrars.add({ id: 'other' }, 'cli');
    const made = await register(`Authorization: Bearer ${token}`, { grant_types: ['client_credentials'] });
    const mine = `Authorization: Bearer ${app.registrar('demo-registrar')}`;
    const answers: unknown[][] = [];
    for (const id of [made.body.client_id, 'nobody']) {
      const { status, body } = await replay(app.url, [at('PUT', id), mine, json, ...agent], `{"client_id":"${id}"}`);
      answers.push([status, body]);
    }
    assert.equal(answers[0]?.[0], 401);
    assert.deepEqual(answers[0], answers[1]);
  });

  it('keeps a client for client_credentials one, whatever response types and addresses come along (T13)', async () => {
    const header = `Authorization: Bearer ${app.registrar('demo-registrar')}`;
    for (const response_types of [undefined, [], ['code'], ['id_token', 'token'], ['code', 'id_token token']]) {
      const { status, body } = await register(header, {
        client_name: 'Service',
        redirect_uris: ['https://app.example/cb'],
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_basic',
        ...(response_types === undefined ? {} : { response_types }),
      });
      assert.deepEqual(
        [status, body.grant_types, body.response_types, body.redirect_uris],
        [201, ['client_credentials'], [], []],
      );
    }
  });

  it('is told what it got where it names response types of the implicit flow, and refused where it wants that grant', async () => {
    const header = `Authorization: Bearer ${app.registrar('demo-registrar')}`;
    const web = {
      client_name: 'Web',
      redirect_uris: ['https://app.example/cb'],
      response_types: ['id_token', 'token'],
    };
    const made = await register(header, { ...web, grant_types: ['authorization_code', 'refresh_token'] });
    assert.deepEqual([made.status, made.body.response_types], [201, ['code']]);
    for (const grant_types of [['implicit'], ['authorization_code', 'implicit']]) {
      const { status, body } = await register(header, { ...web, grant_types });
      assert.deepEqual([status, body.error], [400, 'invalid_client_metadata']);
      assert.match(body.error_description, /must not contain implicit.*use authorization_code/);
    }
    const odd = await register(header, { ...web, response_types: ['cookie'], grant_types: ['authorization_code'] });
    assert.deepEqual([odd.status, odd.body.error], [400, 'invalid_client_metadata']);
  });

  it('takes client_secret_basic in every update, also for one that was registered otherwise', async () => {
    const header = `Authorization: Bearer ${app.registrar('demo-registrar')}`;
    const service = { client_name: 'Post', grant_types: ['client_credentials'] };
    const made = await register(header, { ...service, token_endpoint_auth_method: 'client_secret_post' });
    const { client_id, client_secret } = made.body;
    await app.parts.clients.decide(client_id, 'approve', 'cli');
    const update = { client_id, client_secret, ...service, token_endpoint_auth_method: 'client_secret_basic' };
    const changed = await replay(app.url, [at('PUT', client_id), header, json, ...agent], JSON.stringify(update));
    assert.deepEqual([changed.status, changed.body.client_secret], [200, client_secret]);
    assert.equal(changed.body.token_endpoint_auth_method, 'client_secret_basic');
    // Both ways are still taken at the token endpoint.
    await app.parts.access.assign(`client:${client_id}`, 'orders-reader', 'cli');
    const asked = `grant_type=client_credentials&client_id=${client_id}&client_secret=${client_secret}`;
    assert.equal((await replay(app.url, ['POST /oauth2/token HTTP/1.1', ...form], asked)).status, 200);
  });

  it('introspects tokens of all clients with its credentials in the body (T1)', async () => {
    const metadata = { grant_types: [], token_endpoint_auth_method: 'client_secret_post' };
    const { secret = '' } = await app.parts.clients.add({ id: 'anypoint', metadata, introspects: 'all' }, 'cli');
    const asked = { grant_type: 'client_credentials' };
    const token = (await post(`${app.issuer}/oauth2/token`, asked, basic(app.client('demo-service')))).body
      .access_token;
    const fields = `token=${token}&client_id=anypoint&client_secret=${secret}`;
    const { status, body } = await replay(app.url, ['POST /oauth2/introspect HTTP/1.1', ...form], fields);
    assert.deepEqual([status, body.active, body.client_id, body.scope], [200, true, 'demo-service', 'orders:read']);
    assert.ok(Number.isInteger(body.exp));
    for (const bad of ['garbage', `${token}x`]) {
      const refused = await replay(app.url, ['POST /oauth2/introspect HTTP/1.1', ...form], fields.replace(token, bad));
      assert.deepEqual([refused.status, refused.body], [200, { active: false }]);
    }
  });
});
