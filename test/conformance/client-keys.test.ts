import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { startApp, type TestApp } from '../support/app.ts';
import { callback, RelyingParty } from './relying-party.ts';

const keyPair = async (kid: string): Promise<{ open: JWK; secret: JWK }> => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const marks = { kid, use: 'sig', alg: 'RS256' };
  return {
    open: { ...(await exportJWK(publicKey)), ...marks },
    secret: { ...(await exportJWK(privateKey)), ...marks },
  };
};

describe('OpenID certification, Dynamic OP: keys by reference', () => {
  let app: TestApp;
  let published: JWK;
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [published] }));
  });
  before(async () => {
    app = await startApp({ SALLYPORT_OUTGOING_ALLOW_PRIVATE: 'true' });
    server.listen(0, 'localhost');
    await once(server, 'listening');
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await app.close();
  });

  it('oidcc-registration-jwks-uri, oidcc-refresh-token-rp-key-rotation: new keys count after a minute', async (t) => {
    const { port } = server.address() as AddressInfo;
    const { client } = await app.parts.clients.add(
      {
        metadata: {
          grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: [callback],
          token_endpoint_auth_method: 'private_key_jwt',
          jwks_uri: `http://localhost:${port}/client1_jwks`,
        },
        pkce: 'optional',
      },
      'cli',
    );
    const party = (key: JWK) =>
      new RelyingParty(app, {
        client_id: client.id,
        client_secret: '',
        method: 'private_key_jwt',
        redirectUri: callback,
        key,
      });
    const first = await keyPair('first');
    published = first.open;
    const { tokens } = await party(first.secret).signIn({ scope: 'openid offline_access', prompt: 'consent' });
    const second = await keyPair('second');
    published = second.open;
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 });
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    assert.equal((await party(second.secret).token(form)).status, 200);
    assert.equal((await party(first.secret).token(form)).status, 401);
  });
});
