import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { oidc } from '../../src/federation/oidc.ts';
import { unavailable } from '../../src/kernel/errors.ts';
import {
  type Attempt,
  connectionTo,
  login,
  ownKey,
  reasonOf,
  remembering,
  signInAt,
  surroundings,
} from '../support/federating.ts';
import { type HostileProvider, hostileProvider } from '../support/hostile-provider.ts';

let provider: HostileProvider;

before(async () => {
  provider = await hostileProvider();
});
beforeEach(() => provider.reset());
after(() => provider.close());

const tokenPath = '/organizations/token';

/** The address that a sign-in begins at, and its parameters. */
async function begun({ settings, login: more, around = surroundings() }: Attempt = {}) {
  const handoff = await oidc(connectionTo(provider.issuer, settings), around).begin(login(more));
  assert.equal(handoff.by, 'redirect');
  const url = handoff.by === 'redirect' ? handoff.url : '';
  return { url, memo: handoff.memo, parameters: Object.fromEntries(provider.parametersOf(url)) };
}

const decoded = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());

describe('an OIDC sign-in is begun', () => {
  it('with code, PKCE, state, nonce, and our own address for this connection', async () => {
    const { parameters, memo, url } = await begun();
    assert.equal(url.split('?')[0], `${provider.issuer}/authorize`);
    const { nonce, code_challenge, ...others } = parameters;
    assert.deepEqual(others, {
      client_id: 'client',
      response_type: 'code',
      redirect_uri: 'https://sallyport.example.test/federation/test/callback',
      scope: 'openid profile email',
      state: 'ticket-1',
      code_challenge_method: 'S256',
    });
    assert.equal(nonce, memo.nonce);
    assert.match(String(code_challenge), /^[\w-]{43}$/);
    assert.ok(!url.includes(String(memo.verifier)));
  });

  const asked: [string, Attempt, Record<string, string>][] = [
    ['a fresh one', { login: { fresh: true } }, { prompt: 'login', max_age: '0' }],
    ['a recent one', { login: { maxAge: 300 } }, { max_age: '300' }],
    [
      'hints and languages',
      { login: { loginHint: 'a@example.test', domainHint: 'example.test', uiLocales: 'de en' } },
      { login_hint: 'a@example.test', domain_hint: 'example.test', ui_locales: 'de en' },
    ],
    [
      'a second factor by acr',
      { login: { strong: true }, settings: { strongRequest: { acrValues: ['urn:okta:loa:2fa:any', 'phr'] } } },
      { acr_values: 'urn:okta:loa:2fa:any phr' },
    ],
    [
      'a second factor by Entra’s authentication context',
      { login: { strong: true }, settings: { strongRequest: { acrs: ['c1'] } } },
      { claims: '{"id_token":{"acrs":{"essential":true,"value":"c1"}}}' },
    ],
    [
      'one of several authentication contexts, and when',
      { login: { strong: true, maxAge: 60 }, settings: { strongRequest: { acrs: ['c1', 'c2'] } } },
      { claims: '{"id_token":{"acrs":{"essential":true,"values":["c1","c2"]},"auth_time":{"essential":true}}}' },
    ],
  ];
  for (const [name, attempt, wanted] of asked) {
    it(`asks for ${name}`, async () => {
      const { parameters } = await begun(attempt);
      assert.deepEqual({ ...parameters, ...wanted }, parameters);
    });
  }

  it('asks for no second factor unless it is wanted', async () => {
    const { parameters } = await begun({ settings: { strongRequest: { acrs: ['c1'], acrValues: ['phr'] } } });
    assert.deepEqual([parameters.acr_values, parameters.claims], [undefined, undefined]);
  });

  it('pushes the request when the provider takes it (RFC 9126)', async () => {
    provider.lies = {
      discovery: (said) => ({ ...said, pushed_authorization_request_endpoint: `${provider.issuer}/push` }),
    };
    const { url, parameters } = await begun();
    assert.deepEqual([...new URL(url).searchParams.keys()].sort(), ['client_id', 'request_uri']);
    assert.equal(parameters.state, 'ticket-1');
    const [push] = provider.asked.filter(({ path }) => path === '/push');
    assert.match(push?.headers.authorization ?? '', /^Basic /);
    assert.equal((await signInAt(provider)).subject, 'person-1');
  });

  it('says why when the provider does not take the pushed request', async () => {
    provider.lies = {
      discovery: (said) => ({ ...said, pushed_authorization_request_endpoint: `${provider.issuer}/push` }),
      status: { '/push': 401 },
    };
    assert.equal(await reasonOf(begun()), 'push_refused');
  });

  for (const [how, settings, discovery] of [
    ['always', { signedRequests: 'always' }, {}],
    ['when the provider wants it', {}, { require_signed_request_object: true }],
  ] as const) {
    it(`signs the request ${how} (RFC 9101)`, async () => {
      const key = ownKey();
      provider.lies = { discovery: (said) => ({ ...said, ...discovery }) };
      const { url, parameters } = await begun({ settings, around: surroundings({ keys: [key] }) });
      const request = new URL(url).searchParams.get('request') ?? '';
      const [header, payload, signature] = request.split('.');
      assert.deepEqual(decoded(header), { alg: 'RS256', typ: 'oauth-authz-req+jwt', kid: 'own-rsa' });
      const signed = Buffer.from(`${header}.${payload}`);
      assert.ok(verify('sha256', signed, createPublicKey(key.privateKey), Buffer.from(signature ?? '', 'base64url')));
      assert.deepEqual([parameters.state, parameters.aud, parameters.iss], ['ticket-1', provider.issuer, 'client']);
      assert.equal(new URL(url).searchParams.get('state'), null);
    });
  }

  it('signs what it pushes, and pushes nothing beside it', async () => {
    const pushed_authorization_request_endpoint = `${provider.issuer}/push`;
    provider.lies = { discovery: (said) => ({ ...said, pushed_authorization_request_endpoint }) };
    const around = surroundings({ keys: [ownKey('ec')] });
    const { parameters } = await begun({ settings: { signedRequests: 'always' }, around });
    const [push] = provider.asked.filter(({ path }) => path === '/push');
    assert.deepEqual([...(push?.form.keys() ?? [])].sort(), ['client_id', 'request']);
    assert.equal(parameters.state, 'ticket-1');
    assert.equal((await signInAt(provider, { settings: { signedRequests: 'always' }, around })).subject, 'person-1');
  });

  it('without asking for keys, which are for the end', async () => {
    await begun();
    assert.equal(provider.count('/keys'), 0);
  });
});

