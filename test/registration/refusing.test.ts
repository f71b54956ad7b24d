import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { basic } from '../support/oauth.ts';
import { call } from '../support/registering.ts';

const web = { redirect_uris: ['https://app.example/callback'] };
const service = { grant_types: ['client_credentials'] };

describe('POST /oauth2/register refuses', () => {
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

  const challenge = (error: boolean) =>
    error ? /^Bearer realm=".*", error="invalid_token"$/ : /^Bearer realm="[^"]*"$/;

  it('everybody without a credential (RFC 7591 §3)', async () => {
    const { status, body, headers } = await call('POST', endpoint, undefined, service);
    assert.equal(status, 401);
    assert.equal(body.error, 'invalid_token');
    assert.match(headers.get('www-authenticate') ?? '', challenge(false));
  });

  for (const [what, credential] of [
    ['an unknown credential', 'A'.repeat(43)],
    ['an empty one', ''],
    ['one with other characters', 'a"b'],
    ['a list', `${'A'.repeat(43)},${'B'.repeat(43)}`],
  ] as const) {
    it(`${what} (RFC 6750 §3.1)`, async () => {
      const { status, body, headers } = await register(service, credential);
      assert.equal(status, 401);
      assert.equal(body.error, 'invalid_token');
      assert.match(headers.get('www-authenticate') ?? '', challenge(true));
    });
  }

  it('the credentials of a client, its registration access token and a gateway', async () => {
    const { body } = await register(service);
    assert.equal((await register(service, body.registration_access_token)).status, 401);
    assert.equal((await register(service, body.client_secret)).status, 401);
    const headers = { ...basic(app.client('demo-gateway')), 'content-type': 'application/json' };
    const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(service) });
    assert.equal(response.status, 401);
  });

  it('a registrar that expired or is gone', async () => {
    const { token } = await app.parts.registrars.add({ id: 'gone' }, 'cli');
    assert.equal((await register(service, token)).status, 201);
    await app.parts.registrars.change('gone', { expires: 1 }, 'cli');
    assert.equal((await register(service, token)).status, 401);
    await app.parts.registrars.remove('gone', 'cli');
    assert.equal((await register(service, token)).status, 401);
  });

  it('one client too many, with 429', async () => {
    const { token } = await app.parts.registrars.add({ id: 'small', limit: 3 }, 'cli');
    const all = await Promise.all(Array.from({ length: 8 }, () => register(service, token)));
    assert.deepEqual(all.map(({ status }) => status).sort(), [201, 201, 201, 429, 429, 429, 429, 429]);
    assert.match(all.find(({ status }) => status === 429)?.body.error_description, /limit/);
  });

  const bodies: [string, unknown, number, string][] = [
    ['a form', 'grant_types=client_credentials', 400, 'invalid_request'],
    ['a list', [service], 400, 'invalid_request'],
    ['a text', '"hello"', 400, 'invalid_request'],
    ['nothing that is JSON', '{"grant_types":', 400, 'invalid_request'],
    [
      'a member twice',
      '{"grant_types":["client_credentials"],"grant_types":["authorization_code"]}',
      400,
      'invalid_request',
    ],
    ['an http redirect URI', { redirect_uris: ['http://app.example/'] }, 400, 'invalid_redirect_uri'],
    ['localhost', { redirect_uris: ['http://localhost/'] }, 400, 'invalid_redirect_uri'],
    ['a user name in the address', { redirect_uris: ['https://user@app.example/'] }, 400, 'invalid_redirect_uri'],
    ['a wildcard', { redirect_uris: ['https://*.example/'] }, 400, 'invalid_redirect_uri'],
    [
      'an address of 40 KB',
      { redirect_uris: [`https://app.example/${'x'.repeat(40_000)}`] },
      400,
      'invalid_redirect_uri',
    ],
    [
      '2000 addresses',
      { redirect_uris: Array.from({ length: 2000 }, (_, n) => `https://a.example/${n}`) },
      400,
      'invalid_redirect_uri',
    ],
    ['a script', { redirect_uris: ['JavaScript:alert(1)'] }, 400, 'invalid_redirect_uri'],
    ['no address for codes', {}, 400, 'invalid_redirect_uri'],
    ['the password grant', { ...web, grant_types: ['password'] }, 400, 'invalid_client_metadata'],
    [
      'the implicit grant',
      { ...web, grant_types: ['implicit'], response_types: ['token'] },
      400,
      'invalid_client_metadata',
    ],
    ['a name of 40 KB', { ...web, client_name: 'x'.repeat(40_000) }, 400, 'invalid_client_metadata'],
    ['a name that reads backwards', { ...web, client_name: 'gro\u202elaypap' }, 400, 'invalid_client_metadata'],
    [
      'the name of a first-party client',
      { ...web, client_name: 'DEMO web-application' },
      400,
      'invalid_client_metadata',
    ],
    ['a logo from a file', { ...web, logo_uri: 'file:///etc/passwd' }, 400, 'invalid_client_metadata'],
    ['keys from inside', { ...web, jwks_uri: 'https://169.254.169.254/' }, 400, 'invalid_client_metadata'],
    ['an operator for a scope', { ...web, scope: { $ne: null } }, 400, 'invalid_client_metadata'],
    ['only the scope of our administration', { ...service, scope: 'clients:write' }, 400, 'invalid_client_metadata'],
  ];
  for (const [what, body, status, error] of bodies) {
    it(`${what} (RFC 7591 §3.2.2)`, async () => {
      const answer = await register(body);
      assert.equal(answer.status, status);
      assert.equal(answer.body.error, error);
      assert.ok(answer.body.error_description);
      assert.equal(answer.body.client_id, undefined);
    });
  }

  it('another type than JSON with 415, and too much with 413', async () => {
    const headers = { authorization: `Bearer ${registrar}`, 'content-type': 'application/x-www-form-urlencoded' };
    assert.equal((await fetch(endpoint, { method: 'POST', headers, body: 'a=b' })).status, 415);
    assert.equal((await register({ ...service, software_id: 'x'.repeat(100_000) })).status, 413);
  });

  it('other methods with 405', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const { status, headers } = await call(method, endpoint, registrar);
      assert.equal(status, 405, method);
      assert.equal(headers.get('allow'), 'POST');
    }
  });
});
