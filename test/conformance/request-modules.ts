import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { RelyingParty } from './relying-party.ts';

/** A fresh browser at a client of the plan. */
export type NewParty = () => Promise<RelyingParty>;

const later = (t: TestContext, seconds: number) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  t.mock.timers.tick(seconds * 1000);
};
const needsAPage = ['interaction_required', 'login_required', 'account_selection_required', 'consent_required'];
const longState = 'x'.repeat(128);

/** The modules about what a client may send to the authorization endpoint. */
export function requestModules(party: NewParty): void {
  it('oidcc-response-type-missing: an error comes back to the client, or a page says so', async () => {
    const { answer, page } = await (await party()).authorize({ response_type: undefined });
    if (answer) assert.equal(answer.get('error'), 'invalid_request');
    else assert.equal(page.status, 400);
  });

  it('oidcc-ensure-request-without-nonce-succeeds-for-code-flow', async () => {
    const { claims } = await (await party()).signIn({ nonce: undefined });
    assert.equal(claims.nonce, undefined);
  });

  const harmless: [module: string, parameters: Record<string, string>][] = [
    ['oidcc-display-page', { display: 'page' }],
    ['oidcc-display-popup', { display: 'popup' }],
    ['oidcc-ensure-request-with-unknown-parameter-succeeds', { extra: 'foobar' }],
    ['oidcc-login-hint', { login_hint: 'alice@example.test' }],
    ['oidcc-ui-locales', { ui_locales: 'se' }],
    ['oidcc-claims-locales', { claims_locales: 'se' }],
  ];
  for (const [module, parameters] of harmless) {
    it(`${module}: the request succeeds`, async () => {
      await (await party()).signIn(parameters);
    });
  }

  it('oidcc-ensure-request-with-acr-values-succeeds: whatever is wished for, and acr is a text', async () => {
    const rp = await party();
    const wishes = ['1 2', 'urn:mace:incommon:iap:silver', '1fa'];
    for (const acr_values of wishes) {
      const { claims } = await rp.signIn({ acr_values });
      assert.equal(typeof (claims.acr ?? ''), 'string');
    }
  });

  it('oidcc-prompt-login: the person signs in again, and auth_time is later', async (t) => {
    const rp = await party();
    const first = await rp.signIn();
    later(t, 1);
    const second = await rp.signIn({ prompt: 'login' });
    assert.ok(second.journey.asked.includes('login'));
    assert.equal(second.claims.sub, first.claims.sub);
    const times = [first.claims.auth_time, second.claims.auth_time].map((time) => Number(time ?? 0));
    if (first.claims.auth_time !== undefined) assert.ok((times[1] ?? 0) > (times[0] ?? 0));
  });

  it('oidcc-prompt-none-not-logged-in: an error, and the state untouched', async () => {
    const { answer, asked } = await (await party()).authorize({ prompt: 'none', state: longState });
    assert.deepEqual(asked, []);
    assert.ok(needsAPage.includes(answer?.get('error') ?? ''));
    assert.equal(answer?.get('code') ?? undefined, undefined);
    const known = ['error', 'error_description', 'error_uri', 'iss', 'state'];
    assert.deepEqual(
      [...(answer?.keys() ?? [])].filter((name) => !known.includes(name)),
      [],
    );
    assert.match(answer?.get('error_description') ?? '', /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/);
  });

  it('oidcc-prompt-none-logged-in: the same person without a page', async () => {
    const rp = await party();
    const first = await rp.signIn();
    const second = await rp.signIn({ prompt: 'none' });
    assert.deepEqual(second.journey.asked, []);
    assert.equal(second.claims.sub, first.claims.sub);
    assert.equal(second.claims.auth_time, first.claims.auth_time);
  });

  it('oidcc-id-token-hint: the person of the hint without a page', async () => {
    const rp = await party();
    const { claims, tokens } = await rp.signIn();
    const second = await rp.signIn({ prompt: 'none', id_token_hint: tokens.id_token });
    assert.equal(second.claims.sub, claims.sub);
  });

  it('oidcc-max-age-1: the person signs in again, and auth_time says when', async (t) => {
    const rp = await party();
    const first = await rp.signIn();
    later(t, 2);
    const second = await rp.signIn({ max_age: '1' });
    assert.ok(second.journey.asked.includes('login'));
    assert.ok(Math.abs(Number(second.claims.auth_time) - Date.now() / 1000) < 5);
    assert.ok(Number(second.claims.auth_time) > Number(first.claims.auth_time ?? 0));
  });

  it('oidcc-max-age-10000: the session is young enough, and auth_time stays', async (t) => {
    const rp = await party();
    const first = await rp.signIn({ max_age: '15000' });
    later(t, 1);
    const second = await rp.signIn({ max_age: '10000' });
    assert.deepEqual(second.journey.asked, []);
    assert.equal(typeof second.claims.auth_time, 'number');
    assert.equal(second.claims.auth_time, first.claims.auth_time);
  });

  it('oidcc-ensure-post-request-succeeds: the request may come as a form (OIDC Core §3.1.2.1)', async () => {
    await (await party()).signIn({}, 'POST');
  });

  it('oidcc-ensure-registered-redirect-uri: a page, and nothing goes to the strange address', async () => {
    const { answer, page } = await (await party()).authorize({ redirect_uri: 'https://suite.example/test/b/callback' });
    assert.equal(answer, undefined);
    assert.equal(page.status, 400);
    assert.match(page.text, /redirect/i);
  });

  it('oidcc-ensure-redirect-uri-in-authorization-request: a page when it is missing', async () => {
    const { answer, page } = await (await party()).authorize({ redirect_uri: undefined });
    assert.equal(answer, undefined);
    assert.equal(page.status, 400);
  });

  const request = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`;
  it('oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported', async () => {
    const { answer } = await (await party()).authorize({ request });
    assert.equal(answer?.get('error'), 'request_not_supported');
  });

  it('oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported', async () => {
    const { answer } = await (await party()).authorize({ request_uri: 'https://suite.example/requests/1#1' });
    assert.equal(answer?.get('error'), 'request_uri_not_supported');
  });

  it('oidcc-ensure-request-object-with-redirect-uri: a bad address beside a request object gets a page', async () => {
    const { answer, page } = await (await party()).authorize({ request, redirect_uri: 'https://other.example/' });
    assert.equal(answer, undefined);
    assert.equal(page.status, 400);
  });

  it('oidcc-ensure-request-with-valid-pkce-succeeds (RFC 7636 appendix B)', async () => {
    const rp = await party();
    const { answer } = await rp.authorize({
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const code = answer?.get('code') ?? '';
    const form = { grant_type: 'authorization_code', code, redirect_uri: rp.client.redirectUri };
    const code_verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    assert.equal((await rp.token({ ...form, code_verifier })).status, 200);
  });
}
