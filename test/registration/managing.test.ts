import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';
import { call } from '../support/registering.ts';

const web = { redirect_uris: ['https://app.example/callback'], client_name: 'Orders' };
const service = { grant_types: ['client_credentials'] };

describe('/oauth2/register/ID', () => {
  let app: TestApp;
  let registrar: string;
  before(async () => {
    app = await startApp();
    registrar = app.registrar('demo-registrar');
  });
  after(() => app.close());

  const register = async (body: unknown, credential = registrar) =>
    (await call('POST', `${app.issuer}/oauth2/register`, credential, body)).body;
  const token = (client: { client_id: string; client_secret: string }) =>
    post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(client));

  describe('GET', () => {
    it('shows the client to its registration access token, also while it waits (RFC 7592 §2.1)', async () => {
      const made = await register(web);
      const { status, body } = await call('GET', made.registration_client_uri, made.registration_access_token);
      const { client_secret: _once, ...shown } = made;
      assert.equal(status, 200);
      assert.deepEqual(body, shown);
    });

    it('shows it to the registrar that made it, without the token of the client', async () => {
      const made = await register(web);
      const { status, body } = await call('GET', made.registration_client_uri, registrar);
      assert.equal(status, 200);
      assert.equal(body.client_id, made.client_id);
      assert.equal(body.registration_access_token, undefined);
      assert.equal(body.client_secret, undefined);
    });

    it('shows nothing to others, and a wrong token destroys nothing', async () => {
      const [made, other] = [await register(web), await register(web)];
      const { token: stranger } = await app.parts.registrars.add({ id: 'stranger' }, 'cli');
      for (const credential of [
        undefined,
        'A'.repeat(43),
        other.registration_access_token,
        made.client_secret,
        stranger,
      ]) {
        const answer = await call('GET', made.registration_client_uri, credential);
        assert.equal(answer.status, 401);
        assert.equal(answer.body.error, 'invalid_token');
        assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer /);
      }
      const nowhere = `${app.issuer}/oauth2/register/client_nobody`;
      assert.equal((await call('GET', nowhere, registrar)).status, 401);
      assert.equal((await call('GET', made.registration_client_uri, made.registration_access_token)).status, 200);
      assert.equal((await call('GET', other.registration_client_uri, other.registration_access_token)).status, 200);
    });

    it('does not look after clients that an administrator made', async () => {
      assert.equal((await call('GET', `${app.issuer}/oauth2/register/demo-service`, registrar)).status, 401);
      assert.equal((await call('DELETE', `${app.issuer}/oauth2/register/demo-service`, registrar)).status, 401);
    });

    it('is one of three methods', async () => {
      const made = await register(web);
      for (const method of ['POST', 'PATCH']) {
        const { status, headers } = await call(method, made.registration_client_uri, registrar, web);
        assert.equal(status, 405);
        assert.equal(headers.get('allow'), 'GET, PUT, DELETE');
      }
    });
  });

  describe('PUT', () => {
    it('replaces everything that may change, and leaves out what is not named (RFC 7592 §2.2)', async () => {
      const made = await register({ ...web, contacts: ['ops@app.example'], default_max_age: 60 });
      const change = { client_id: made.client_id, redirect_uris: ['https://app.example/new'], contacts: null };
      const { status, body } = await call('PUT', made.registration_client_uri, made.registration_access_token, change);
      assert.equal(status, 200);
      assert.deepEqual(body.redirect_uris, ['https://app.example/new']);
      assert.deepEqual([body.contacts, body.default_max_age], [undefined, undefined]);
      assert.equal(body.client_name, made.client_id);
      assert.equal(body.client_id_issued_at, made.client_id_issued_at);
    });

    it('changes the registration access token when that was used; the old one ends', async () => {
      const made = await register(web);
      const change = { ...web, client_id: made.client_id };
      const uri = made.registration_client_uri;
      const { body } = await call('PUT', uri, made.registration_access_token, change);
      assert.match(body.registration_access_token, /^[\w-]{43}$/);
      assert.notEqual(body.registration_access_token, made.registration_access_token);
      assert.equal((await call('GET', uri, made.registration_access_token)).status, 401);
      assert.equal((await call('PUT', uri, made.registration_access_token, change)).status, 401);
      assert.equal((await call('GET', uri, body.registration_access_token)).status, 200);
    });

    it('is done once when one token is used many times at the same moment', async () => {
      const made = await register(web);
      const change = { ...web, client_id: made.client_id };
      const all = await Promise.all(
        Array.from({ length: 20 }, () =>
          call('PUT', made.registration_client_uri, made.registration_access_token, change),
        ),
      );
      const done = all.filter(({ status }) => status === 200);
      assert.equal(done.length, 1);
      assert.ok(all.every(({ status }) => status === 200 || status === 401));
      const last = done[0]?.body.registration_access_token;
      assert.equal((await call('GET', made.registration_client_uri, last)).status, 200);
    });

    it('keeps the secret, and shows it only to who knows it', async () => {
      const made = await register(service);
      await app.parts.clients.decide(made.client_id, 'approve', 'cli');
      const change = { ...service, client_id: made.client_id };
      const { body } = await call('PUT', made.registration_client_uri, registrar, change);
      assert.equal(body.client_secret, undefined);
      const known = { ...change, client_secret: made.client_secret };
      assert.equal(
        (await call('PUT', made.registration_client_uri, registrar, known)).body.client_secret,
        made.client_secret,
      );
      assert.equal((await token(made)).status, 200);
    });

    it('gives a secret to a client that needs one from now on, and takes it from one that does not', async () => {
      const made = await register({ ...web, token_endpoint_auth_method: 'none' });
      const change = { ...web, client_id: made.client_id };
      const { body } = await call('PUT', made.registration_client_uri, registrar, change);
      assert.match(body.client_secret, /^[\w-]{43}$/);
      const open = { ...change, token_endpoint_auth_method: 'none' };
      const again = await call('PUT', made.registration_client_uri, registrar, open);
      assert.equal(again.body.client_secret_expires_at, undefined);
      assert.deepEqual((await app.parts.clients.get(made.client_id))?.secrets, []);
    });

    const flaws: [string, object, string][] = [
      ['another client_id', { ...web, client_id: 'demo-admin' }, 'invalid_request'],
      ['no client_id', web, 'invalid_request'],
      ['another secret', { ...web, client_secret: 'A'.repeat(43) }, 'invalid_request'],
      ['a registration access token', { ...web, registration_access_token: 'x' }, 'invalid_request'],
      ['another address of its own', { ...web, registration_client_uri: 'https://evil.example/' }, 'invalid_request'],
      ['another age', { ...web, client_id_issued_at: 1 }, 'invalid_request'],
      ['another end of its secret', { ...web, client_secret_expires_at: 1 }, 'invalid_request'],
      ['an http redirect URI', { redirect_uris: ['http://app.example/'] }, 'invalid_redirect_uri'],
      ['the implicit grant', { ...web, grant_types: ['implicit'] }, 'invalid_client_metadata'],
      ['the name of a first-party client', { ...web, client_name: 'Demo web application' }, 'invalid_client_metadata'],
      ['only a scope of our administration', { ...web, scope: 'clients:write' }, 'invalid_client_metadata'],
      ['operators', { ...web, default_max_age: { $gt: 0 } }, 'invalid_client_metadata'],
    ];
    for (const [what, change, error] of flaws) {
      it(`refuses ${what}, and changes nothing (RFC 7592 §2.2)`, async () => {
        const made = await register(web);
        const own = what === 'no client_id' ? {} : { client_id: made.client_id };
        const before = await app.parts.clients.get(made.client_id);
        for (const credential of [registrar, made.registration_access_token]) {
          const answer = await call('PUT', made.registration_client_uri, credential, { ...own, ...change });
          assert.equal(answer.status, 400);
          assert.equal(answer.body.error, error);
        }
        assert.deepEqual(await app.parts.clients.get(made.client_id), before);
        assert.equal((await call('GET', made.registration_client_uri, made.registration_access_token)).status, 200);
      });
    }

    it('meets the terms of the registrar as they are now', async () => {
      const { token: narrow } = await app.parts.registrars.add(
        { id: 'narrow', scopes: ['orders:read', 'orders:write'] },
        'cli',
      );
      const made = await register({ ...web, scope: 'orders:read orders:write' }, narrow);
      await app.parts.registrars.change('narrow', { scopes: ['orders:read'], redirectHosts: ['app.example'] }, 'cli');
      const change = { ...web, client_id: made.client_id, scope: 'orders:read orders:write' };
      const { body } = await call('PUT', made.registration_client_uri, made.registration_access_token, change);
      assert.equal(body.scope, 'orders:read');
      const elsewhere = { ...change, redirect_uris: ['https://evil.example/'] };
      const refused = await call('PUT', made.registration_client_uri, narrow, elsewhere);
      assert.equal(refused.body.error, 'invalid_redirect_uri');
    });

    it('neither approves a client nor changes one that is suspended', async () => {
      const made = await register(web);
      const change = { ...web, client_id: made.client_id, client_status: 'approved' };
      const uri = made.registration_client_uri;
      assert.equal((await call('PUT', uri, registrar, change)).body.client_status, 'pending');
      await app.parts.clients.decide(made.client_id, 'approve', 'cli');
      assert.equal((await call('PUT', uri, registrar, change)).body.client_status, 'approved');
      await app.parts.clients.decide(made.client_id, 'suspend', 'cli');
      const refused = await call('PUT', uri, registrar, change);
      assert.deepEqual([refused.status, refused.body.error], [403, 'access_denied']);
      assert.equal((await call('GET', uri, registrar)).body.client_status, 'suspended');
    });
  });

  describe('DELETE', () => {
    it('ends the client, its tokens, its roles and its registration access token (RFC 7592 §2.3)', async () => {
      const made = await register(service);
      await app.parts.clients.decide(made.client_id, 'approve', 'cli');
      await app.parts.access.assign(`client:${made.client_id}`, 'orders-reader', 'cli');
      const { body: granted } = await token(made);
      const introspect = () =>
        post(`${app.issuer}/oauth2/introspect`, { token: granted.access_token }, basic(app.client('demo-gateway')));
      assert.equal((await introspect()).body.active, true);
      const removed = await call('DELETE', made.registration_client_uri, made.registration_access_token);
      assert.equal(removed.status, 204);
      assert.equal(removed.body, '');
      assert.deepEqual((await introspect()).body, { active: false });
      assert.equal((await token(made)).body.error, 'invalid_client');
      assert.equal((await call('GET', made.registration_client_uri, made.registration_access_token)).status, 401);
      assert.equal((await call('DELETE', made.registration_client_uri, registrar)).status, 401);
      assert.deepEqual(await app.parts.access.assignments({ subject: `client:${made.client_id}` }), []);
    });

    it('gives its place back to the registrar', async () => {
      const { token: small } = await app.parts.registrars.add({ id: 'small', limit: 1 }, 'cli');
      const made = await register(service, small);
      assert.equal((await call('DELETE', made.registration_client_uri, small)).status, 204);
      assert.ok((await register(service, small)).client_id);
    });

    it('does not make an old token good for a client that gets the same id', async () => {
      const { clients, access } = app.parts;
      const { secret = '' } = await clients.add({ id: 'again', metadata: service }, 'cli');
      await access.assign('client:again', 'orders-reader', 'cli');
      const { body: granted } = await token({ client_id: 'again', client_secret: secret });
      await clients.remove('again', 'cli');
      mock.timers.enable({ apis: ['Date'], now: Date.now() + 2000 });
      try {
        await clients.add({ id: 'again', metadata: service }, 'cli');
      } finally {
        mock.timers.reset();
      }
      const gateway = basic(app.client('demo-gateway'));
      const { body } = await post(`${app.issuer}/oauth2/introspect`, { token: granted.access_token }, gateway);
      assert.deepEqual(body, { active: false });
    });
  });
});
