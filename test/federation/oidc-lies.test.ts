import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Refused } from '../../src/federation/connector.ts';
import { oidcReasons } from '../../src/federation/oidc-refusals.ts';
import { type Attempt, reasonOf, signInAt, surroundings } from '../support/federating.ts';
import { type HostileProvider, hostileProvider, jwt, type Lies, rsa } from '../support/hostile-provider.ts';

let provider: HostileProvider;

before(async () => {
  provider = await hostileProvider();
});
beforeEach(() => provider.reset());
after(() => provider.close());

const foreign = rsa('k1');
const { publicKey: small } = generateKeyPairSync('rsa', { modulusLength: 1024 });
const without = (name: string) => (said: Record<string, unknown>) => ({ ...said, [name]: undefined });
const instead = (change: Record<string, unknown>) => (said: Record<string, unknown>) => ({ ...said, ...change });
const nowIs = (difference: number) => Math.floor(Date.now() / 1000) + difference;
const fresh: Attempt = { login: { fresh: true } };

/** What is told, in whose name, and the word that it is refused with. */
const lies: [string, Lies, string, Attempt?][] = [
  ['an ID token signed by another key (row 200)', { signer: foreign.privateKey }, 'wrong_signature'],
  [
    'an ID token signed by no key (row 201)',
    { header: instead({ alg: 'none' }), signer: undefined },
    'wrong_algorithm',
  ],
  ['alg none in other letters (row 201)', { header: instead({ alg: 'nOnE' }), signer: undefined }, 'wrong_algorithm'],
  [
    'an ID token signed with the client secret (row 201)',
    { header: instead({ alg: 'HS256' }), signer: 'secret of the client' },
    'wrong_algorithm',
  ],
  ['an algorithm that the provider never named (row 201)', { header: instead({ alg: 'PS256' }) }, 'wrong_algorithm'],
  [
    'a signature cut off (row 201)',
    { token: (said) => ({ ...said, id_token: String(said.id_token).replace(/[^.]+$/, '') }) },
    'wrong_signature',
  ],
  [
    'a critical header that nobody knows (RFC 7515 §4.1.11)',
    { header: instead({ crit: ['b64'], b64: false }) },
    'malformed',
  ],
  [
    'only symmetric algorithms',
    { discovery: instead({ id_token_signing_alg_values_supported: ['HS256', 'none'] }) },
    'wrong_algorithm',
  ],
  ['a key of 1024 bits', { keys: () => ({ keys: [{ ...small.export({ format: 'jwk' }), kid: 'k1' }] }) }, 'weak_key'],
  ['a token for another client (row 202)', { claims: instead({ aud: 'somebody-else' }) }, 'wrong_audience'],
  ['several audiences, and none named (row 202)', { claims: instead({ aud: ['client', 'other'] }) }, 'wrong_party'],
  [
    'several audiences, and another named (row 202)',
    { claims: instead({ aud: ['client', 'other'], azp: 'other' }) },
    'wrong_party',
  ],
  ['another issuer (row 202)', { claims: instead({ iss: 'https://evil.example.test' }) }, 'wrong_issuer'],
  ['an issuer with one slash more (row 202)', { claims: (said) => ({ ...said, iss: `${said.iss}/` }) }, 'wrong_issuer'],
  ['an expired token (row 202)', { claims: instead({ exp: nowIs(-120), iat: nowIs(-600) }) }, 'expired'],
  ['a token for later (row 202)', { claims: instead({ nbf: nowIs(600) }) }, 'not_yet_valid'],
  ['a token from the future (row 202)', { claims: instead({ iat: nowIs(600) }) }, 'issued_in_future'],
  ['another nonce (row 202)', { claims: instead({ nonce: 'of-another-sign-in' }) }, 'wrong_nonce'],
  ...['iss', 'sub', 'aud', 'exp', 'iat', 'nonce'].map((name): [string, Lies, string] => [
    `no ${name} (row 202)`,
    { claims: without(name) },
    'missing_claim',
  ]),
  ['exp as a text', { claims: instead({ exp: '9999999999' }) }, 'malformed'],
  ['no ID token (row 203)', { token: without('id_token') }, 'no_id_token'],
  ['an ID token that is none', { token: instead({ id_token: 'abc' }) }, 'malformed'],
  ['an encrypted ID token', { token: instead({ id_token: 'a.b.c.d.e' }) }, 'encrypted_id_token'],
  ['no access token', { token: without('access_token') }, 'malformed'],
  [
    'an answer of another provider (row 204, RFC 9207)',
    { reply: instead({ iss: 'https://evil.example.test' }) },
    'wrong_response_issuer',
  ],
  ['an answer of nobody, though it says who it is (row 204)', { reply: without('iss') }, 'wrong_response_issuer'],
  [
    'an error of another provider (row 204)',
    { reply: instead({ iss: 'https://evil.example.test', error: 'access_denied' }) },
    'wrong_response_issuer',
  ],
  [
    'discovery of another issuer (row 205)',
    { discovery: instead({ issuer: 'https://evil.example.test' }) },
    'wrong_discovery_issuer',
  ],
  [
    'discovery with one slash more (row 205)',
    { discovery: (said) => ({ ...said, issuer: `${said.issuer}/` }) },
    'wrong_discovery_issuer',
  ],
  ['discovery without a key set (row 205)', { discovery: without('jwks_uri') }, 'wrong_discovery'],
  [
    'an authorization endpoint that is a script (row 205)',
    { discovery: instead({ authorization_endpoint: 'javascript:alert(1)' }) },
    'wrong_discovery',
  ],
  ['discovery that is no JSON', { body: { '/.well-known/openid-configuration': '<html>' } }, 'wrong_discovery'],
  ['discovery that redirects (row 206)', { status: { '/.well-known/openid-configuration': 302 } }, 'wrong_discovery'],
  [
    'a key set of 10 MB (row 206)',
    { body: { '/keys': `{"keys":[],"filler":"${'x'.repeat(10_000_000)}"}` } },
    'answer_too_large',
  ],
  ['a key set that redirects (row 206)', { status: { '/keys': 302 } }, 'wrong_discovery'],
  ['a key set that is none (row 206)', { keys: () => ({ keys: 'all of them' }) }, 'wrong_discovery'],
  ['a key that nobody has published (row 206)', { header: instead({ kid: 'k2' }) }, 'unknown_key'],
  ['the state of another sign-in (row 207)', { reply: instead({ state: 'ticket-2' }) }, 'wrong_state'],
  ['no state (row 207)', { reply: without('state') }, 'wrong_state'],
  ['no code (row 207)', { reply: without('code') }, 'no_code'],
  ['an ID token beside the code', { reply: instead({ id_token: 'a.b.c' }) }, 'malformed'],
  ['an error (row 208)', { reply: instead({ error: '<script>', error_description: '<img src=x>' }) }, 'provider_error'],
  ['userinfo of somebody else (row 209)', { userinfo: instead({ sub: 'person-2' }) }, 'wrong_userinfo_subject'],
  ['userinfo of nobody (row 209)', { userinfo: without('sub') }, 'malformed'],
  ['userinfo that wants another token', { status: { '/userinfo': 401 } }, 'userinfo_failed'],
  [
    'a token endpoint that says no',
    { status: { '/organizations/token': 400 }, token: () => ({ error: 'invalid_grant' }) },
    'token_refused',
  ],
  [
    'a token endpoint that knows us not',
    { status: { '/organizations/token': 401 }, token: () => ({ error: 'invalid_client' }) },
    'token_refused',
  ],
  ['a token endpoint that fails', { status: { '/organizations/token': 500 } }, 'token_refused'],
  ['no auth_time though it was asked for (row 212)', {}, 'no_auth_time', fresh],
  [
    'an old sign-in for a fresh one (row 212)',
    { claims: instead({ auth_time: nowIs(-600) }) },
    'stale_authentication',
    fresh,
  ],
  [
    'an old sign-in for a recent one (row 212)',
    { claims: instead({ auth_time: nowIs(-600) }) },
    'stale_authentication',
    { login: { maxAge: 300 } },
  ],
  ['a sign-in to come (row 212)', { claims: instead({ auth_time: nowIs(600) }) }, 'stale_authentication', fresh],
  ['auth_time as a text (row 212)', { claims: instead({ auth_time: String(nowIs(0)) }) }, 'malformed', fresh],
  ['an empty subject (row 224)', { claims: instead({ sub: ' ' }) }, 'no_subject', { settings: { userinfo: false } }],
  [
    'a subject of 256 characters',
    { claims: instead({ sub: 'x'.repeat(256) }) },
    'no_subject',
    { settings: { userinfo: false } },
  ],
  ['no oid', {}, 'no_subject', { settings: { subject: ['tid', 'oid'] } }],
  [
    'a subject with a joint in it',
    { claims: instead({ tid: 'a|b', oid: 'c' }) },
    'no_subject',
    { settings: { subject: ['tid', 'oid'] } },
  ],
  [
    'groups that are no list',
    { claims: instead({ groups: { admin: true } }) },
    'unreadable_groups',
    { settings: { groups: ['groups'] } },
  ],
  [
    'groups that are no texts',
    { claims: instead({ groups: ['a', { name: 'admin' }] }) },
    'unreadable_groups',
    { settings: { groups: ['groups'] } },
  ],
];

