import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { backChannel, type LogoutReceiver } from '../conformance/back-channel.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { begin, connect, person, startProvider, Traveller } from '../support/federation.ts';
import { type HostileProvider, hostileProvider, rsa } from '../support/hostile-provider.ts';
import { type Answer, basic, post, read } from '../support/oauth.ts';
import { authorization, introspect, redeem } from '../support/signing-in.ts';

/** Clients of these tests hear of logouts on this machine. */
const near = { SALLYPORT_OUTGOING_ALLOW_PRIVATE: 'true' };
let home: TestApp;
let double: HostileProvider;
before(async () => {
  home = await startApp(near);
  double = await hostileProvider();
  const more = { name: 'Double', preset: 'generic-oidc', provision: true, clientId: 'client', clientSecret: 'secret' };
  const said = { from: double.issuer, ...more };
  await home.parts.connections.add({ id: 'double', universalLogout: true, ...said }, 'cli');
  await home.parts.connections.add({ id: 'other', ...said }, 'cli');
});
beforeEach(() => double.reset());
after(async () => {
  double.close();
  await home.close();
});

const now = () => Math.floor(Date.now() / 1000);
const isAlive = async (token: string) => (await introspect(home, token)).active;
const isSignedIn = async (browser: Traveller) =>
  (await browser.open(authorization(home, { prompt: 'none' }))).url.searchParams.has('code');
const refreshed = (token: string) =>
  post(
    `${home.url}/oauth2/token`,
    { grant_type: 'refresh_token', refresh_token: token },
    basic(home.client('demo-web')),
  );
const lastRefusal = async () => (await home.parts.trail.search({ type: 'logout.refused' })).at(-1)?.detail;

/** Where demo-web hears of logouts. */
async function tellWeb(uri: string | undefined) {
  const { backchannel_logout_uri: _before, ...metadata } = (await home.parts.clients.get('demo-web'))?.metadata ?? {};
  const told = uri === undefined ? {} : { backchannel_logout_uri: uri, backchannel_logout_session_required: true };
  await home.parts.clients.change('demo-web', { metadata: { ...metadata, ...told } }, 'cli');
}

/** Signs somebody in at the double, with this session there. */
async function signedIn(sub: string, sid: string | undefined, { id = 'double', scope = 'openid email' } = {}) {
  double.claims = { sub, email: `${sub}@${id}.example`, ...(sid === undefined ? {} : { sid }) };
  double.now = now();
  const browser = new Traveller(home);
  const offline = scope.includes('offline_access') ? { prompt: 'consent' } : {};
  const { url } = await browser.open(authorization(home, { idp_hint: id, scope, ...offline }));
  const fields = new URLSearchParams(double.answer(url.href));
  const page = await browser.open(`${home.issuer}/federation/${id}/callback?${fields}`);
  const tokens = await redeem(home, page.status === 200 ? await browser.submit(page, { decision: 'allow' }) : page);
  assert.ok(await isAlive(tokens.access_token));
  return { browser, tokens, sub: String(tokens.claims.sub) };
}

let count = 0;
type Claims = Record<string, unknown>;
const logoutToken = (claims: Claims = {}, header: Claims = { typ: 'logout+jwt' }): string => {
  count += 1;
  const honest = { iss: double.issuer, aud: 'client', iat: now(), exp: now() + 120, jti: `logout-${count}` };
  return double.issue(
    { ...honest, events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, ...claims },
    header,
  );
};
const tell = (token: string, id = 'double'): Promise<Answer> =>
  post(`${home.url}/federation/${id}/backchannel-logout`, { logout_token: token });

function assertTaken(answer: Answer) {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.headers.get('cache-control'), 'no-store');
}

function assertRefused(answer: Answer) {
  assert.equal(answer.status, 400);
  assert.equal(answer.body.error, 'invalid_request');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
}

