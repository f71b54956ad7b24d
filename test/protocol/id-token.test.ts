import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, redeem } from '../support/code-flow.ts';
import { read } from '../support/oauth.ts';

describe('the ID token', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.close());
  const claims = async (more: Record<string, string>) => {
    const { body } = await redeem(app, await authorize(app, {}, more));
    const keys = createRemoteJWKSet(new URL(`${app.issuer}/oauth2/jwks`));
    const { payload } = await jwtVerify(body.id_token, keys, { issuer: app.issuer, audience: 'demo-web' });
    return { payload, accessToken: String(body.access_token) };
  };

  it('tells how the person signed in, and echoes the nonce (OIDC Core §2)', async () => {
    const { payload } = await claims({ scope: 'openid', nonce: 'n-0S6', max_age: '600' });
    assert.equal(payload.nonce, 'n-0S6');
    assert.equal(payload.acr, '1fa');
    assert.deepEqual(payload.amr, ['pwd']);
    assert.ok(Number.isInteger(payload.auth_time));
    assert.equal(payload.email, undefined);
  });

  it('leaves the claims of scopes to userinfo, which has all of OIDC Core §5.1 about alice', async () => {
    const { accessToken, payload } = await claims({ scope: 'openid profile email address phone roles' });
    const { body } = await read(
      await fetch(`${app.issuer}/oauth2/userinfo`, { headers: { authorization: `Bearer ${accessToken}` } }),
    );
    assert.equal(body.sub, payload.sub);
    for (const claim of ['name', 'given_name', 'family_name', 'middle_name', 'nickname', 'preferred_username'])
      assert.equal(typeof body[claim], 'string', claim);
    for (const claim of ['profile', 'picture', 'website', 'gender', 'birthdate', 'zoneinfo', 'locale'])
      assert.equal(typeof body[claim], 'string', claim);
    assert.equal(typeof body.updated_at, 'number');
    assert.deepEqual([body.email, body.email_verified], ['alice@example.test', true]);
    assert.equal(typeof body.address.country, 'string');
    assert.equal(typeof body.phone_number, 'string');
    assert.deepEqual(body.roles, ['orders-editor', 'orders-reader']);
  });
});
