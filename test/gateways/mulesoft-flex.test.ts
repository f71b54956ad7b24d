import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { adminApi, adminToken } from '../support/admin.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { basic, post } from '../support/oauth.ts';
import { replay } from '../support/replay.ts';

const form = 'Content-Type: application/x-www-form-urlencoded';
const jwtApi = 'https://jwt.example.test';

describe('MuleSoft Flex Gateway, and others that send one fixed header', () => {
  let app: TestApp;
  let admin: ReturnType<typeof adminApi>;
  before(async () => {
    app = await startApp();
    admin = adminApi(app, await adminToken(app));
    const { access } = app.parts;
    await access.saveApi(
      { id: jwtApi, permissions: ['read'], tokenFormat: 'jwt', signingAlg: 'RS256', routes: [] },
      'cli',
    );
    await access.saveRole({ id: 'jwt-reader', permissions: [`${jwtApi}#read`], includes: [] }, 'cli');
    await access.assign('client:demo-service', 'jwt-reader', 'cli');
  });
  after(() => app.close());

  const issue = async (resource: string, client = app.client('demo-service')): Promise<string> =>
    (await post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials', resource }, basic(client))).body
      .access_token;
  const orders = () => issue('https://api.example.test/orders');
  /** The short way, and with a header more (as a page's script would send) the long one. */
  const ways: [string, string[]][] = [
    ['short', []],
    ['long', ['Accept: application/json', 'Expect-CT: x', 'Origin: https://gateway.example']],
  ];
  const ask = (header: string, token: string, more: string[] = [], rest = '') =>
    replay(
      app.url,
      ['POST /oauth2/introspect HTTP/1.1', form, `Authorization: ${header}`, ...more],
      `token=${token}${rest}`,
    );
  const make = async (path = '/clients/demo-gateway/introspection-tokens', body: object = {}) =>
    admin.send('POST', path, body);

  it('PDK: a JWT, one that was tampered with, a foreign one and garbage are all answered with 200 (T8)', async () => {
    const header = basic(app.client('demo-gateway')).authorization;
    const token = await issue(jwtApi);
    const [head = '', payload = '', signature = ''] = token.split('.');
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const kid = JSON.parse(Buffer.from(head, 'base64url').toString()).kid;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const foreign = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid }).sign(privateKey);
    const own = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', jwk: await exportJWK(publicKey) })
      .sign(privateKey);
    const tampered = `${head}.${Buffer.from(JSON.stringify({ ...claims, scope: 'admin' })).toString('base64url')}.${signature}`;
    for (const [way, more] of ways) {
      assert.equal((await ask(header, token, more)).body.active, true, way);
      for (const bad of [tampered, foreign, own, `${head}.${payload}.`, 'garbage', '%00', '..', 'a.b.c']) {
        const { status, body } = await ask(header, bad, more);
        assert.deepEqual([status, body], [200, { active: false }], way);
      }
    }
  });

  it('a literal "Bearer …" introspects, the short way and the long one, for what the client may see', async () => {
    const { status, body } = await make();
    assert.equal(status, 201);
    assert.match(body.introspection_token, /^[A-Za-z0-9_-]{43}$/);
    const token = await orders();
    for (const [way, more] of ways) {
      const answer = await ask(`Bearer ${body.introspection_token}`, token, more);
      assert.deepEqual([answer.status, answer.body.active, answer.body.client_id], [200, true, 'demo-service'], way);
      assert.equal((await ask(`bearer ${body.introspection_token}`, token, more)).body.active, true, way);
    }
    const metadata = { grant_types: [] };
    await app.parts.clients.add({ id: 'narrow', metadata, introspects: ['urn:another'] }, 'cli');
    const narrow = (await make('/clients/narrow/introspection-tokens')).body.introspection_token;
    assert.deepEqual((await ask(`Bearer ${narrow}`, token)).body, { active: false });
  });

  it('is refused with 401 and a challenge for what is no such token, or for more than one way to prove itself', async () => {
    const token = await orders();
    const good = (await make()).body.introspection_token;
    for (const [way, more] of ways) {
      for (const header of ['Bearer nobody', 'Bearer', `Bearer ${good}x`, `Bearer ${good} x`, `Bearer ${token}`]) {
        const { status, body, head } = await ask(header, token, more);
        assert.deepEqual([status, body.error], [401, 'invalid_client'], `${way} ${header.length}`);
        assert.match(head, /^www-authenticate: .*Bearer realm="introspection"/im);
      }
      const both = await ask(`Bearer ${good}`, token, more, '&client_id=demo-gateway&client_secret=x');
      assert.deepEqual([both.status, both.body.error], [400, 'invalid_request']);
      const other = await ask(`Bearer ${good}`, token, more, '&client_id=demo-web');
      assert.deepEqual([other.status, other.body.error], [401, 'invalid_client']);
    }
    const revoke = ['POST /oauth2/revoke HTTP/1.1', form, `Authorization: Bearer ${good}`];
    assert.equal((await replay(app.url, revoke, `token=${token}`)).status, 401);
    assert.equal((await ask(`Bearer ${good}`, token)).body.active, true);
  });

  it('is rotated with an overlap, at most two at a time, and ended at once', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    admin = adminApi(app, await adminToken(app));
    const works = async (one: string) => (await ask(`Bearer ${one}`, 'x')).status === 200;
    await app.parts.introspectionTokens.remove('demo-gateway', 'test');
    const first = (await make()).body.introspection_token;
    t.mock.timers.tick(1000);
    const second = await make(undefined, { overlap: 60 });
    const now = Math.floor(Date.now() / 1000);
    assert.equal(second.body.older_expires, now + 60);
    assert.deepEqual([await works(first), await works(second.body.introspection_token)], [true, true]);
    const listed = await admin.get('/clients/demo-gateway/introspection-tokens');
    assert.deepEqual(listed.body.items, [{ created: now - 1, expires: now + 60 }, { created: now }]);
    t.mock.timers.tick(1000);
    const third = (await make(undefined, { overlap: 60 })).body.introspection_token;
    assert.deepEqual([await works(first), await works(second.body.introspection_token)], [false, true]);
    t.mock.timers.tick(60_000);
    assert.deepEqual([await works(second.body.introspection_token), await works(third)], [false, true]);
    const removed = await admin.send('DELETE', '/clients/demo-gateway/introspection-tokens');
    assert.deepEqual([removed.status, await works(third)], [204, false]);
  });

  it('needs a client that may introspect, ends with it, and is in the audit trail without its value', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    admin = adminApi(app, await adminToken(app));
    const refused = await make('/clients/demo-service/introspection-tokens');
    assert.deepEqual([refused.status, refused.body.code], [400, 'invalid']);
    assert.equal((await make('/clients/nobody/introspection-tokens')).status, 404);
    const metadata = { grant_types: [] };
    await app.parts.clients.add({ id: 'flex', metadata, introspects: 'all' }, 'cli');
    const value = (await make('/clients/flex/introspection-tokens')).body.introspection_token;
    await app.parts.clients.decide('flex', 'suspend', 'cli');
    assert.equal((await ask(`Bearer ${value}`, 'x')).body.error, 'unauthorized_client');
    assert.equal((await admin.send('DELETE', '/clients/flex')).status, 204);
    await app.parts.clients.add({ id: 'flex', metadata, introspects: 'all' }, 'cli');
    assert.equal((await ask(`Bearer ${value}`, 'x')).status, 401);
    // Removed by a process that stopped before it forgot the rest: the next client of this name is another one.
    const left = (await make('/clients/flex/introspection-tokens')).body.introspection_token;
    await app.parts.clients.remove('flex', 'cli');
    t.mock.timers.tick(1000);
    await app.parts.clients.add({ id: 'flex', metadata, introspects: 'all' }, 'cli');
    assert.equal((await ask(`Bearer ${left}`, 'x')).status, 401);
    const events = await app.parts.trail.search({ target: 'client:flex' });
    const types = events.map(({ type }) => type);
    for (const made of ['made', 'removed'])
      assert.ok(types.some((type) => type === `client.introspection-token-${made}`));
    assert.ok(!JSON.stringify(events).includes(value));
  });

  it('an access token of the gateway counts when it is meant for this server, and no other (RFC 7662 §2.1)', async () => {
    const { access, clients } = app.parts;
    const metadata = { grant_types: ['client_credentials'] };
    const { secret = '' } = await clients.add({ id: 'gw-oauth', metadata, introspects: 'all' }, 'cli');
    const own = { client_id: 'gw-oauth', client_secret: secret };
    await access.assign('client:gw-oauth', 'orders-reader', 'cli');
    const token = await orders();
    const admitted = await issue('urn:sallyport:admin', own);
    assert.equal((await ask(`Bearer ${admitted}`, token)).body.active, true);
    // The API that it was shown to has seen it too.
    assert.equal((await ask(`Bearer ${await issue('https://api.example.test/orders', own)}`, token)).status, 401);
    assert.equal((await ask(`Bearer ${await adminToken(app)}`, token)).status, 401);
    await clients.change('gw-oauth', { introspects: [] }, 'cli');
    assert.equal((await ask(`Bearer ${admitted}`, token)).status, 401);
  });
});