describe('an OpenID provider that lies', () => {
  for (const [name, told, reason, attempt] of lies) {
    it(`is refused: ${name}`, async () => {
      provider.lies = told;
      assert.equal(await reasonOf(signInAt(provider, attempt)), reason);
    });
  }

  it('is refused with a word of the closed list, and advice', async () => {
    for (const [, told, reason, attempt] of lies) {
      provider.lies = told;
      const error: unknown = await signInAt(provider, attempt).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof Refused && oidcReasons.includes(reason));
      assert.match(error.refusal.advice, /^\p{Lu}.{20,}[^.]$/u);
    }
  });

  it('is refused without a word of a secret', async () => {
    for (const [, told, , attempt] of lies) {
      provider.lies = told;
      const error: unknown = await signInAt(provider, attempt).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof Refused);
      assert.doesNotMatch(inspect(error, { depth: 20 }), /secret of the client|'access'|the-code|eyJ/);
    }
  });

  it('is given up after its time when it does not answer (row 210)', async () => {
    for (const path of ['/.well-known/openid-configuration', '/organizations/token', '/userinfo', '/keys']) {
      provider.lies = { status: { [path]: 0 } };
      assert.equal(
        await reasonOf(signInAt(provider, { around: surroundings({ timeoutMs: 100 }) })),
        'unreachable',
        path,
      );
    }
  });

  it('is refused when the token is the answer to another client’s sign-in', async () => {
    provider.lies = {
      token: (said) => ({ ...said, id_token: jwt({ alg: 'RS256', kid: 'k1' }, {}, foreign.privateKey) }),
    };
    assert.equal(await reasonOf(signInAt(provider)), 'missing_claim');
  });

  it('is never shown the code when the answer names another issuer (mix-up)', async () => {
    provider.lies = { reply: instead({ iss: 'https://evil.example.test' }) };
    await reasonOf(signInAt(provider));
    assert.equal(provider.count('/organizations/token'), 0);
  });

  it('has no say in how its words are shown (row 208)', async () => {
    provider.lies = { reply: instead({ error: `no\u0000\u001b[31m\u202e\n${'x'.repeat(1000)}` }) };
    const error: unknown = await signInAt(provider).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof Refused);
    assert.match(error.refusal.came ?? '', /^no {2}\[31m {2}x{280,295}$/);
  });
});
