import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decodeProtectedHeader } from 'jose';
import { post, read } from '../support/oauth.ts';
import type { RelyingParty } from './relying-party.ts';
import type { NewParty } from './request-modules.ts';

/** The claims of OIDC Core §5.4 with the types of §5.1, by the scope that releases them. */
const released: Record<string, Record<string, string>> = {
  profile: {
    name: 'string',
    family_name: 'string',
    given_name: 'string',
    middle_name: 'string',
    nickname: 'string',
    preferred_username: 'string',
    profile: 'string',
    picture: 'string',
    website: 'string',
    gender: 'string',
    birthdate: 'string',
    zoneinfo: 'string',
    locale: 'string',
    updated_at: 'number',
  },
  email: { email: 'string', email_verified: 'boolean' },
  address: { address: 'object' },
  phone: { phone_number: 'string', phone_number_verified: 'boolean' },
};

async function checkClaims(rp: RelyingParty, scopes: readonly string[]): Promise<void> {
  const scope = ['openid', ...scopes].join(' ');
  const { tokens, claims } = await rp.signIn({ scope });
  const { status, headers, body } = await rp.userinfo(tokens.access_token);
  assert.equal(status, 200);
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(body.sub, claims.sub);
  const expected = { sub: 'string', ...Object.assign({}, ...scopes.map((one) => released[one])) };
  const types = Object.fromEntries(Object.entries(body).map(([name, value]) => [name, typeof value]));
  assert.deepEqual(types, expected);
  if (scopes.includes('address')) assert.equal(typeof body.address.formatted, 'string');
  // What a scope releases belongs to userinfo when there is an access token (OIDC Core §5.4).
  for (const name of Object.keys(expected)) if (name !== 'sub') assert.equal(claims[name], undefined);
}

/** The modules about what comes back: ID token, token response, userinfo. */
export function answerModules(party: NewParty): void {
  it('oidcc-server: code, tokens, ID token and userinfo', async () => {
    const rp = await party();
    const { tokens, claims } = await rp.signIn();
    assert.equal((await rp.userinfo(tokens.access_token)).body.sub, claims.sub);
  });

  it('oidcc-idtoken-signature, oidcc-idtoken-rs256: RS256 with a kid when nothing else was registered', async () => {
    const { tokens } = await (await party()).signIn();
    const { alg, kid } = decodeProtectedHeader(tokens.id_token);
    assert.equal(alg, 'RS256');
    assert.ok(kid);
  });

  it('oidcc-userinfo-get, oidcc-userinfo-post-header, oidcc-userinfo-post-body (RFC 6750 §2)', async () => {
    const rp = await party();
    const { tokens, claims } = await rp.signIn();
    const url = `${rp.app.issuer}/oauth2/userinfo`;
    const { access_token } = tokens;
    const authorization = `Bearer ${access_token}`;
    const answers = [
      await rp.userinfo(access_token),
      await read(await fetch(url, { method: 'POST', headers: { authorization } })),
      await post(url, { access_token }),
    ];
    for (const { status, body } of answers) {
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(body, { sub: claims.sub });
    }
  });

  for (const scope of Object.keys(released)) {
    it(`oidcc-scope-${scope}: userinfo has its claims and no others`, async () => checkClaims(await party(), [scope]));
  }

  it('oidcc-scope-all: userinfo has the claims of all scopes', async () => {
    await checkClaims(await party(), Object.keys(released));
  });

  it('oidcc-alternate-happy-flow: scopes in another order', async () => {
    const rp = await party();
    const { tokens } = await rp.signIn({ scope: 'email openid' });
    assert.equal((await rp.userinfo(tokens.access_token)).body.email, 'alice@example.test');
  });

  it('oidcc-claims-essential: a single claim at userinfo, and not in the ID token', async () => {
    const rp = await party();
    const { tokens, claims } = await rp.signIn({ claims: '{"userinfo":{"name":{"essential":true}}}' });
    assert.deepEqual((await rp.userinfo(tokens.access_token)).body, { sub: claims.sub, name: 'Alice Example' });
    assert.equal(claims.name, undefined);
  });

  it('claims that identify, in the ID token where they are asked for there (OIDC Core §5.5)', async () => {
    const { claims } = await (await party()).signIn({ claims: '{"id_token":{"email":null,"auth_time":null}}' });
    assert.equal(claims.email, 'alice@example.test');
    assert.equal(typeof claims.auth_time, 'number');
  });

  it('oidcc-codereuse: a code counts once', async () => {
    const rp = await party();
    const code = (await rp.authorize()).answer?.get('code') ?? '';
    assert.equal((await rp.redeem(code)).status, 200);
    const again = await rp.redeem(code);
    assert.equal(again.status, 400);
    assert.match(again.headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(again.body.error, 'invalid_grant');
  });

  it('oidcc-codereuse-30seconds: half a minute later too, and its access token ends', async (t) => {
    const rp = await party();
    const code = (await rp.authorize()).answer?.get('code') ?? '';
    const { access_token } = (await rp.redeem(code)).body;
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 30_000 });
    assert.equal((await rp.redeem(code)).body.error, 'invalid_grant');
    assert.equal((await rp.userinfo(access_token)).status, 401);
  });
}

/** oidcc-refresh-token, with a second client of the same plan. */
export function refreshModule(party: NewParty): void {
  it('oidcc-refresh-token: fresh tokens, an ID token of the same sign-in, and nothing for another client', async (t) => {
    const offline = { scope: 'openid offline_access', prompt: 'consent' };
    const rp = await party();
    const first = await rp.signIn(offline);
    assert.match(first.tokens.refresh_token, /^[\x20-\x7e]+$/);
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 1000 });
    const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: first.tokens.refresh_token });
    assert.equal(refreshed.status, 200);
    assert.notEqual(refreshed.body.access_token, first.tokens.access_token);
    const claims = await rp.verified(refreshed.body.id_token);
    const same = ({ iss, sub, aud, auth_time, azp }: typeof claims) => ({ iss, sub, aud, auth_time, azp });
    assert.deepEqual(same(claims), same(first.claims));
    assert.ok(Number(claims.iat) > Number(first.claims.iat));
    assert.equal((await rp.userinfo(refreshed.body.access_token)).body.sub, claims.sub);
    const stranger = await party();
    const refused = await stranger.token({ grant_type: 'refresh_token', refresh_token: refreshed.body.refresh_token });
    assert.equal(refused.status, 400);
    assert.equal(refused.body.error, 'invalid_grant');
  });
}