describe('a sign-out at another Sallyport', () => {
  let provider: TestApp;
  let receiver: LogoutReceiver;
  before(async () => {
    receiver = await backChannel();
    provider = await startProvider(near);
    await connect(home, provider);
  });
  after(() => Promise.all([provider.close(), receiver.close()]));

  it('ends the session here with its tokens, and our clients are told in their turn', async () => {
    await tellWeb(receiver.url);
    await person(provider, 'ana@corp.example');
    const browser = new Traveller(home, provider);
    const back = await browser.signIn(await begin(browser, home), 'ana@corp.example');
    const { access_token, refresh_token, claims } = await redeem(home, back);
    assert.ok(await isAlive(access_token));

    const page = await browser.open(`${provider.issuer}/oauth2/logout?client_id=corp-client`);
    await browser.submit(page, { decision: 'logout' });
    assert.equal(await isAlive(access_token), false);
    assert.equal((await refreshed(refresh_token)).body.error, 'invalid_grant');
    assert.equal(await isSignedIn(browser), false);
    const { form } = await receiver.request;
    const told = JSON.parse(Buffer.from(String(form.get('logout_token')).split('.')[1] ?? '', 'base64url').toString());
    assert.equal(told.sid, claims.sid);
    assert.equal(told.aud, 'demo-web');
    const [event] = await home.parts.trail.search({ type: 'session.ended', target: `user:${claims.sub}` });
    assert.equal(event?.actor, 'connection:corp');
    assert.deepEqual(event?.detail, { reason: 'back-channel logout', connection: 'corp' });
    assert.deepEqual(await home.parts.upstreamSessions.find('corp', { sid: claims.sid }), []);
  });

  it('names in the trail a client that could not be told; the session has ended all the same', async () => {
    await tellWeb('http://localhost:9');
    const one = await signedIn('untold', 'session-untold');
    assertTaken(await tell(logoutToken({ sid: 'session-untold' })));
    assert.equal(await isAlive(one.tokens.access_token), false);
    const [event] = await home.parts.trail.search({ type: 'session.ended', target: `user:${one.sub}` });
    assert.equal(event?.detail?.untold, 'demo-web');
    await tellWeb(undefined);
  });
});