describe('an OIDC sign-in is completed', () => {
  it('by redeeming the code with the proof key, and checking everything in order', async () => {
    const trace = remembering();
    const identity = await signInAt(provider, { trace });
    assert.equal(identity.subject, 'person-1');
    assert.match(String(identity.session?.hint), /^eyJ/);
    const [redeemed] = provider.asked.filter(({ path }) => path === tokenPath);
    assert.deepEqual(
      [redeemed?.form.get('grant_type'), redeemed?.form.get('code'), redeemed?.form.get('redirect_uri')],
      ['authorization_code', 'the-code-1', 'https://sallyport.example.test/federation/test/callback'],
    );
    assert.match(redeemed?.form.get('code_verifier') ?? '', /^[\w-]{43}$/);
    assert.deepEqual(trace.checks, [
      ...['state', 'issuer of the answer', 'code', 'signature', 'iss', 'aud', 'exp', 'nonce', 'iat'],
      ...['sub of userinfo', 'subject'],
    ]);
  });

  const secret = Buffer.from('client:secret+of+the+client').toString('base64');
  const methods: [string, (form: URLSearchParams, authorization: string | undefined) => unknown, unknown][] = [
    ['client_secret_basic', (form, header) => [header, form.get('client_secret')], [`Basic ${secret}`, null]],
    ['client_secret_post', (form, header) => [header, form.get('client_secret')], [undefined, 'secret of the client']],
    [
      'none',
      (form, header) => [header, form.get('client_id'), form.has('client_secret')],
      [undefined, 'client', false],
    ],
  ];
  for (const [auth, seen, wanted] of methods) {
    it(`as client by ${auth}`, async () => {
      await signInAt(provider, { settings: { auth } });
      const [redeemed] = provider.asked.filter(({ path }) => path === tokenPath);
      assert.ok(redeemed);
      assert.deepEqual(seen(redeemed.form, redeemed.headers.authorization), wanted);
    });
  }

  for (const [preset, aud] of [
    ['generic-oidc', () => provider.issuer],
    ['entra-oidc', () => `${provider.issuer}${tokenPath}`],
    ['okta-oidc', () => `${provider.issuer}${tokenPath}`],
  ] as const) {
    it(`as client by private_key_jwt with the audience that it wants (${preset})`, async () => {
      const around = surroundings({ keys: [ownKey('ec'), ownKey()] });
      provider.lies = {
        discovery: (said) => ({ ...said, token_endpoint_auth_signing_alg_values_supported: ['PS256'] }),
      };
      await signInAt(provider, { settings: { auth: 'private_key_jwt', preset }, around });
      const [redeemed] = provider.asked.filter(({ path }) => path === tokenPath);
      const [header, payload] = (redeemed?.form.get('client_assertion') ?? '').split('.');
      const { 'x5t#S256': thumbprint, ...rest } = decoded(header);
      assert.deepEqual(rest, { alg: 'PS256', kid: 'own-rsa', typ: 'JWT' });
      assert.match(thumbprint, /^[\w-]{43}$/);
      const { iss, sub, aud: audience } = decoded(payload);
      assert.deepEqual([iss, sub, audience], ['client', 'client', aud()]);
    });
  }

  it('only with a secret or a key of ours', async () => {
    assert.equal(await reasonOf(signInAt(provider, { settings: { clientSecret: undefined } })), 'token_refused');
    assert.equal(await reasonOf(signInAt(provider, { settings: { auth: 'private_key_jwt' } })), 'token_refused');
  });

  it('by another process than the one that began it', async () => {
    const { url, memo } = await begun();
    const fields = provider.answer(url);
    const other = oidc(connectionTo(provider.issuer), surroundings());
    const stored = JSON.parse(JSON.stringify(memo));
    const identity = await other.complete({ method: 'GET', fields, raw: '' }, login(), stored, remembering());
    assert.equal(identity.subject, 'person-1');
  });

  it('by a fresh proof when one was asked for, counted from the asking', async () => {
    provider.claims = { sub: 'person-1', auth_time: Math.floor(Date.now() / 1000) };
    assert.equal((await signInAt(provider, { login: { fresh: true } })).evidence.authTime, provider.claims.auth_time);
  });

  it('within the difference of clocks that is allowed, by the clock around it', async () => {
    const around = surroundings();
    around.clock += 340;
    assert.equal((await signInAt(provider, { around })).subject, 'person-1');
    around.clock += 40;
    assert.equal(await reasonOf(signInAt(provider, { around })), 'expired');
    assert.equal((await signInAt(provider, { around, settings: { skew: 300 } })).subject, 'person-1');
  });

  it('never when the provider says no, and says what to do', async () => {
    provider.lies = {
      reply: (said) => ({ ...said, error: 'access_denied', error_description: 'AADSTS50105: not assigned' }),
    };
    const trace = remembering();
    assert.equal(await reasonOf(signInAt(provider, { trace })), 'provider_error');
    assert.deepEqual(trace.seen.get('error'), {
      error: 'access_denied',
      error_description: 'AADSTS50105: not assigned',
    });
    assert.equal(provider.count(tokenPath), 0);
    provider.lies = { reply: (said) => ({ ...said, error: 'constructor' }) };
    await assert.rejects(signInAt(provider), ({ refusal }) => typeof refusal.advice === 'string');
  });

  it('with userinfo that is signed, when its signature is good', async () => {
    const body = (claims: object, header = {}) => ({ '/userinfo': provider.issue({ ...claims }, header) });
    const type = { '/userinfo': 'application/jwt' };
    const honest = { sub: 'person-1', iss: provider.issuer, aud: 'client', nickname: 'p' };
    provider.lies = { body: body(honest), type };
    assert.equal((await signInAt(provider)).claims.nickname, 'p');
    provider.lies = { body: body({ ...honest, aud: 'other' }), type };
    assert.equal(await reasonOf(signInAt(provider)), 'wrong_audience');
    provider.lies = { body: body(honest, { alg: 'HS256' }), type };
    assert.equal(await reasonOf(signInAt(provider)), 'wrong_algorithm');
    const [header, payload] = body(honest)['/userinfo'].split('.');
    provider.lies = { body: { '/userinfo': `${header}.${payload}.AAAA` }, type };
    assert.equal(await reasonOf(signInAt(provider)), 'wrong_signature');
  });

  it('or not at all while the store is away: that is not the provider’s fault', async () => {
    const settings = { auth: 'private_key_jwt' };
    const around = { ...surroundings(), keys: () => Promise.reject(unavailable('the store')) };
    await assert.rejects(signInAt(provider, { settings, around }), { status: 503, code: 'unavailable' });
  });

  it('or shows what came and was not taken', async () => {
    const trace = remembering();
    provider.lies = { claims: (said) => ({ ...said, aud: 'other' }) };
    assert.equal(await reasonOf(signInAt(provider, { trace })), 'wrong_audience');
    assert.partialDeepStrictEqual(trace.seen.get('ID token, not verified'), { aud: 'other', sub: 'person-1' });
    assert.ok(!trace.checks.includes('signature'));
  });
});
