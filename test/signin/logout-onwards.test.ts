import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { alertOf, type Page, textOf } from '../support/browser.ts';
import { begin, connect, person, startProvider, Traveller } from '../support/federation.ts';
import { type HostileProvider, hostileProvider } from '../support/hostile-provider.ts';
import { basic, post } from '../support/oauth.ts';
import { authorization, introspect, redeem } from '../support/signing-in.ts';

let home: TestApp;
let provider: TestApp;
let mute: HostileProvider;
before(async () => {
  home = await startApp();
  provider = await startProvider();
  mute = await hostileProvider();
  await connect(home, provider);
  await connect(home, provider, 'second');
  await connect(home, provider, 'quiet', { logout: false });
  const more = {
    name: 'Mute SSO',
    preset: 'generic-oidc',
    provision: true,
    clientId: 'client',
    clientSecret: 'secret',
  };
  await home.parts.connections.add({ id: 'mute', from: mute.issuer, ...more }, 'cli');
});
after(async () => {
  mute.close();
  await Promise.all([home.close(), provider.close()]);
});

const client = 'http://localhost:8080/';
const heading = (page: Page) => textOf(page, '<h1');
const logoutAt = (app: TestApp, more: Record<string, string> = {}) =>
  `${app.issuer}/oauth2/logout?${new URLSearchParams({ client_id: 'demo-web', post_logout_redirect_uri: client, state: 'out', ...more })}`;
const isSignedIn = async (browser: Traveller) =>
  (await browser.open(authorization(home, { prompt: 'none' }))).url.searchParams.has('code');

async function signedIn(email: string, id = 'corp') {
  await person(provider, email);
  const browser = new Traveller(home, provider);
  const back = await browser.signIn(await begin(browser, home, {}, id), email);
  return { browser, tokens: await redeem(home, back) };
}

/** Says yes to the sign-out here; answers where that leads. */
const leave = async (browser: Traveller): Promise<Page> =>
  browser.submit(await browser.open(logoutAt(home)), { decision: 'logout' });

describe('a sign-out here, of a session that came through a connection', () => {
  it('goes on to the provider, ends the session there too, and comes back to the application with its state', async () => {
    const { browser, tokens } = await signedIn('ana@corp.example');
    const [upstream] = await home.parts.upstreamSessions.find('corp', { subject: await subjectOf('ana@corp.example') });
    assert.ok(upstream);
    const there = await leave(browser);
    assert.equal(there.url.origin, provider.issuer);
    assert.equal(heading(there), 'Sign out?');
    assert.equal(there.url.searchParams.get('post_logout_redirect_uri'), `${home.issuer}/federation/corp/logout`);
    assert.equal(there.url.searchParams.get('id_token_hint'), upstream.session?.hint);
    assert.equal(await isSignedIn(browser), false, 'the session here does not wait for the provider');
    assert.deepEqual(await introspect(home, tokens.access_token), { active: false });

    const back = await browser.submit(there, { decision: 'logout' });
    assert.equal(back.url.href, `${client}?state=out`, back.text);
    assert.match((await begin(browser, home)).text, /name="password"/, 'the provider asks for a password again');
    assert.equal(await home.parts.upstreamSessions.ofSession(upstream.uid), undefined);
    const [ended, ...more] = await home.parts.trail.search({
      type: 'session.ended',
      target: `user:${upstream.account}`,
    });
    assert.deepEqual(ended?.detail, { reason: 'logout', client: 'demo-web', connection: 'corp' });
    assert.deepEqual(more, []);
  });

  it('stays here where the connection says so', async () => {
    const { browser } = await signedIn('bea@corp.example', 'quiet');
    assert.equal((await leave(browser)).url.href, `${client}?state=out`);
    const again = await browser.open(authorization(home, { idp_hint: 'quiet' }));
    assert.match(String(again.url), /code=/, 'the session at the provider goes on');
  });

  it('does not bother the provider for a session that a password here has made', async () => {
    const browser = new Traveller(home, provider);
    const page = await browser.open(authorization(home));
    const answer = { identifier: 'alice@example.test', password: home.password('alice@example.test') };
    assert.match(String((await browser.submit(page, answer)).url), /code=/);
    assert.equal((await leave(browser)).url.href, `${client}?state=out`);
  });

  it('comes back once, by the connection that it left by', async () => {
    const { browser } = await signedIn('cleo@corp.example');
    const there = await leave(browser);
    const ticket = there.url.searchParams.get('state') ?? '';
    const back = (id: string, state = ticket) => browser.open(`${home.issuer}/federation/${id}/logout?state=${state}`);
    for (const page of [await back('second'), await back('corp', 'guessed')]) {
      assert.equal(page.status, 400);
      assert.match(page.text, /This sign-out is over/);
    }
    assert.equal((await back('corp')).url.href, `${client}?state=out`);
    assert.equal((await back('corp')).status, 400);
    assert.equal((await browser.open(`${home.issuer}/federation/corp/logout`)).status, 400);
  });

  it('says that the session there may go on when the provider answers with an error', async () => {
    const { browser } = await signedIn('dan@corp.example');
    const state = (await leave(browser)).url.searchParams.get('state') ?? '';
    const address = `${home.issuer}/federation/corp/logout?${new URLSearchParams({ state, error: 'server_error' })}`;
    assertUnsure(await browser.open(address), 'Corp SSO');
  });

  const assertUnsure = (page: Page, name: string) => {
    assert.equal(page.status, 200, page.text);
    assert.equal(heading(page), 'You are signed out here');
    assert.match(alertOf(page) ?? '', new RegExp(`^Your session at ${name} may go on`));
    assert.match(page.text, /href="http:\/\/localhost:8080\/\?state=out"/);
  };

  it('ends here all the same when the provider has no place for it, or does not answer, or is switched off', async () => {
    mute.claims = { sub: 'person-1', email: 'eve@corp.example' };
    for (const [lies, state] of [
      [{ discovery: (said: object) => ({ ...said, end_session_endpoint: undefined }) }, 'enabled'],
      [{ status: { '/.well-known/openid-configuration': 500 } }, 'enabled'],
      [{}, 'disabled'],
    ] as const) {
      mute.lies = {};
      await home.parts.connections.setState('mute', 'enabled', 'cli');
      const browser = new Traveller(home);
      const { url } = await browser.open(authorization(home, { idp_hint: 'mute' }));
      const fields = new URLSearchParams(mute.answer(url.href));
      await redeem(home, await browser.open(`${home.issuer}/federation/mute/callback?${fields}`));
      // A changed connection is asked anew what it is.
      await home.parts.connections.change('mute', { skew: 61 + Math.floor(Math.random() * 200) }, 'cli');
      mute.lies = lies;
      await home.parts.connections.setState('mute', state, 'cli');
      assertUnsure(await leave(browser), 'Mute SSO');
      assert.equal(await isSignedIn(browser), false);
    }
  });

  it('ends refresh tokens of the session with it', async () => {
    const { browser, tokens } = await signedIn('fay@corp.example');
    await leave(browser);
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    const { body } = await post(`${home.url}/oauth2/token`, form, basic(home.client('demo-web')));
    assert.equal(body.error, 'invalid_grant');
  });
});

const subjectOf = async (email: string) => (await provider.parts.users.byEmail(email))?.id ?? '';
