import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, introspect, redeem, refresh } from '../support/code-flow.ts';
import { type Answer, post } from '../support/oauth.ts';
import { storeUrl } from '../support/store.ts';

const many = 50;
const succeeded = (answers: Answer[]) => answers.filter(({ status }) => status === 200);
/** Sends to two servers in turn, all at once. */
const race = (servers: readonly TestApp[], send: (server: TestApp) => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: many }, (_, turn) => send(servers[turn % servers.length] as TestApp)));

describe('what counts once, fifty times at once through two servers on one store', () => {
  let servers: TestApp[];
  before(async () => {
    const store = await storeUrl();
    const first = await startApp({ SALLYPORT_STORE: store });
    servers = [first, await startApp({ SALLYPORT_STORE: store, SALLYPORT_ISSUER: first.issuer })];
  });
  after(() => Promise.all(servers.map((server) => server.close())));
  const [one, two] = [() => servers[0] as TestApp, () => servers[1] as TestApp];

  it('redeems an authorization code once, and ends what the winner got (RFC 9700 §4.5)', async () => {
    const code = await authorize(one());
    const answers = await race(servers, (server) => redeem({ ...server, issuer: server.url }, code));
    assert.equal(succeeded(answers).length, 1);
    for (const { status, body } of answers.filter((answer) => answer.status !== 200)) {
      assert.deepEqual([status, body.error], [400, 'invalid_grant']);
    }
    const [winner] = succeeded(answers);
    assert.deepEqual(await introspect(two(), winner?.body.access_token), { active: false });
  });

  it('rotates a refresh token to one successor, the same for all who ask within the grace', async () => {
    const tokens = (await redeem(one(), await authorize(one()))).body;
    const answers = await race(servers, (server) => refresh({ ...server, issuer: server.url }, tokens.refresh_token));
    const successors = new Set(succeeded(answers).map(({ body }) => body.refresh_token));
    assert.equal(successors.size, 1);
    assert.notEqual([...successors][0], tokens.refresh_token);
    const next = await refresh(two(), String([...successors][0]));
    assert.equal(next.status, 200);
  });

  it('accepts a client assertion once (RFC 7523 §3)', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const metadata = {
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', use: 'sig', alg: 'ES256' }] },
    };
    await one().parts.clients.add({ id: 'key-holder', metadata }, 'cli');
    await one().parts.access.assign('client:key-holder', 'orders-reader', 'cli');
    const assertion = await new SignJWT({ jti: 'the-one' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuer('key-holder')
      .setSubject('key-holder')
      .setAudience(one().issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(privateKey);
    const answers = await race(servers, (server) =>
      post(`${server.url}/oauth2/token`, {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
    );
    assert.equal(succeeded(answers).length, 1);
    for (const { status, body } of answers.filter((answer) => answer.status !== 200)) {
      assert.deepEqual([status, body.error], [401, 'invalid_client']);
    }
  });
});
