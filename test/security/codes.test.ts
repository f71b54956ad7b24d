import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, introspect, type Redeemable, redeem, refresh } from '../support/code-flow.ts';
import { type Answer, basic, type Credentials, post, read } from '../support/oauth.ts';

let app: TestApp;
let rival: Credentials;
const callback = 'http://localhost:8080/callback';
before(async () => {
  app = await startApp();
  const metadata = { redirect_uris: [callback], grant_types: ['authorization_code', 'refresh_token'] };
  const { secret = '' } = await app.parts.clients.add({ id: 'rival', metadata, firstParty: true }, 'cli');
  rival = { client_id: 'rival', client_secret: secret };
});
after(() => app.close());

const wrong = 'another-verifier-of-the-length-that-is-asked-for';
const invalidGrant = ({ status, body }: Answer) => assert.deepEqual([status, body.error], [400, 'invalid_grant']);
const userinfo = async (token: string) =>
  (await fetch(`${app.issuer}/oauth2/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status;
/** A redemption by whoever has these credentials, with what is given instead of the right things. */
const attempt = (
  code: Redeemable,
  more: Record<string, string> = {},
  by: Record<string, string> = basic(app.client('demo-web')),
) =>
  post(
    `${app.issuer}/oauth2/token`,
    {
      ...{ grant_type: 'authorization_code', code: code.code, redirect_uri: code.redirect_uri },
      ...{ code_verifier: code.code_verifier, ...more },
    },
    by,
  );

describe('an authorization code (RFC 9700 §4.5)', () => {
  it('sec-058 that comes back ends everything that came of it', async () => {
    const code = await authorize(app);
    const { body } = await redeem(app, code);
    const next = (await refresh(app, body.refresh_token)).body;
    invalidGrant(await redeem(app, code));
    for (const { access_token } of [body, next]) {
      assert.deepEqual(await introspect(app, access_token), { active: false });
      assert.equal(await userinfo(access_token), 401);
    }
    for (const { refresh_token } of [body, next]) invalidGrant(await refresh(app, refresh_token));
  });

  it('sec-058 that comes back from somebody who could not have used it ends nothing', async () => {
    const code = await authorize(app);
    const { body } = await redeem(app, code);
    invalidGrant(await attempt(code, { code_verifier: wrong }));
    invalidGrant(await attempt(code, {}, basic(rival)));
    invalidGrant(await attempt(code, { redirect_uri: `${callback}/` }));
    assert.equal((await attempt(code, {}, basic({ ...rival, client_secret: 'x' }))).status, 401);
    assert.equal((await introspect(app, body.access_token)).active, true);
    assert.equal((await refresh(app, body.refresh_token)).status, 200);
  });

  it('sec-033 needs its verifier, and survives four wrong ones', async () => {
    const code = await authorize(app);
    const tries: Record<string, string>[] = [
      { code_verifier: wrong },
      { code_verifier: '' },
      { code_verifier: code.code_verifier.toUpperCase() },
      { code_verifier: `${code.code_verifier}a` },
    ];
    for (const more of tries) {
      const { status, body } = await attempt(code, more);
      assert.equal(status, 400);
      assert.match(body.error, /^invalid_(grant|request)$/);
    }
    assert.equal((await redeem(app, code)).status, 200);
  });

  it('sec-033 is dead after five wrong verifiers, for the right one too', async () => {
    const code = await authorize(app);
    for (let turn = 0; turn < 5; turn += 1) invalidGrant(await attempt(code, { code_verifier: wrong }));
    invalidGrant(await redeem(app, code));
  });

  it('sec-061 belongs to its client and address, and the rightful client may still redeem it', async () => {
    const code = await authorize(app);
    invalidGrant(await attempt(code, {}, basic(rival)));
    assert.match(
      (await attempt(code, { client_id: 'demo-web' }, basic(rival))).body.error,
      /^invalid_(request|client)$/,
    );
    invalidGrant(await attempt(code, { redirect_uri: 'http://localhost:8080/other' }));
    const none = await attempt(code, { redirect_uri: '' });
    assert.equal(none.status, 400);
    assert.equal((await redeem(app, code)).status, 200);
  });

  it('sec-061 ends after a minute', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const code = await authorize(app);
    t.mock.timers.tick(61_000);
    invalidGrant(await redeem(app, code));
  });

  it('sec-061 is no other kind of token', async () => {
    const { code } = await authorize(app);
    assert.equal(await userinfo(code), 401);
    assert.deepEqual(await introspect(app, code), { active: false });
    invalidGrant(await refresh(app, code));
  });

  it('sec-061 gives no more than was asked for when it was made', async () => {
    const code = await authorize(app, {}, { scope: 'openid orders:read' });
    const { body } = await attempt(code, { scope: 'openid email orders:read orders:write clients:write' });
    assert.doesNotMatch(String(body.scope), /write|email/);
    const other = await attempt(await authorize(app), { resource: 'urn:sallyport:admin' });
    assert.deepEqual([other.status, other.body.error], [400, 'invalid_target']);
  });
});

describe('a refresh token', () => {
  const tokens = async () => (await redeem(app, await authorize(app))).body;

  it('sec-069 gives nothing that was not granted', async () => {
    const { refresh_token } = await tokens();
    for (const scope of ['openid clients:write', 'address', 'orders:read orders:delete']) {
      const { status, body } = await refresh(app, refresh_token, { scope });
      assert.deepEqual([status, body.error], [400, 'invalid_scope'], scope);
    }
    const { status, body } = await refresh(app, refresh_token, { resource: 'urn:sallyport:admin' });
    // The administration demands more of a sign-in besides, and that is looked at first.
    assert.deepEqual([status, body.error], [400, 'invalid_grant']);
    await app.parts.access.ensureBuiltIn('1fa');
    const plain = await refresh(app, refresh_token, { resource: 'urn:sallyport:admin' });
    assert.deepEqual([plain.status, plain.body.error], [400, 'invalid_target']);
    assert.equal((await refresh(app, refresh_token)).status, 200);
  });

  it('sec-069 gives no more what the client may have no more', async () => {
    const metadata = (scope: string) => ({
      ...{ redirect_uris: [callback], grant_types: ['authorization_code', 'refresh_token'], scope },
    });
    const { secret = '' } = await app.parts.clients.add(
      { id: 'shrinking', metadata: metadata('openid email orders:read orders:write'), firstParty: true },
      'cli',
    );
    const own = { ...app, client: () => ({ client_id: 'shrinking', client_secret: secret }) };
    const code = await authorize(app, { client: 'shrinking' }, { scope: 'openid email orders:read orders:write' });
    const { body } = await redeem(own, code);
    assert.match(body.scope, /orders:write/);
    await app.parts.clients.change('shrinking', { metadata: metadata('openid orders:read') }, 'cli');
    const next = await refresh(own, body.refresh_token);
    if (next.status === 200) assert.doesNotMatch(next.body.scope, /email|write/);
    else assert.match(next.body.error, /^invalid_(scope|grant)$/);
    const seen = next.status === 200 ? await introspect(app, next.body.access_token) : { scope: '' };
    assert.doesNotMatch(String(seen.scope), /email|write/);
  });

  it('sec-069 gives no more what the person holds no more, and says so at once', async () => {
    const { access_token, refresh_token } = await tokens();
    const { id } = (await app.parts.users.byEmail('alice@example.test')) ?? { id: '' };
    await app.parts.access.unassign(`user:${id}`, 'orders-editor', 'cli');
    assert.doesNotMatch(String((await introspect(app, access_token)).scope), /orders/);
    const { body } = await refresh(app, refresh_token);
    assert.doesNotMatch(String((await introspect(app, body.access_token)).scope), /orders/);
    await app.parts.access.assign(`user:${id}`, 'orders-editor', 'cli');
  });

  it('sec-081 of another client is not taken, and is not spent by it', async () => {
    const { refresh_token } = await tokens();
    invalidGrant(await refresh({ ...app, client: () => rival }, refresh_token, {}, 'rival'));
    assert.equal((await refresh(app, refresh_token)).status, 200);
  });

  it('sec-097 of another client is not revoked by it', async () => {
    const { access_token, refresh_token } = await tokens();
    for (const token of [access_token, refresh_token]) {
      const { status } = await post(`${app.issuer}/oauth2/revoke`, { token }, basic(rival));
      assert.equal(status, 400);
    }
    assert.equal((await introspect(app, access_token)).active, true);
  });

  it('sec-094 and its access token are dead the moment they are revoked or end, whatever the store has swept', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const { access_token, expires_in } = await tokens();
    t.mock.timers.tick(expires_in * 1000);
    assert.deepEqual(await introspect(app, access_token), { active: false });
    const more = await tokens();
    await post(`${app.issuer}/oauth2/revoke`, { token: more.refresh_token }, basic(app.client('demo-web')));
    assert.deepEqual(await introspect(app, more.access_token), { active: false });
    assert.equal(await userinfo(more.access_token), 401);
  });
});

describe('an access token of a service', () => {
  it('sec-083 holds nothing about people, and brings no refresh token', async () => {
    for (const scope of ['openid', 'offline_access', 'clients:write', 'openid orders:read']) {
      const form = { grant_type: 'client_credentials', scope };
      const { status, body } = await post(`${app.issuer}/oauth2/token`, form, basic(app.client('demo-service')));
      assert.equal(status, 400, scope);
      assert.equal(body.error, 'invalid_scope');
    }
    const form = { grant_type: 'client_credentials' };
    const { body } = await post(`${app.issuer}/oauth2/token`, form, basic(app.client('demo-service')));
    assert.equal(body.refresh_token, undefined);
    assert.equal(body.id_token, undefined);
  });

  it('sec-017 is not taken from an address, nor from a form beside a header', async () => {
    const { access_token } = (await redeem(app, await authorize(app))).body;
    const url = `${app.issuer}/oauth2/userinfo`;
    const inAddress = await read(await fetch(`${url}?access_token=${access_token}`));
    assert.deepEqual([inAddress.status, inAddress.body.error], [400, 'invalid_request']);
    const both = await post(url, { access_token }, { authorization: `Bearer ${access_token}` });
    assert.equal(both.status, 400);
  });
});
