import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { call } from '../support/registering.ts';
import { backChannel, type LogoutReceiver } from './back-channel.ts';
import { dynamicClient, suiteRegistrar } from './clients.ts';
import { type Journey, walk } from './journey.ts';
import { callback, RelyingParty, type SignedIn } from './relying-party.ts';

const goodbye = 'https://suite.example/test/a/sallyport/post_logout_redirect';
const longState = `${'y'.repeat(127)}~`;

describe('OpenID certification, RP-Initiated OP', () => {
  let app: TestApp;
  let registrar: string;
  let rp: RelyingParty;
  let signedIn: SignedIn;
  before(async () => {
    app = await startApp();
    registrar = await suiteRegistrar(app);
  });
  after(() => app.close());
  beforeEach(async () => {
    const client = await dynamicClient(app, registrar, { post_logout_redirect_uris: [goodbye] });
    rp = new RelyingParty(app, client);
    signedIn = await rp.signIn();
  });

  const logout = (parameters: Record<string, string>): Promise<Journey> =>
    walk(rp.browser, {
      url: `/oauth2/logout?${new URLSearchParams(parameters)}`,
      backTo: goodbye,
      person: { identifier: '', password: '' },
    });
  const hint = () => ({ id_token_hint: String(signedIn.tokens.id_token) });
  const stillIn = async (): Promise<boolean> => (await rp.authorize({ prompt: 'none' })).answer?.has('code') ?? false;

  it('oidcc-rp-initiated-logout-discovery-endpoint-verification', async () => {
    const discovery = await (await fetch(`${app.issuer}/.well-known/openid-configuration`)).json();
    assert.equal(discovery.end_session_endpoint, `${app.issuer}/oauth2/logout`);
  });

  it('oidcc-rp-initiated-logout: asks, ends the session, and goes back with the state and nothing else', async () => {
    const { answer, asked } = await logout({ ...hint(), post_logout_redirect_uri: goodbye, state: longState });
    assert.deepEqual(asked, ['logout']);
    assert.deepEqual([...(answer ?? [])], [['state', longState]]);
    const { answer: refused } = await rp.authorize({ prompt: 'none' });
    assert.equal(refused?.get('error'), 'login_required');
  });

  it('oidcc-rp-initiated-logout-no-state: goes back without one', async () => {
    const { answer } = await logout({ ...hint(), post_logout_redirect_uri: goodbye });
    assert.deepEqual([...(answer ?? ['none'])], []);
    assert.equal(await stillIn(), false);
  });

  const there = { post_logout_redirect_uri: goodbye, state: longState };
  const ends: [module: string, parameters: () => Record<string, string>][] = [
    ['oidcc-rp-initiated-logout-no-post-logout-redirect-uri', () => ({ ...hint(), state: longState })],
    ['oidcc-rp-initiated-logout-no-params', () => ({})],
    ['oidcc-rp-initiated-logout-only-state', () => ({ state: longState })],
    ['oidcc-rp-initiated-logout-no-id-token-hint', () => there],
  ];
  for (const [module, parameters] of ends) {
    it(`${module}: the session ends, and a page of ours says so`, async () => {
      const { answer, page } = await logout(parameters());
      assert.equal(answer, undefined);
      assert.equal(page.status, 200);
      assert.match(page.text, /You are signed out/);
      assert.equal(await stillIn(), false);
    });
  }

  const withAlgNone = (token: string) => {
    const [, payload] = token.split('.');
    return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
  };
  const refused: [module: string, parameters: () => Record<string, string>][] = [
    ['oidcc-rp-initiated-logout-bad-id-token-hint', () => ({ ...there, id_token_hint: 'wrong.hint.here' })],
    [
      'oidcc-rp-initiated-logout-modified-id-token-hint',
      () => ({ ...there, id_token_hint: withAlgNone(hint().id_token_hint) }),
    ],
    [
      'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri',
      () => ({ ...hint(), post_logout_redirect_uri: 'https://suite.example/test/a/bad_post_logout_redirect_uri' }),
    ],
    [
      'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri',
      () => ({ ...hint(), post_logout_redirect_uri: `${goodbye}?foo=bar` }),
    ],
  ];
  for (const [module, parameters] of refused) {
    it(`${module}: a page says so, and nothing goes to the client`, async () => {
      const { answer, page } = await logout(parameters());
      assert.equal(answer, undefined);
      assert.equal(page.status, 400);
      assert.match(page.text, /role="alert"/);
      assert.equal(await stillIn(), true);
    });
  }

  it('sends nobody to the address of one client with the hint of another', async () => {
    const other = await dynamicClient(app, registrar, {
      post_logout_redirect_uris: ['https://other.example/'],
    });
    const stranger = new RelyingParty(app, other);
    const { tokens } = await stranger.signIn();
    const { answer, page } = await logout({ id_token_hint: tokens.id_token, ...there });
    assert.equal(answer, undefined);
    assert.equal(page.status, 400);
  });
});

