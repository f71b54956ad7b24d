import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { decodeJwt } from 'jose';
import { startApp, type TestApp } from '../support/app.ts';
import { authorize, Browser, introspect, redeem, refresh } from '../support/code-flow.ts';
import { basic, post, read } from '../support/oauth.ts';

const orders = 'https://api.example.test/orders';
let app: TestApp;
let alice: string;
before(async () => {
  app = await startApp();
  const { access, organizations, users } = app.parts;
  alice = `user:${(await users.byEmail('alice@example.test'))?.id}`;
  for (const id of ['acme', 'globex', 'initech'])
    await organizations.add({ id, name: id, domains: [], connections: [] }, 'cli');
  await access.unassign(alice, 'orders-editor', 'cli');
  await access.assign(alice, 'orders-reader', 'cli');
  await organizations.join('acme', alice, 'cli');
  await organizations.join('globex', alice, 'cli');
  await access.assign(alice, 'orders-editor', 'cli', { organization: 'acme' });
  await organizations.join('acme', 'client:demo-service', 'cli');
  await access.assign('client:demo-service', 'orders-editor', 'cli', { organization: 'acme' });
});
after(() => app.close());

const scope = 'openid offline_access roles orders:read orders:write';
const asked = (organization?: string) => ({
  ...{ scope, prompt: 'consent' },
  ...(organization === undefined ? {} : { organization }),
});
const seen = async (token: string) => {
  const { org_id, roles, scope: has } = await introspect(app, token);
  return { org_id, roles, writes: has?.split(' ').includes('orders:write') ?? false };
};
const nowhere = { org_id: undefined, roles: ['orders-reader'], writes: false };
const atAcme = { org_id: 'acme', roles: ['orders-editor', 'orders-reader'], writes: true };
const atGlobex = { org_id: 'globex', roles: ['orders-reader'], writes: false };

describe('the organization of a person’s tokens', () => {
  it('is the one that was asked for, with the roles within it and no other’s', async () => {
    const browser = new Browser(app.issuer);
    const acme = (await redeem(app, await authorize(app, { browser }, asked('acme')))).body;
    assert.deepEqual(await seen(acme.access_token), atAcme);
    assert.equal(decodeJwt(acme.id_token).org_id, 'acme');
    // Another one in the same session changes nothing that was issued before.
    const globex = (await redeem(app, await authorize(app, { browser }, asked('globex')))).body;
    const none = (await redeem(app, await authorize(app, { browser }, asked()))).body;
    assert.deepEqual(await seen(globex.access_token), atGlobex);
    assert.deepEqual(await seen(none.access_token), nowhere);
    assert.equal('org_id' in decodeJwt(none.id_token), false);
    assert.deepEqual(await seen(acme.access_token), atAcme);
    const next = (await refresh(app, acme.refresh_token)).body;
    assert.deepEqual(await seen(next.access_token), atAcme);
    assert.deepEqual(await seen((await refresh(app, next.refresh_token)).body.access_token), atAcme);
  });
  it('comes with a pushed request too (RFC 9126), and in a signed answer to a gateway, with its end (RFC 9701)', async () => {
    const code_verifier = 'a-verifier-of-the-length-that-rfc-7636-wants';
    const pushed = await post(
      `${app.issuer}/oauth2/par`,
      {
        ...asked('acme'),
        ...{
          client_id: 'demo-web',
          response_type: 'code',
          redirect_uri: 'http://localhost:8080/callback',
          code_challenge_method: 'S256',
        },
        code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
      },
      basic(app.client('demo-web')),
    );
    const { request_uri } = pushed.body;
    const code = await authorize(app, {}, { request_uri });
    const { access_token } = (await redeem(app, { ...code, code_verifier })).body;
    assert.deepEqual(await seen(access_token), atAcme);
    const until = Math.floor(Date.now() / 1000) + 60;
    await app.parts.organizations.join('acme', alice, 'cli', { until });
    const signed = await fetch(`${app.issuer}/oauth2/introspect`, {
      method: 'POST',
      headers: { ...basic(app.client('demo-gateway')), accept: 'application/token-introspection+jwt' },
      body: new URLSearchParams({ token: access_token }),
    });
    const answer = decodeJwt<{ token_introspection: { org_id: string; exp: number } }>(await signed.text());
    assert.deepEqual(answer.token_introspection.org_id, 'acme');
    assert.equal(answer.token_introspection.exp, until);
    await app.parts.organizations.join('acme', alice, 'cli');
  });
  it('is told to userinfo', async () => {
    const { access_token } = (await redeem(app, await authorize(app, {}, asked('acme')))).body;
    const headers = { authorization: `Bearer ${access_token}` };
    const { body } = await read(await fetch(`${app.issuer}/oauth2/userinfo`, { headers }));
    assert.deepEqual([body.org_id, body.roles], ['acme', ['orders-editor', 'orders-reader']]);
  });
  it('ends with the membership, at the next question', async () => {
    const { access_token, refresh_token } = (await redeem(app, await authorize(app, {}, asked('acme')))).body;
    await app.parts.organizations.leave('acme', alice, 'cli');
    assert.deepEqual(await seen(access_token), nowhere);
    assert.deepEqual(await seen((await refresh(app, refresh_token)).body.access_token), nowhere);
    await app.parts.organizations.join('acme', alice, 'cli');
    assert.deepEqual(await seen(access_token), atAcme);
  });
  it('is refused to whoever is no member, and to a name that is none', async () => {
    for (const organization of ['initech', 'nobody', 'acme globex']) {
      const { answer } = await authorize(app, {}, asked(organization));
      assert.equal(answer.get('error'), 'access_denied', organization);
      assert.match(answer.get('error_description') ?? '', /no member of the organization/);
    }
  });
  it('counts at forward-auth too', async () => {
    const { access_token } = (await redeem(app, await authorize(app, {}, asked('acme')))).body;
    const question = {
      'x-forwarded-method': 'PUT',
      'x-forwarded-host': 'api.example.test',
      'x-forwarded-uri': '/orders/1',
    };
    const headers = { ...question, authorization: `Bearer ${access_token}` };
    const answer = await fetch(`${app.issuer}/gateway/authorize`, { headers });
    assert.deepEqual([answer.status, answer.headers.get('x-auth-organization')], [200, 'acme']);
  });
});

describe('the organization of a client’s own token', () => {
  const own = (more: Record<string, string>) =>
    post(
      `${app.issuer}/oauth2/token`,
      { grant_type: 'client_credentials', resource: orders, ...more },
      basic(app.client('demo-service')),
    );
  it('is the one that was asked for', async () => {
    const plain = (await own({})).body;
    const within = (await own({ organization: 'acme' })).body;
    assert.deepEqual([plain.scope, within.scope], ['orders:read', 'orders:read orders:write']);
    assert.deepEqual(await seen(within.access_token), atAcme);
    assert.deepEqual(await seen(plain.access_token), { ...nowhere });
  });
  it('is refused to a client that is no member', async () => {
    const { status, body } = await own({ organization: 'globex' });
    assert.deepEqual([status, body.error], [400, 'invalid_request']);
    assert.match(body.error_description, /organization/);
  });
});
