import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import type { TestApp } from '../support/app.ts';
import type { Answer } from '../support/oauth.ts';
import { call } from '../support/registering.ts';
import { callback, type SuiteClient } from './relying-party.ts';

/** An administrator's client for the suite: confidential, third-party, without PKCE. */
export async function staticClient(app: TestApp, method: SuiteClient['method'] = 'client_secret_basic') {
  const { client, secret = '' } = await app.parts.clients.add(
    {
      metadata: {
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [callback],
        token_endpoint_auth_method: method,
      },
      pkce: 'optional',
    },
    'cli',
  );
  return { client_id: client.id, client_secret: secret, method, redirectUri: callback };
}

/** The credential of a registrar whose clients may begin at once, and without PKCE. */
export async function suiteRegistrar(app: TestApp): Promise<string> {
  const { token } = await app.parts.registrars.add({ id: 'suite', approve: 'at-once', pkce: 'optional' }, 'cli');
  return token;
}

/** What the suite sends to the registration endpoint; `more` overrides its members. */
export const register = (app: TestApp, credential: string, more: Record<string, unknown> = {}): Promise<Answer> =>
  call('POST', `${app.issuer}/oauth2/register`, credential, {
    client_name: `OIDF Conformance Test ${randomBytes(6).toString('hex')}`,
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    redirect_uris: [callback],
    contacts: ['certification@oidf.org'],
    ...more,
  });

/** A client that the suite registered by itself, with its keys by value. */
export async function dynamicClient(
  app: TestApp,
  credential: string,
  more: Record<string, unknown> = {},
): Promise<SuiteClient & { registration: Answer['body'] }> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), use: 'sig', alg: 'RS256' }] };
  const { status, headers, body } = await register(app, credential, { jwks, ...more });
  assert.equal(status, 201, JSON.stringify(body));
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(new URL(body.registration_client_uri).origin, app.issuer);
  assert.ok(body.registration_access_token);
  if (body.client_secret !== undefined) assert.equal(body.client_secret_expires_at, 0);
  return {
    client_id: body.client_id,
    client_secret: body.client_secret ?? '',
    method: body.token_endpoint_auth_method,
    redirectUri: body.redirect_uris[0],
    key: await exportJWK(privateKey),
    registration: body,
  };
}
