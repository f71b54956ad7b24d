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

  describe('refuses', () => {
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
