import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, redeem } from '../support/code-flow.ts';
import { basic, type Credentials, post } from '../support/oauth.ts';
import { replay } from '../support/replay.ts';

const form = 'Content-Type: application/x-www-form-urlencoded';
const grant = 'urn:pingidentity.com:oauth2:grant_type:validate_bearer';
const on = {
  SALLYPORT_LEGACY_VALIDATE: 'true',
  SALLYPORT_LEGACY_VALIDATE_BEARER: 'true',
  SALLYPORT_LEGACY_TOKENINFO: 'true',
};

const machineToken = async (app: TestApp): Promise<string> => {
  const asked = { grant_type: 'client_credentials' };
  return (await post(`${app.issuer}/oauth2/token`, asked, basic(app.client('demo-service')))).body.access_token;
};
const credentials = (client: Credentials) => `Authorization: ${basic(client).authorization}`;

describe('policies that are older than introspection', () => {
  let app: TestApp;
  let token: string;
  before(async () => {
    app = await startApp({ ...on, SALLYPORT_LEGACY_FROM: '127.0.0.0/8 ::1', SALLYPORT_LOG_LEVEL: 'trace' });
    token = await machineToken(app);
  });
  after(() => app.close());

  const ping = (fields: string, client: Credentials, path = '/oauth2/token') =>
    replay(app.url, [`POST ${path} HTTP/1.1`, form, credentials(client)], fields);

  const good: [string, () => Promise<{ status: number; body: Record<string, unknown> }>][] = [
    ['by GET', () => replay(app.url, [`GET /validate?access_token=${token} HTTP/1.1`])],
    ['by POST, in the address', () => replay(app.url, [`POST /validate?access_token=${token} HTTP/1.1`])],
    ['by POST, in the body', () => replay(app.url, ['POST /validate HTTP/1.1', form], `access_token=${token}`)],
  ];
  for (const [name, ask] of good) {
    it(`Mule OAuth 2.0 provider: /validate answers ${name} with scalars only`, async () => {
      const { status, body } = await ask();
      const { expires_in, ...rest } = body;
      assert.ok(Number.isInteger(expires_in) && Number(expires_in) > 0 && Number(expires_in) <= 600);
      assert.deepEqual(
        { status, ...rest },
        {
          status: 200,
          token_type: 'Bearer',
          scope: 'orders:read',
          uid: 'demo-service',
          sub: 'demo-service',
          client_id: 'demo-service',
          roles_str: 'orders-reader',
          entitlements_str: 'orders:read',
        },
      );
    });
  }

  it('OpenAM: /oauth2/tokeninfo answers by address and by header, with the scope as a list', async () => {
    const asked = [
      [`GET /oauth2/tokeninfo?access_token=${token} HTTP/1.1`],
      ['GET /oauth2/tokeninfo HTTP/1.1', `Authorization: Bearer ${token}`],
    ];
    for (const lines of asked) {
      const { status, body } = await replay(app.url, lines);
      assert.deepEqual([status, body.scope, body.realm, body.token_type], [200, ['orders:read'], '/', 'Bearer']);
      assert.deepEqual([body.uid, body.client_id, body.roles], ['demo-service', 'demo-service', ['orders-reader']]);
      assert.ok(body.expires_in > 0);
    }
  });

  it('PingFederate: validate_bearer answers at both paths with the attributes in access_token', async () => {
    for (const path of ['/oauth2/token', '/as/token.oauth2']) {
      const { status, body } = await ping(`grant_type=${grant}&token=${token}`, app.client('demo-gateway'), path);
      const { expires_in, ...rest } = body;
      assert.ok(expires_in > 0);
      assert.deepEqual(
        { status, ...rest },
        {
          status: 200,
          access_token: {
            uid: 'demo-service',
            sub: 'demo-service',
            roles_str: 'orders-reader',
            entitlements_str: 'orders:read',
            roles: ['orders-reader'],
          },
          token_type: 'urn:pingidentity.com:oauth2:validated_token',
          client_id: 'demo-service',
          scope: 'orders:read',
        },
      );
    }
  });

  it('tells of a person the e-mail address, and of a refresh token nothing', async () => {
    const asked = { scope: 'openid offline_access orders:read', prompt: 'consent' };
    const tokens = (await redeem(app, await authorize(app, {}, asked))).body;
    assert.ok(tokens.refresh_token);
    const { body } = await replay(app.url, [`GET /validate?access_token=${tokens.access_token} HTTP/1.1`]);
    assert.deepEqual([body.uid, body.mail, body.client_id], ['alice@example.test', 'alice@example.test', 'demo-web']);
    assert.equal((await replay(app.url, [`GET /validate?access_token=${tokens.refresh_token} HTTP/1.1`])).status, 400);
  });

  it('shows the roles of this moment, as introspection does (sec-272)', async () => {
    await app.parts.access.unassign('client:demo-service', 'orders-reader', 'cli');
    const validated = await replay(app.url, [`GET /validate?access_token=${token} HTTP/1.1`]);
    const info = await replay(app.url, [`GET /oauth2/tokeninfo?access_token=${token} HTTP/1.1`]);
    const pinged = await ping(`grant_type=${grant}&token=${token}`, app.client('demo-gateway'));
    assert.deepEqual([validated.body.scope, validated.body.roles_str], ['', '']);
    assert.deepEqual([info.body.scope, info.body.roles], [[], []]);
    assert.deepEqual([pinged.body.scope, pinged.body.access_token.roles], ['', []]);
    await app.parts.access.assign('client:demo-service', 'orders-reader', 'cli');
  });

  it('says of tokens that are no good what each policy expects, and never 500', async () => {
    for (const bad of ['garbage', `${token}x`, 'eyJhbGciOiJub25lIn0.e30.', '%F0%9F%92%A9']) {
      const validated = await replay(app.url, [`GET /validate?access_token=${bad} HTTP/1.1`]);
      const info = await replay(app.url, [`GET /oauth2/tokeninfo?access_token=${bad} HTTP/1.1`]);
      const pinged = await ping(`grant_type=${grant}&token=${bad}`, app.client('demo-gateway'));
      assert.deepEqual([validated.status, validated.body.error], [400, 'invalid_token']);
      assert.deepEqual([info.status, info.body.error], [401, 'invalid_token']);
      assert.match(info.head, /^www-authenticate: Bearer /im);
      assert.deepEqual([pinged.status, pinged.body.error], [400, 'invalid_grant']);
    }
    const refused = [
      ['GET /validate HTTP/1.1'],
      ['GET /validate?access_token= HTTP/1.1'],
      [`GET /validate?access_token=${token}&access_token=${token} HTTP/1.1`],
      [`GET /oauth2/tokeninfo?access_token=${token} HTTP/1.1`, `Authorization: Bearer ${token}`],
      ['GET /oauth2/tokeninfo HTTP/1.1'],
    ];
    for (const lines of refused) {
      const { status, body } = await replay(app.url, lines);
      assert.deepEqual([status, body.error], [400, 'invalid_request']);
    }
    assert.equal((await replay(app.url, [`PUT /validate?access_token=${token} HTTP/1.1`])).status, 405);
    assert.equal((await replay(app.url, [`POST /oauth2/tokeninfo?access_token=${token} HTTP/1.1`])).status, 405);
  });

  it('takes no token that is bound to a key for one that anybody may use', async () => {
    const { records } = app.parts;
    const now = Math.floor(Date.now() / 1000);
    const payload = { kind: 'ClientCredentials', clientId: 'demo-service', iat: now, exp: now + 60, jkt: 'thumb' };
    await records.tokens.insert({ id: records.tokenId('bound'), payload });
    assert.equal((await replay(app.url, ['GET /validate?access_token=bound HTTP/1.1'])).status, 400);
    assert.equal((await ping(`grant_type=${grant}&token=bound`, app.client('demo-gateway'))).status, 400);
  });

  it('lets only a client that may see the token validate it, and leaves the other grants alone', async () => {
    const wrong = { client_id: 'demo-gateway', client_secret: 'wrong' };
    const unproven = await ping(`grant_type=${grant}&token=${token}`, wrong);
    assert.deepEqual([unproven.status, unproven.body.error], [401, 'invalid_client']);
    const bare = await replay(app.url, ['POST /as/token.oauth2 HTTP/1.1', form], `grant_type=${grant}&token=${token}`);
    assert.equal(bare.status, 401);
    const other = await ping(`grant_type=${grant}&token=${token}`, app.client('demo-web'));
    assert.deepEqual([other.status, other.body.error], [400, 'invalid_grant']);
    const usual = await ping('grant_type=client_credentials&scope=orders%3Aread', app.client('demo-service'));
    assert.deepEqual([usual.status, usual.body.scope], [200, 'orders:read']);
    const elsewhere = await ping('grant_type=client_credentials', app.client('demo-service'), '/as/token.oauth2');
    assert.deepEqual([elsewhere.status, elsewhere.body.error], [400, 'invalid_request']);
    // One that goes the long way, to the library.
    const unknown = await ping('grant_type=client_credentials&resource=urn%3Aunknown', app.client('demo-service'));
    assert.equal(unknown.body.error, 'invalid_target');
  });

  it('still takes no token in any other address, and writes none into the log', async () => {
    for (const path of ['/oauth2/introspect', '/oauth2/userinfo', '/validate/', '/Validate', '/']) {
      assert.equal((await replay(app.url, [`GET ${path}?access_token=${token} HTTP/1.1`])).status, 400, path);
    }
    assert.ok(app.log.some((line) => line.includes('"/validate"')));
    assert.ok(!app.log.some((line) => line.includes(token)));
  });
});

