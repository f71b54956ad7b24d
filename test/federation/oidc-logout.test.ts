import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { endSessionUrl, verifyLogoutToken } from '../../src/federation/oidc-logout.ts';
import { verifyRevocationToken } from '../../src/federation/universal-logout.ts';
import { connectionTo, reasonOf, surroundings } from '../support/federating.ts';
import { type HostileProvider, hostileProvider, type Lies, rsa } from '../support/hostile-provider.ts';

let provider: HostileProvider;

before(async () => {
  provider = await hostileProvider();
});
beforeEach(() => provider.reset());
after(() => provider.close());

type Claims = Record<string, unknown>;

const now = Math.floor(Date.now() / 1000);
const foreign = rsa('k1');

describe('a sign-out that goes on to the provider', () => {
  it('names the session, the client, and the way back', async () => {
    const around = surroundings();
    const url = await endSessionUrl(connectionTo(provider.issuer), around, {
      idTokenHint: 'the.id.token',
      postLogoutRedirectUri: 'https://sallyport.example.test/federation/test/signed-out',
      state: 'state',
    });
    assert.ok(url?.startsWith(`${provider.issuer}/logout?`));
    assert.deepEqual(Object.fromEntries(new URL(url ?? '').searchParams), {
      client_id: 'client',
      id_token_hint: 'the.id.token',
      post_logout_redirect_uri: 'https://sallyport.example.test/federation/test/signed-out',
      state: 'state',
    });
  });

  it('ends here where the provider has no such place', async () => {
    provider.lies = { discovery: (said) => ({ ...said, end_session_endpoint: undefined }) };
    const more = { postLogoutRedirectUri: 'https://sallyport.example.test/', state: 's' };
    assert.equal(await endSessionUrl(connectionTo(provider.issuer), surroundings(), more), undefined);
  });
});

const event = 'http://schemas.openid.net/event/backchannel-logout';

describe('a back-channel logout token (OpenID Connect Back-Channel Logout 1.0 §2.6)', () => {
  const honest = (): Claims => ({
    ...{ iss: provider.issuer, aud: 'client', iat: now, exp: now + 120, jti: 'id-1' },
    ...{ sub: 'person-1', sid: 'session-1', events: { [event]: {} } },
  });
  const verified = (change: Claims = {}, header: Claims = { typ: 'logout+jwt' }, settings: object = {}) =>
    verifyLogoutToken(
      connectionTo(provider.issuer, settings),
      surroundings(),
      provider.issue({ ...honest(), ...change }, header),
    );

  it('tells which sessions have ended', async () => {
    const { iss: issuer, jti, sub, sid } = honest();
    const exp = now + 120 + 60;
    assert.deepEqual(await verified(), { issuer, exp, jti, sub, sid });
    assert.equal((await verified({ exp: now + 3600 })).exp, now + 360, 'it is too old before it is over');
    assert.deepEqual(await verified({ sub: undefined }), { issuer, exp, jti, sid });
    assert.deepEqual(await verified({ sid: undefined, aud: ['other', 'client'] }), { issuer, exp, jti, sub });
  });

  it('may say what it is, or nothing', async () => {
    for (const typ of [undefined, 'JWT', 'logout+jwt', 'application/logout+jwt']) await verified({}, { typ });
    for (const typ of ['at+jwt', 'id_token', 7]) assert.equal(await reasonOf(verified({}, { typ })), 'wrong_type');
  });

  const refused: [string, Claims, string, Claims?, Lies?][] = [
    ['of another issuer', { iss: 'https://evil.example.test' }, 'wrong_issuer'],
    ['for another client', { aud: 'other' }, 'wrong_audience'],
    ['without audience', { aud: undefined }, 'wrong_audience'],
    ['without iat', { iat: undefined }, 'missing_claim'],
    ['without exp', { exp: undefined }, 'missing_claim'],
    ['without jti', { jti: undefined }, 'missing_claim'],
    ['that is old', { iat: now - 600, exp: now + 60 }, 'stale_token'],
    ['that is over', { iat: now - 200, exp: now - 61 }, 'expired'],
    ['from the future', { iat: now + 120, exp: now + 240 }, 'issued_in_future'],
    ['without events', { events: undefined }, 'not_a_logout'],
    ['with another event', { events: { 'https://example.test/other': {} } }, 'not_a_logout'],
    ['with an event that is no object', { events: { [event]: true } }, 'not_a_logout'],
    ['with an inherited event', { events: [] }, 'not_a_logout'],
    ['with a nonce, as ID tokens have it', { nonce: 'n' }, 'forbidden_nonce'],
    ['of nobody', { sub: undefined, sid: undefined }, 'no_session_named'],
    ['of a subject that is no text', { sub: 7 }, 'missing_claim'],
    ['with a critical header', {}, 'malformed', { crit: ['b64'], b64: true }],
    ['signed by another key', {}, 'wrong_signature', {}, { signer: foreign.privateKey }],
    ['signed by no key', {}, 'wrong_algorithm', { alg: 'none' }, { signer: undefined }],
    ['signed with the client secret', {}, 'wrong_algorithm', { alg: 'HS256' }, { signer: 'secret of the client' }],
    ['signed by an unknown key', {}, 'unknown_key', { kid: 'k9' }],
  ];
  for (const [name, change, reason, header = {}, lies = {}] of refused) {
    it(`is refused ${name}`, async () => {
      provider.lies = lies;
      assert.equal(await reasonOf(verified(change, header)), reason);
    });
  }

  it('is refused when it is no token', async () => {
    const settings = connectionTo(provider.issuer);
    for (const token of ['', 'a.b.c', 'x'.repeat(20_000)]) {
      assert.equal(await reasonOf(verifyLogoutToken(settings, surroundings(), token)), 'malformed');
    }
  });

  it('is verified with a new key at once', async () => {
    const around = surroundings();
    const settings = connectionTo(provider.issuer);
    await verifyLogoutToken(settings, around, provider.issue(honest()));
    const old = provider.key;
    provider.key = rsa('k2');
    around.clock += 300;
    const later = { ...honest(), iat: around.clock, exp: around.clock + 60 };
    assert.equal((await verifyLogoutToken(settings, around, provider.issue(later))).sid, 'session-1');
    provider.key = old;
  });
});