describe('POST /federation/{id}/backchannel-logout (OpenID Connect Back-Channel Logout 1.0)', () => {
  it('ends one session by sid, and no other of the same person', async () => {
    const one = await signedIn('bea', 'session-1');
    const two = await signedIn('bea', 'session-2');
    assert.equal(one.sub, two.sub);
    assertTaken(await tell(logoutToken({ sid: 'session-1' })));
    assert.deepEqual([await isAlive(one.tokens.access_token), await isSignedIn(one.browser)], [false, false]);
    assert.deepEqual([await isAlive(two.tokens.access_token), await isSignedIn(two.browser)], [true, true]);
  });

  it('ends all sessions of a person by sub, and of nobody else', async () => {
    const all = [await signedIn('cleo', 'c-1'), await signedIn('cleo', undefined)];
    const other = await signedIn('dan', 'd-1');
    assertTaken(await tell(logoutToken({ sub: 'cleo' })));
    for (const { tokens, browser } of all) {
      assert.deepEqual([await isAlive(tokens.access_token), await isSignedIn(browser)], [false, false]);
    }
    assert.ok(await isAlive(other.tokens.access_token));
  });

  it('ends nothing where sub and sid do not belong together, or the session is of another connection', async () => {
    const one = await signedIn('eve', 'e-1');
    const elsewhere = await signedIn('eve', 'e-1', { id: 'other' });
    assertTaken(await tell(logoutToken({ sub: 'dan', sid: 'e-1' })));
    assert.ok(await isAlive(one.tokens.access_token));
    assertTaken(await tell(logoutToken({ sub: 'eve', sid: 'e-1' })));
    assert.equal(await isAlive(one.tokens.access_token), false);
    assert.ok(await isAlive(elsewhere.tokens.access_token));
  });

  it('keeps what was granted for use without the person (offline_access), as a logout here does', async () => {
    const { tokens, browser } = await signedIn('fay', 'f-1', { scope: 'openid offline_access' });
    assertTaken(await tell(logoutToken({ sid: 'f-1' })));
    assert.equal(await isSignedIn(browser), false);
    assert.equal((await refreshed(tokens.refresh_token)).status, 200);
  });

  it('counts while the connection is switched off', async () => {
    const { tokens } = await signedIn('gil', 'g-1');
    await home.parts.connections.setState('double', 'disabled', 'cli');
    assertTaken(await tell(logoutToken({ sid: 'g-1' })));
    await home.parts.connections.setState('double', 'enabled', 'cli');
    assert.equal(await isAlive(tokens.access_token), false);
  });

  const foreign = rsa('k1');
  const refusals: [what: string, reason: string, () => string][] = [
    [
      'signed by somebody else',
      'wrong_signature',
      () => {
        double.lies = { signer: foreign.privateKey };
        return logoutToken({ sub: 'hal' });
      },
    ],
    [
      'not signed',
      'wrong_algorithm',
      () => {
        double.lies = { signer: undefined };
        return logoutToken({ sub: 'hal' }, { alg: 'none' });
      },
    ],
    ['for another client', 'wrong_audience', () => logoutToken({ sub: 'hal', aud: 'somebody' })],
    ['that is an ID token', 'not_a_logout', () => logoutToken({ sub: 'hal', events: undefined }, {})],
    ['with a nonce', 'forbidden_nonce', () => logoutToken({ sub: 'hal', nonce: 'n' })],
    ['that names nobody', 'no_session_named', () => logoutToken()],
    ['that is no token', 'malformed', () => 'nothing'],
  ];
  it('sec-109 refuses tokens that are not as they must be, with one sentence, and the trail knows why', async () => {
    const { tokens } = await signedIn('hal', 'h-1');
    const sentences = new Set<string>();
    for (const [what, reason, token] of refusals) {
      double.lies = {};
      const answer = await tell(token());
      assertRefused(answer);
      sentences.add(answer.body.error_description);
      const detail = await lastRefusal();
      assert.deepEqual([detail?.connection, detail?.method, detail?.reason], ['double', 'back-channel', reason], what);
    }
    assert.equal(sentences.size, 1);
    assert.ok(await isAlive(tokens.access_token));
  });

  it('sec-109 takes a token once, of eight at the same moment too', async () => {
    const token = logoutToken({ sub: 'ida' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => tell(token)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const { tokens } = await signedIn('ida', 'i-1');
    assertRefused(await tell(token));
    assert.equal((await lastRefusal())?.reason, 'replayed');
    assert.ok(await isAlive(tokens.access_token));
  });

  it('wants one token, as a form, for a connection of this kind', async () => {
    const url = `${home.url}/federation/double/backchannel-logout`;
    assertRefused(await post(url, {}));
    assertRefused(await post(url, 'logout_token=a&logout_token=b'));
    assertRefused(await post(url, '{}', { 'content-type': 'application/json' }));
    assert.equal((await fetch(url)).headers.get('allow'), 'POST');
    assert.equal((await tell(logoutToken({ sub: 'x' }), 'nowhere')).status, 404);
  });

  it('does not ask who carries it: another origin, no cookie, and a body as large as at the callback', async () => {
    const headers = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };
    const form = { logout_token: logoutToken({ sub: 'jo' }), padding: 'x'.repeat(200 * 1024) };
    assertTaken(await post(`${home.url}/federation/double/backchannel-logout`, form, headers));
    const large = await post(`${home.url}/federation/double/backchannel-logout`, { padding: 'x'.repeat(300 * 1024) });
    assert.equal(large.status, 413);
  });
});

describe('POST /federation/{id}/universal-logout (Okta, Global Token Revocation)', () => {
  const place = (id = 'double') => `/federation/${id}/universal-logout`;
  const revocation = (claims: Claims = {}): string => {
    count += 1;
    const honest = { iss: double.issuer, sub: 'client', aud: `${home.issuer}${place()}`, jti: `revocation-${count}` };
    return double.issue({ ...honest, iat: now(), exp: now() + 300, ...claims }, { typ: 'global-token-revocation+jwt' });
  };
  const bySub = (sub: string) => ({ sub_id: { format: 'iss_sub', iss: double.issuer, sub } });
  const order = async (body: object, token = revocation(), id = 'double'): Promise<Answer> =>
    read(
      await fetch(`${home.url}${place(id)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
        body: JSON.stringify(body),
      }),
    );

  it('ends everything of the person: every session, access and refresh token, offline ones too', async () => {
    const one = await signedIn('kim', 'k-1');
    const two = await signedIn('kim', undefined, { scope: 'openid offline_access' });
    const other = await signedIn('lou', 'l-1');
    const answer = await order(bySub('kim'));
    assert.deepEqual([answer.status, answer.body], [204, '']);
    for (const { tokens, browser } of [one, two]) {
      assert.deepEqual([await isAlive(tokens.access_token), await isSignedIn(browser)], [false, false]);
      assert.equal((await refreshed(tokens.refresh_token)).body.error, 'invalid_grant');
    }
    assert.ok(await isAlive(other.tokens.access_token));
    assert.deepEqual(await home.parts.upstreamSessions.find('double', { subject: 'kim' }), []);
    const ended = await home.parts.trail.search({ type: 'session.ended', target: `user:${one.sub}` });
    const detail = { reason: 'universal logout', connection: 'double' };
    assert.deepEqual(
      ended.map(({ actor, ...event }) => [actor, event.detail]),
      [
        ['connection:double', detail],
        ['connection:double', detail],
      ],
    );
  });

  it('finds a person by address, but only one who came through this connection', async () => {
    const { tokens } = await signedIn('max', 'm-1');
    const elsewhere = await signedIn('max', 'm-1', { id: 'other' });
    const byEmail = (email: string) => ({ sub_id: { format: 'email', email } });
    const answers = [
      await order(byEmail('max@other.example')),
      await order(byEmail('alice@example.test')),
      await order(byEmail('nobody@example.test')),
      await order(bySub('nobody')),
    ];
    for (const { status, body } of answers) assert.deepEqual([status, body], [404, answers[0]?.body]);
    assert.ok(await isAlive(elsewhere.tokens.access_token));
    assert.equal((await order(byEmail('MAX@double.example'))).status, 204);
    assert.equal(await isAlive(tokens.access_token), false);
    assert.ok(await isAlive(elsewhere.tokens.access_token));
  });

  it('refuses whoever cannot show that it is Okta, and a token that was used', async () => {
    const { tokens } = await signedIn('nat', 'n-1');
    const foreign = rsa('k1');
    double.lies = { signer: foreign.privateKey };
    const forged = revocation();
    double.lies = {};
    const used = revocation();
    assert.equal((await order(bySub('somebody'), used)).status, 404);
    const wrong = [forged, used, revocation({ aud: 'https://elsewhere.example' }), revocation({ sub: 'somebody' }), ''];
    for (const token of wrong) {
      const { status, headers, body } = await order(bySub('nat'), token);
      assert.equal(status, 401);
      assert.equal(body.error, 'invalid_token');
      assert.match(headers.get('www-authenticate') ?? '', /^Bearer /);
    }
    assert.ok(await isAlive(tokens.access_token));
    assert.equal((await order({ sub_id: { format: 'phone' } })).status, 400);
  });

  it('is not there for a connection that does not accept it', async () => {
    const [off, none] = [
      await order(bySub('kim'), revocation(), 'other'),
      await order(bySub('kim'), revocation(), 'no'),
    ];
    assert.equal(off.status, 404);
    assert.deepEqual(off.body, none.body);
  });
});
