import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/registering.ts';
import { refreshModule } from './answer-modules.ts';
import { dynamicClient, register, suiteRegistrar } from './clients.ts';
import { callback, RelyingParty } from './relying-party.ts';

describe('OpenID certification, Dynamic OP for response_type=code (private_key_jwt)', () => {
  let app: TestApp;
  let registrar: string;
  before(async () => {
    app = await startApp();
    registrar = await suiteRegistrar(app);
  });
  after(() => app.close());

  const party = async (more: Record<string, unknown> = {}) =>
    new RelyingParty(
      app,
      await dynamicClient(app, registrar, { token_endpoint_auth_method: 'private_key_jwt', ...more }),
    );

  it('oidcc-server: registers with keys by value, gets no secret, signs in, and unregisters', async () => {
    const client = await dynamicClient(app, registrar, { token_endpoint_auth_method: 'private_key_jwt' });
    assert.equal(client.registration.client_secret, undefined);
    await new RelyingParty(app, client).signIn();
    const { registration_client_uri, registration_access_token } = client.registration;
    assert.equal((await call('DELETE', registration_client_uri, registration_access_token)).status, 204);
    assert.equal((await call('GET', registration_client_uri, registration_access_token)).status, 401);
  });

  for (const algorithm of ['RS256', 'ES256']) {
    it(`oidcc-idtoken-${algorithm.toLowerCase()}: the registered algorithm`, async () => {
      const rp = await party({ id_token_signed_response_alg: algorithm });
      const { answer } = await rp.authorize();
      const { body } = await rp.redeem(answer?.get('code') ?? '');
      await rp.verified(body.id_token, algorithm);
    });
  }

  it('oidcc-idtoken-unsigned: alg none is neither offered nor registered', async () => {
    const { status, body } = await register(app, registrar, { id_token_signed_response_alg: 'none' });
    assert.equal(status, 400);
    assert.equal(body.error, 'invalid_client_metadata');
  });

  it('oidcc-userinfo-rs256: a signed answer with iss and aud (OIDC Core §5.3.2)', async () => {
    const rp = await party({ userinfo_signed_response_alg: 'RS256' });
    const { tokens, claims } = await rp.signIn({ scope: 'openid email' });
    const { status, headers, body } = await rp.userinfo(tokens.access_token);
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/jwt/);
    const { payload } = await jwtVerify(body, createRemoteJWKSet(new URL(`${app.issuer}/oauth2/jwks`)), {
      issuer: app.issuer,
      audience: rp.client.client_id,
      algorithms: ['RS256'],
    });
    assert.equal(payload.sub, claims.sub);
    assert.equal(payload.email, 'alice@example.test');
    assert.equal(payload.nonce, undefined);
  });

  const withQuery = `${callback}?foo=bar`;
  it('oidcc-redirect-uri-query-OK: the query of a registered address is kept', async () => {
    const rp = await party({ redirect_uris: [withQuery] });
    const { journey } = await rp.signIn();
    assert.equal(journey.answer?.get('foo'), 'bar');
  });

  it('oidcc-redirect-uri-query-mismatch: a page for another query', async () => {
    const rp = await party({ redirect_uris: [withQuery] });
    const { answer, page } = await rp.authorize({ redirect_uri: `${callback}?foo=baz` });
    assert.equal(answer, undefined);
    assert.equal(page.status, 400);
  });

  it('oidcc-redirect-uri-query-added: a page for a query that was not registered', async () => {
    const { answer, page } = await (await party()).authorize({ redirect_uri: withQuery });
    assert.equal(answer, undefined);
    assert.equal(page.status, 400);
  });

  it('oidcc-redirect-uri-regfrag: no address with a fragment is registered', async () => {
    const { status, headers, body } = await register(app, registrar, { redirect_uris: [`${callback}#foobar`] });
    assert.equal(status, 400);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(body.error, 'invalid_redirect_uri');
  });

  it('oidcc-ensure-redirect-uri-in-authorization-request: of several, the client must name one', async () => {
    const rp = await party({ redirect_uris: [callback, `${callback}2`] });
    const { answer, page } = await rp.authorize({ redirect_uri: undefined });
    assert.equal(answer, undefined);
    assert.equal(page.status, 400);
  });

  it('oidcc-registration-logo-uri, -policy-uri, -tos-uri: registered, and the documents are linked to', async () => {
    const documents = {
      logo_uri: 'https://suite.example/images/openid.png',
      policy_uri: 'https://suite.example/policy.html',
      tos_uri: 'https://suite.example/tos.html',
    };
    const client = await dynamicClient(app, registrar, documents);
    for (const [name, value] of Object.entries(documents)) assert.equal(client.registration[name], value);
    const { journey } = await new RelyingParty(app, client).signIn();
    for (const link of [documents.policy_uri, documents.tos_uri]) {
      assert.ok(
        journey.texts.some((text) => text.includes(`href="${link}"`)),
        link,
      );
    }
  });

  it('oidcc-registration-sector-bad: no pairwise subject, so no sector either (subject_types_supported)', async () => {
    const { status, body } = await register(app, registrar, {
      subject_type: 'pairwise',
      sector_identifier_uri: 'https://suite.example/redirect_uris.json',
    });
    assert.equal(status, 400);
    assert.equal(body.error, 'invalid_client_metadata');
  });

  it('oidcc-ensure-client-assertion-with-iss-aud-succeeds: the issuer as audience (RFC 7523bis)', async () => {
    const rp = await party();
    const { answer } = await rp.authorize();
    assert.equal((await rp.redeem(answer?.get('code') ?? '', app.issuer)).status, 200);
  });

  it('oidcc-refresh-token-rp-key-rotation: the keys that an update registers count at once', async () => {
    const more = {
      token_endpoint_auth_method: 'private_key_jwt',
      grant_types: ['authorization_code', 'refresh_token'],
    };
    const client = await dynamicClient(app, registrar, more);
    const rp = new RelyingParty(app, client);
    const { tokens } = await rp.signIn({ scope: 'openid offline_access', prompt: 'consent' });
    const { registration_client_uri, registration_access_token, client_name } = client.registration;
    const other = await dynamicClient(app, registrar, more);
    const { body, status } = await call('PUT', registration_client_uri, registration_access_token, {
      client_id: client.client_id,
      client_name,
      redirect_uris: [callback],
      jwks: other.registration.jwks,
      ...more,
    });
    assert.equal(status, 200, JSON.stringify(body));
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    assert.equal((await rp.token(form)).status, 401);
    const rotated = new RelyingParty(app, { ...client, ...(other.key ? { key: other.key } : {}) });
    assert.equal((await rotated.token(form)).status, 200);
  });

  refreshModule(() => party({ grant_types: ['authorization_code', 'refresh_token'] }));
});
