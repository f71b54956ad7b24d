import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { backChannel, type LogoutReceiver } from '../conformance/back-channel.ts';
import type { TestApp } from '../support/app.ts';
import { begin, connect, person, startProvider, Traveller } from '../support/federation.ts';
import { type HostileProvider, rsa } from '../support/hostile-provider.ts';
import { near, Visitors } from '../support/logging-out.ts';
import { type Answer, post } from '../support/oauth.ts';
import { redeem } from '../support/signing-in.ts';

let visitors: Visitors;
let home: TestApp;
let double: HostileProvider;
before(async () => {
  visitors = await Visitors.start();
  ({ home, double } = visitors);
});
beforeEach(() => double.reset());
after(() => visitors.close());

/** Where demo-web hears of logouts. */
async function tellWeb(uri: string | undefined) {
  const { backchannel_logout_uri: _before, ...metadata } = (await home.parts.clients.get('demo-web'))?.metadata ?? {};
  const told = uri === undefined ? {} : { backchannel_logout_uri: uri, backchannel_logout_session_required: true };
  await home.parts.clients.change('demo-web', { metadata: { ...metadata, ...told } }, 'cli');
}

type Claims = Record<string, unknown>;
const logoutToken = (claims: Claims = {}, header: Claims = { typ: 'logout+jwt' }): string =>
  visitors.token({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, ...claims }, header);
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
    assert.ok(await visitors.isAlive(access_token));

    const page = await browser.open(`${provider.issuer}/oauth2/logout?client_id=corp-client`);
    await browser.submit(page, { decision: 'logout' });
    assert.equal(await visitors.isAlive(access_token), false);
    assert.equal((await visitors.refreshed(refresh_token)).body.error, 'invalid_grant');
    assert.equal(await visitors.isSignedIn(browser), false);
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
    const one = await visitors.signedIn('untold', 'session-untold');
    assertTaken(await tell(logoutToken({ sid: 'session-untold' })));
    assert.equal(await visitors.isAlive(one.tokens.access_token), false);
    const [event] = await home.parts.trail.search({ type: 'session.ended', target: `user:${one.sub}` });
    assert.equal(event?.detail?.untold, 'demo-web');
    await tellWeb(undefined);
  });
});

describe('POST /federation/{id}/backchannel-logout (OpenID Connect Back-Channel Logout 1.0)', () => {
  it('ends one session by sid, and no other of the same person', async () => {
    const one = await visitors.signedIn('bea', 'session-1');
    const two = await visitors.signedIn('bea', 'session-2');
    assert.equal(one.sub, two.sub);
    assertTaken(await tell(logoutToken({ sid: 'session-1' })));
    assert.deepEqual(
      [await visitors.isAlive(one.tokens.access_token), await visitors.isSignedIn(one.browser)],
      [false, false],
    );
    assert.deepEqual(
      [await visitors.isAlive(two.tokens.access_token), await visitors.isSignedIn(two.browser)],
      [true, true],
    );
  });

  it('ends all sessions of a person by sub, and of nobody else', async () => {
    const all = [await visitors.signedIn('cleo', 'c-1'), await visitors.signedIn('cleo', undefined)];
    const other = await visitors.signedIn('dan', 'd-1');
    assertTaken(await tell(logoutToken({ sub: 'cleo' })));
    for (const { tokens, browser } of all) {
      assert.deepEqual(
        [await visitors.isAlive(tokens.access_token), await visitors.isSignedIn(browser)],
        [false, false],
      );
    }
    assert.ok(await visitors.isAlive(other.tokens.access_token));
  });

  it('ends nothing where sub and sid do not belong together, or the session is of another connection', async () => {
    const one = await visitors.signedIn('eve', 'e-1');
    const elsewhere = await visitors.signedIn('eve', 'e-1', { id: 'other' });
    assertTaken(await tell(logoutToken({ sub: 'dan', sid: 'e-1' })));
    assert.ok(await visitors.isAlive(one.tokens.access_token));
    assertTaken(await tell(logoutToken({ sub: 'eve', sid: 'e-1' })));
    assert.equal(await visitors.isAlive(one.tokens.access_token), false);
    assert.ok(await visitors.isAlive(elsewhere.tokens.access_token));
  });

  it('keeps what was granted for use without the person (offline_access), as a logout here does', async () => {
    const { tokens, browser } = await visitors.signedIn('fay', 'f-1', { scope: 'openid offline_access' });
    assertTaken(await tell(logoutToken({ sid: 'f-1' })));
    assert.equal(await visitors.isSignedIn(browser), false);
    assert.equal((await visitors.refreshed(tokens.refresh_token)).status, 200);
  });

  it('is not undone by a request that was under way, and kept its session after that', async () => {
    const { browser, sub } = await visitors.signedIn('ivo', 'o-1');
    const { records } = home.parts;
    const [session] = await records.sessions.find({ account: sub });
    assert.ok(session);
    assertTaken(await tell(logoutToken({ sid: 'o-1' })));
    await records.sessions.put(session, 3600);
    assert.equal(await visitors.isSignedIn(browser), false);
  });

  it('counts while the connection is switched off', async () => {
    const { tokens } = await visitors.signedIn('gil', 'g-1');
    await home.parts.connections.setState('double', 'disabled', 'cli');
    assertTaken(await tell(logoutToken({ sid: 'g-1' })));
    await home.parts.connections.setState('double', 'enabled', 'cli');
    assert.equal(await visitors.isAlive(tokens.access_token), false);
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
    const { tokens } = await visitors.signedIn('hal', 'h-1');
    const sentences = new Set<string>();
    for (const [what, reason, token] of refusals) {
      double.lies = {};
      const answer = await tell(token());
      assertRefused(answer);
      sentences.add(answer.body.error_description);
      const detail = await visitors.lastRefusal();
      assert.deepEqual([detail?.connection, detail?.method, detail?.reason], ['double', 'back-channel', reason], what);
    }
    assert.equal(sentences.size, 1);
    assert.ok(await visitors.isAlive(tokens.access_token));
  });

  it('sec-109 takes a token once, of eight at the same moment too', async () => {
    const token = logoutToken({ sub: 'ida' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => tell(token)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    const { tokens } = await visitors.signedIn('ida', 'i-1');
    assertRefused(await tell(token));
    assert.equal((await visitors.lastRefusal())?.reason, 'replayed');
    assert.ok(await visitors.isAlive(tokens.access_token));
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
