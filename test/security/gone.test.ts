import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, Browser, introspect, redeem, refresh } from '../support/code-flow.ts';
import { basic, type Credentials, post, read } from '../support/oauth.ts';
import { storeUrl } from '../support/store.ts';

/*
 * Two servers share a store. What an administrator ends at one of them is over there at the next call, and at the other,
 * whatever it remembers, within a second.
 */
let app: TestApp;
let office: TestApp;
const callback = 'http://localhost:8080/callback';
const jwtApi = 'https://api.example.test/jwt';
before(async () => {
  const store = await storeUrl();
  app = await startApp({ SALLYPORT_STORE: store });
  office = await startApp({ SALLYPORT_STORE: store, SALLYPORT_ISSUER: app.issuer });
  const api = { id: jwtApi, permissions: ['jwt:read'], tokenFormat: 'jwt', signingAlg: 'RS256', routes: [] } as const;
  await app.parts.access.saveApi({ ...api, permissions: [...api.permissions], routes: [] }, 'cli');
});
after(() => Promise.all([app.close(), office.close()]));

const password = 'a horse with a battery and a staple';
const inactive = { active: false };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const userinfo = async (token: string) =>
  read(await fetch(`${app.issuer}/oauth2/userinfo`, { headers: bearer(token) }));

/** Somebody with everything open: a session, a code, an opaque and a JWT access token, a refresh token. */
async function everythingOpen(name: string, client: Credentials = app.client('demo-web')) {
  const email = `${name}@example.test`;
  const user = await app.parts.users.add({ email, password, emailVerified: true }, 'cli');
  const server = {
    ...app,
    client: (id: string) => (id === client.client_id ? client : app.client(id)),
    password: () => password,
  };
  const who = { client: client.client_id, user: email, browser: new Browser(app.issuer) };
  const scope = 'openid offline_access';
  const { body } = await redeem(server, await authorize(server, who, { scope }), client.client_id);
  const again = await redeem(
    server,
    await authorize(server, who, { scope: 'openid jwt:read', resource: jwtApi }),
    client.client_id,
  );
  const code = await authorize(server, who, { scope });
  const tokens = [body.access_token, again.body.access_token];
  for (const token of tokens) assert.equal((await introspect(app, token)).active, true);
  assert.equal((await userinfo(body.access_token)).status, 200);
  assert.match(again.body.access_token, /^ey.+\..+\./);
  return { user, server, who, code, tokens, refresh_token: body.refresh_token };
}

type Open = Awaited<ReturnType<typeof everythingOpen>>;

/** Every way in which what is open could still be used, each the first call after it was ended. */
const uses: Record<string, (open: Open) => Promise<void>> = {
  introspection: async ({ tokens }) => {
    for (const token of tokens) assert.deepEqual(await introspect(app, token), inactive);
  },
  userinfo: async ({ tokens }) => {
    for (const token of tokens) assert.equal((await userinfo(token)).status, 401);
  },
  'the refresh token': async ({ server, refresh_token, who }) => {
    const { status, body } = await refresh(server, refresh_token, {}, who.client);
    assert.ok(status === 400 || status === 401, String(status));
    assert.match(body.error, /^invalid_(grant|client)$/);
  },
  'the code': async ({ server, code, who }) => {
    const { status, body } = await redeem(server, code, who.client);
    assert.ok(status === 400 || status === 401, String(status));
    assert.match(body.error, /^invalid_(grant|client)$/);
  },
  'the session': async ({ server, who }) => {
    const query = new URLSearchParams({
      ...{ client_id: who.client, redirect_uri: callback, response_type: 'code', scope: 'openid', prompt: 'none' },
      ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', state: 's' },
    });
    const { location, status } = await who.browser.ask(`${server.issuer}/oauth2/authorize?${query}`);
    assert.doesNotMatch(location, /code=/);
    assert.ok(location.includes('error=login_required') || status === 400, `${status} ${location}`);
  },
};

describe('a person who is disabled', () => {
  for (const [name, use] of Object.entries(uses)) {
    it(`sec-070 is nobody at the next call: ${name}`, async () => {
      const open = await everythingOpen(`disabled-${name.replaceAll(' ', '-')}`);
      await app.parts.users.disable(open.user.id, 'cli');
      await use(open);
    });
  }
});

