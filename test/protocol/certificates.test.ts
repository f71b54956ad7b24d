import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { introspect } from '../support/code-flow.ts';
import { post } from '../support/oauth.ts';
import { storeUrl } from '../support/store.ts';

const certificate = (name: string): string =>
  encodeURIComponent(readFileSync(join(import.meta.dirname, `../fixtures/certificates/${name}.pem`), 'utf8'));
const header = 'X-Client-Certificate';

describe('clients that prove themselves with a certificate (RFC 8705)', () => {
  let app: TestApp;
  let store: string;
  before(async () => {
    store = await storeUrl();
    app = await startApp({
      SALLYPORT_STORE: store,
      SALLYPORT_TRUSTED_PROXIES: '127.0.0.1, ::1',
      SALLYPORT_CLIENT_CERTIFICATE_HEADER: header,
    });
    const by = async (id: string, how: Record<string, unknown>) => {
      const metadata = { grant_types: ['client_credentials'], token_endpoint_auth_method: 'tls_client_auth', ...how };
      await app.parts.clients.add({ id, metadata }, 'cli');
      await app.parts.access.assign(`client:${id}`, 'orders-reader', 'cli');
    };
    await by('by-subject', { tls_client_auth_subject_dn: 'CN=orders-service,O=Example\\, Inc.,C=DE' });
    await by('by-dns', { tls_client_auth_san_dns: 'orders.example.test' });
    await by('by-uri', { tls_client_auth_san_uri: 'spiffe://example.test/orders' });
    await by('bound', {
      tls_client_auth_san_dns: 'orders.example.test',
      tls_client_certificate_bound_access_tokens: true,
    });
  });
  after(() => app.close());
  const token = (client_id: string, name?: string) =>
    post(
      `${app.issuer}/oauth2/token`,
      { grant_type: 'client_credentials', client_id },
      name === undefined ? {} : { [header]: certificate(name) },
    );

  for (const client of ['by-subject', 'by-dns', 'by-uri']) {
    it(`knows ${client} by its certificate, and by no other`, async () => {
      assert.equal((await token(client, 'service')).status, 200);
      for (const wrong of [await token(client, 'other'), await token(client)]) {
        assert.deepEqual([wrong.status, wrong.body.error], [401, 'invalid_client']);
      }
    });
  }

  it('binds tokens to the certificate and tells gateways which one (RFC 8705 §3.2)', async () => {
    const { body } = await token('bound', 'service');
    const { cnf } = await introspect(app, body.access_token);
    assert.match(cnf['x5t#S256'], /^[\w-]{43}$/);
  });

  it('lets a bound token pass at forward-auth with its certificate alone, by the word of a trusted proxy alone (RFC 8705 §3)', async () => {
    const { access_token } = (await token('bound', 'service')).body;
    const asked = (url: string, name?: string) =>
      fetch(`${url}/gateway/authorize`, {
        headers: {
          authorization: `Bearer ${access_token}`,
          ...{ 'x-original-method': 'GET', 'x-original-url': 'https://api.example.test/orders/1' },
          ...(name === undefined ? {} : { [header]: certificate(name) }),
        },
      });
    const statuses = async (url: string) =>
      [await asked(url, 'service'), await asked(url, 'other'), await asked(url)].map(({ status }) => status);
    assert.deepEqual(await statuses(app.url), [200, 401, 401]);
    assert.match((await asked(app.url)).headers.get('www-authenticate') ?? '', /error="invalid_token"/);
    const untrusting = await startApp({ SALLYPORT_STORE: store, SALLYPORT_CLIENT_CERTIFICATE_HEADER: header });
    const seen = await statuses(untrusting.url);
    await untrusting.close();
    assert.deepEqual(seen, [401, 401, 401]);
  });

  it('says unauthorized_client to one that waits for approval, after its proof', async () => {
    const metadata = {
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'orders.example.test',
    };
    await app.parts.clients.add({ id: 'waiting', metadata, state: 'pending' }, 'cli');
    assert.equal((await token('waiting', 'service')).body.error, 'unauthorized_client');
    assert.equal((await token('waiting', 'other')).body.error, 'invalid_client');
  });

  it('lets a gateway introspect with its certificate', async () => {
    await app.parts.clients.add(
      {
        id: 'gateway',
        introspects: 'all',
        metadata: {
          grant_types: [],
          token_endpoint_auth_method: 'tls_client_auth',
          tls_client_auth_san_dns: 'orders.example.test',
        },
      },
      'cli',
    );
    const { body } = await token('by-dns', 'service');
    const answer = await post(
      `${app.issuer}/oauth2/introspect`,
      { token: body.access_token, client_id: 'gateway' },
      { [header]: certificate('service') },
    );
    assert.deepEqual([answer.status, answer.body.active], [200, true]);
  });
});

describe('a certificate header from somebody who is no trusted proxy', () => {
  it('counts for nothing (sec-022)', async () => {
    const app = await startApp({ SALLYPORT_CLIENT_CERTIFICATE_HEADER: header });
    const metadata = {
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'orders.example.test',
    };
    await app.parts.clients.add({ id: 'by-dns', metadata }, 'cli');
    const { status } = await post(
      `${app.issuer}/oauth2/token`,
      { grant_type: 'client_credentials', client_id: 'by-dns' },
      { [header]: certificate('service') },
    );
    assert.equal(status, 401);
    await app.close();
  });
});