describe('a request of Okta’s Universal Logout', () => {
  const endpoint = 'https://sallyport.example.test/federation/test/universal-logout';
  const typ = 'global-token-revocation+jwt';
  const about = () => ({ sub_id: { format: 'iss_sub', iss: provider.issuer, sub: 'person-1' } });
  const honest = (): Claims => ({
    ...{ iss: provider.issuer, aud: endpoint, sub: 'client', iat: now, exp: now + 300, jti: 'id-1' },
  });
  const verified = ({
    claims = {} as Claims,
    header = { typ } as Claims,
    body = about() as unknown,
    settings = {},
  } = {}) =>
    verifyRevocationToken(connectionTo(provider.issuer, { universalLogout: true, ...settings }), surroundings(), {
      token: provider.issue({ ...honest(), ...claims }, header),
      endpoint,
      body,
    });

  it('tells whose sessions have to end', async () => {
    const once = { jti: 'id-1', exp: now + 360 };
    assert.deepEqual(await verified(), { format: 'iss_sub', iss: provider.issuer, sub: 'person-1', ...once });
    const body = { sub_id: { format: 'email', email: 'a@example.test' } };
    assert.deepEqual(await verified({ body }), { format: 'email', email: 'a@example.test', ...once });
  });

  it('is signed by the organization, also for a custom authorization server', async () => {
    const settings = { issuer: `${provider.issuer}/oauth2/default` };
    const body = { sub_id: { format: 'iss_sub', iss: `${provider.issuer}/oauth2/default`, sub: 'person-1' } };
    assert.equal((await verified({ settings, body })).format, 'iss_sub');
    assert.equal(await reasonOf(verified({ settings, claims: { iss: settings.issuer } })), 'wrong_issuer');
  });

  const refused: [string, Parameters<typeof verified>[0], string][] = [
    ['where nobody has turned it on', { settings: { universalLogout: false } }, 'not_accepted'],
    ['as a token of another kind', { header: {} }, 'wrong_type'],
    ['as a logout token', { header: { typ: 'logout+jwt' } }, 'wrong_type'],
    ['of another organization', { claims: { iss: 'https://evil.example.test' } }, 'wrong_issuer'],
    ['for another address', { claims: { aud: 'https://sallyport.example.test/' } }, 'wrong_audience'],
    ['for another client', { claims: { sub: 'other' } }, 'wrong_client'],
    ['that lives longer than five minutes', { claims: { exp: now + 301 } }, 'stale_token'],
    ['that is over', { claims: { iat: now - 300, exp: now - 61 } }, 'expired'],
    ['from the future', { claims: { iat: now + 100, exp: now + 200 } }, 'issued_in_future'],
    ['for later', { claims: { nbf: now + 100 } }, 'not_yet_valid'],
    ['without jti', { claims: { jti: undefined } }, 'missing_claim'],
    ['about nobody', { body: {} }, 'unreadable_order'],
    ['about somebody in another form', { body: { sub_id: { format: 'opaque', id: '1' } } }, 'unreadable_order'],
    [
      'about people of another issuer',
      { body: { sub_id: { format: 'iss_sub', iss: 'https://evil.example.test', sub: 'p' } } },
      'wrong_issuer',
    ],
    ['with the client secret', { header: { typ, alg: 'HS256' } }, 'wrong_algorithm'],
  ];
  for (const [name, attempt, reason] of refused) {
    it(`is refused ${name}`, async () => {
      assert.equal(await reasonOf(verified(attempt)), reason);
    });
  }

  it('is refused when another key has signed it', async () => {
    provider.lies = { signer: foreign.privateKey };
    assert.equal(await reasonOf(verified()), 'wrong_signature');
  });
});
