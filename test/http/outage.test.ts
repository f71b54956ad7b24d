import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { type Answer, basic, post, read } from '../support/oauth.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
  await app.parts.store.close();
});
after(() => app.close());

const token = 'x'.repeat(43);
const get = async (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  read(await fetch(`${app.issuer}${path}`, { redirect: 'manual', headers }));

const authorize = `/oauth2/authorize?${new URLSearchParams({
  ...{ client_id: 'demo-web', redirect_uri: 'http://localhost:8080/callback', response_type: 'code', scope: 'openid' },
  ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', state: 'a' },
})}`;

describe('the whole server without its store (sec-294)', () => {
  const stateful: Record<string, () => Promise<Answer>> = {
    'POST /oauth2/token': () =>
      post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(app.client('demo-service'))),
    'POST /oauth2/introspect': () =>
      post(`${app.issuer}/oauth2/introspect`, { token }, basic(app.client('demo-gateway'))),
    'POST /oauth2/revoke': () => post(`${app.issuer}/oauth2/revoke`, { token }, basic(app.client('demo-gateway'))),
    'GET /oauth2/userinfo': () => get('/oauth2/userinfo', { authorization: `Bearer ${token}` }),
    'GET /oauth2/authorize': () => get(authorize, { accept: 'text/html' }),
    'GET /admin/api/v1/clients': () => get('/admin/api/v1/clients', { authorization: `Bearer ${token}` }),
    'POST /oauth2/register': () =>
      post(`${app.issuer}/oauth2/register`, '{"redirect_uris":["https://a.example/cb"]}', {
        'content-type': 'application/json',
        authorization: `Bearer ${app.registrar('demo-registrar')}`,
      }),
  };
  for (const [name, ask] of Object.entries(stateful)) {
    it(`answers 503 with Retry-After to ${name}, and nothing of the cause`, async () => {
      const { status, headers, body } = await ask();
      assert.deepEqual([status, headers.get('retry-after'), headers.get('cache-control')], [503, '5', 'no-store']);
      assert.doesNotMatch(JSON.stringify(body), /sqlite|mongodb|statement|database|node_modules/i);
    });
  }

  it('still answers discovery and keys', async () => {
    for (const path of [
      '/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server',
      '/oauth2/jwks',
    ]) {
      assert.equal((await get(path)).status, 200, path);
    }
    assert.ok((await get('/oauth2/jwks')).body.keys.length > 0);
  });
});