describe('OpenID certification, Back-Channel OP', () => {
  let app: TestApp;
  let receiver: LogoutReceiver;
  before(async () => {
    app = await startApp({ SALLYPORT_OUTGOING_ALLOW_PRIVATE: 'true' });
    receiver = await backChannel();
  });
  after(async () => {
    await receiver.close();
    await app.close();
  });

  it('oidcc-backchannel-logout-discovery-endpoint-verification', async () => {
    const discovery = await (await fetch(`${app.issuer}/.well-known/openid-configuration`)).json();
    assert.equal(discovery.backchannel_logout_supported, true);
    assert.equal(discovery.backchannel_logout_session_supported, true);
  });

  it('oidcc-backchannel-rp-initiated-logout: a logout token of this session (Back-Channel Logout §2.4)', async () => {
    const { client, secret = '' } = await app.parts.clients.add(
      {
        metadata: {
          redirect_uris: [callback],
          post_logout_redirect_uris: [goodbye],
          backchannel_logout_uri: `${receiver.url}/backchannel_logout`,
          backchannel_logout_session_required: true,
        },
        pkce: 'optional',
      },
      'cli',
    );
    const rp = new RelyingParty(app, {
      client_id: client.id,
      client_secret: secret,
      method: 'client_secret_basic',
      redirectUri: callback,
    });
    const { tokens, claims } = await rp.signIn();
    const parameters = { id_token_hint: tokens.id_token, post_logout_redirect_uri: goodbye, state: longState };
    const { answer } = await walk(rp.browser, {
      url: `/oauth2/logout?${new URLSearchParams(parameters)}`,
      backTo: goodbye,
      person: { identifier: '', password: '' },
    });
    assert.equal(answer?.get('state'), longState);
    const { method, type, form } = await receiver.request;
    assert.equal(method, 'POST');
    assert.match(type, /^application\/x-www-form-urlencoded/);
    assert.deepEqual([...form.keys()], ['logout_token']);
    const logout = await rp.verified(form.get('logout_token') ?? '');
    assert.equal(logout.sub, claims.sub);
    assert.equal(logout.sid, claims.sid);
    assert.ok(logout.sid);
    assert.ok(logout.jti);
    assert.equal(logout.nonce, undefined);
    assert.deepEqual(logout.events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
    const { answer: refused } = await rp.authorize({ prompt: 'none' });
    assert.equal(refused?.get('error'), 'login_required');
  });

  it('tells nobody inside the private network unless that was allowed', async () => {
    const registrar = await suiteRegistrar(app);
    const { status, body } = await call('POST', `${app.issuer}/oauth2/register`, registrar, {
      redirect_uris: [callback],
      backchannel_logout_uri: `${receiver.url}/backchannel_logout`,
    });
    assert.equal(status, 400);
    assert.equal(body.error, 'invalid_client_metadata');
  });
});