describe('what a person has open', () => {
  const ends: Record<string, (id: string) => Promise<unknown>> = {
    disabled: (id) => office.parts.users.disable(id, 'cli'),
    removed: (id) => office.parts.users.remove(id, 'cli'),
    'a new password': (id) => office.parts.users.setPassword(id, `${password} and more`, 'cli'),
    'disabled and enabled again': async (id) => {
      await office.parts.users.disable(id, 'cli');
      await office.parts.users.enable(id, 'cli');
    },
  };
  for (const [how, end] of Object.entries(ends)) {
    it(`sec-070 is over within a second at the other server: ${how}`, async (t) => {
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
      const open = await everythingOpen(`elsewhere-${how.replaceAll(' ', '-')}`);
      await end(open.user.id);
      t.mock.timers.tick(1000);
      for (const use of Object.values(uses)) await use(open);
    });
  }
});

describe('a client that is gone', () => {
  const add = async (id: string): Promise<Credentials> => {
    const metadata = {
      redirect_uris: [callback],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    };
    const { secret = '' } = await app.parts.clients.add({ id, metadata, firstParty: true }, 'cli');
    await app.parts.access.assign(`client:${id}`, 'orders-reader', 'cli');
    return { client_id: id, client_secret: secret };
  };
  const ends: Record<string, (id: string) => Promise<unknown>> = {
    removed: (id) => app.parts.clients.remove(id, 'cli'),
    suspended: (id) => app.parts.clients.decide(id, 'suspend', 'cli'),
    revoked: (id) => app.parts.clients.decide(id, 'revoke', 'cli'),
  };
  for (const [how, end] of Object.entries(ends)) {
    it(`sec-071 gets and keeps nothing, and nobody sees a fault of ours: ${how}`, async () => {
      const credentials = await add(`client-${how}`);
      const open = await everythingOpen(`of-${how}`, credentials);
      const form = { grant_type: 'client_credentials' };
      const own = (await post(`${app.issuer}/oauth2/token`, form, basic(credentials))).body.access_token;
      assert.equal((await introspect(app, own)).active, true);
      await end(credentials.client_id);
      assert.deepEqual(await introspect(app, own), inactive);
      for (const token of open.tokens) {
        assert.deepEqual(await introspect(app, token), inactive);
        const answer = await userinfo(token);
        assert.equal(answer.status, 401, JSON.stringify(answer.body));
      }
      for (const answer of [
        await refresh(open.server, open.refresh_token, {}, credentials.client_id),
        await redeem(open.server, open.code, credentials.client_id),
        await post(`${app.issuer}/oauth2/token`, form, basic(credentials)),
        await post(`${app.issuer}/oauth2/introspect`, { token: own }, basic(credentials)),
      ]) {
        assert.ok(answer.status === 400 || answer.status === 401, String(answer.status));
        assert.match(answer.body.error, how === 'suspended' ? /^unauthorized_client$/ : /^invalid_client$/);
      }
    });
  }

  it('sec-071 is gone within a second when another process removes it', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const credentials = await add('client-elsewhere');
    const { tokens } = await everythingOpen('of-elsewhere', credentials);
    await office.parts.clients.remove('client-elsewhere', 'cli');
    t.mock.timers.tick(1000);
    for (const token of tokens) assert.deepEqual(await introspect(app, token), inactive);
  });

  it('sec-071 leaves nothing to another one that gets its id', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const open = await everythingOpen('of-first', await add('client-again'));
    t.mock.timers.tick(2000);
    await app.parts.clients.remove('client-again', 'cli');
    const heir = await add('client-again');
    for (const token of open.tokens) assert.deepEqual(await introspect(app, token), inactive);
    for (const token of open.tokens) assert.equal((await userinfo(token)).status, 401);
    const server = { ...app, client: () => heir };
    assert.equal((await refresh(server, open.refresh_token)).body.error, 'invalid_grant');
    assert.equal((await redeem(server, open.code)).body.error, 'invalid_grant');
  });
});