describe('the same where nothing is switched on, or for others', () => {
  it('is not there: a token in an address is refused, and the grant unknown', async (t) => {
    const app = await startApp();
    t.after(() => app.close());
    const token = await machineToken(app);
    for (const path of ['/validate', '/oauth2/tokeninfo', '/introspect']) {
      const inAddress = await replay(app.url, [`GET ${path}?access_token=${token} HTTP/1.1`]);
      assert.deepEqual([inAddress.status, JSON.stringify(inAddress.body).includes('orders')], [400, false]);
      const bearer = await replay(app.url, [`GET ${path} HTTP/1.1`, `Authorization: Bearer ${token}`]);
      assert.equal(bearer.status, 404);
    }
    const lines = ['POST /oauth2/token HTTP/1.1', form, credentials(app.client('demo-gateway'))];
    const { status, body } = await replay(app.url, lines, `grant_type=${grant}&token=${token}`);
    assert.deepEqual([status, body.error], [400, 'unsupported_grant_type']);
    const path = ['POST /as/token.oauth2 HTTP/1.1', form, credentials(app.client('demo-gateway'))];
    assert.equal((await replay(app.url, path, `grant_type=${grant}&token=${token}`)).status, 404);
  });

  it('answers nobody whose address is not listed, where nobody is asked who it is', async (t) => {
    const app = await startApp({ ...on, SALLYPORT_LEGACY_FROM: '192.0.2.0/24' });
    t.after(() => app.close());
    const token = await machineToken(app);
    for (const path of ['/validate', '/oauth2/tokeninfo']) {
      const { status, body } = await replay(app.url, [`GET ${path}?access_token=${token} HTTP/1.1`]);
      assert.deepEqual([status, body.error], [403, 'access_denied']);
      const lied = [`GET ${path}?access_token=${token} HTTP/1.1`, 'X-Forwarded-For: 192.0.2.1'];
      assert.equal((await replay(app.url, lied)).status, 403);
    }
    const lines = ['POST /oauth2/token HTTP/1.1', form, credentials(app.client('demo-gateway'))];
    assert.equal((await replay(app.url, lines, `grant_type=${grant}&token=${token}`)).status, 200);
  });
});
