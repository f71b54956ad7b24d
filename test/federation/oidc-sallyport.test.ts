import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Handoff } from '../../src/federation/connector.ts';
import { oidc } from '../../src/federation/oidc.ts';
import { endSessionUrl, verifyLogoutToken } from '../../src/federation/oidc-logout.ts';
import { backChannel, type LogoutReceiver } from '../conformance/back-channel.ts';
import { startApp, type TestApp } from '../support/app.ts';
import type { Browser, Page } from '../support/browser.ts';
import {
  connectionTo,
  login,
  ownKey,
  reasonOf,
  remembering,
  surroundings,
  type TestSurroundings,
} from '../support/federating.ts';
import { newBrowser, signIn } from '../support/signing-in.ts';

let here: TestApp;
let there: TestApp;
let around: TestSurroundings;
let receiver: LogoutReceiver;
let secret: string;
const key = ownKey();

before(async () => {
  [here, there] = await Promise.all([startApp(), startApp({ SALLYPORT_OUTGOING_ALLOW_PRIVATE: 'true' })]);
  receiver = await backChannel();
  around = surroundings({ issuer: here.issuer, keys: [key] });
  const metadata = {
    backchannel_logout_uri: `${receiver.url}/federation/test/backchannel-logout`,
    backchannel_logout_session_required: true,
    redirect_uris: [`${here.issuer}/federation/test/callback`],
    post_logout_redirect_uris: [`${here.issuer}/federation/test/signed-out`],
  };
  ({ secret = '' } = await there.parts.clients.add({ id: 'sallyport', metadata, firstParty: true }, 'cli'));
  const jwk = createPublicKey(key.privateKey).export({ format: 'jwk' });
  const withKey = {
    ...metadata,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...jwk, kid: key.kid, use: 'sig' }] },
  };
  await there.parts.clients.add({ id: 'with-key', metadata: withKey, firstParty: true }, 'cli');
});
after(() => Promise.all([here.close(), there.close(), receiver.close()]));

const connection = (more: object = {}) =>
  connectionTo(there.issuer, { clientId: 'sallyport', clientSecret: secret, ...more });

const addressOf = (handoff: Handoff): string => (handoff.by === 'redirect' ? handoff.url : '');

/** What the browser brings back from there. */
const fieldsOf = (page: Page) => Object.fromEntries(page.url.searchParams);

/** Signs Alice in there, as a sign-in here asks for it. */
async function signInThere(more: object = {}, asked = login(), browser: Browser = newBrowser(there)) {
  const connector = oidc(connection(more), around);
  const handoff = await connector.begin(asked);
  const page = await browser.open(addressOf(handoff));
  const back = page.status === 200 ? await signIn(there, browser, page) : page;
  assert.equal(back.url.pathname, '/federation/test/callback', back.text);
  const trace = remembering();
  const reply = { method: 'GET', fields: fieldsOf(back), raw: back.url.search.slice(1) } as const;
  const complete = (memo = handoff.memo) => connector.complete(reply, asked, memo, trace);
  return { browser, handoff, trace, complete };
}

describe('a second Sallyport as provider', () => {
  it('says who somebody is, with a pushed request', async () => {
    const { handoff, complete, trace } = await signInThere();
    assert.match(addressOf(handoff), /request_uri=urn/);
    const identity = await complete();
    assert.equal(identity.issuer, there.issuer);
    assert.equal(identity.claims.email, 'alice@example.test');
    assert.equal(identity.claims.email_verified, true);
    assert.match(identity.session?.hint ?? '', /^eyJ/);
    assert.ok(trace.checks.includes('issuer of the answer') && trace.checks.includes('sub of userinfo'));
  });

  it('says the same subject every time', async () => {
    const [first, second] = [await (await signInThere()).complete(), await (await signInThere()).complete()];
    assert.equal(first.subject, second.subject);
  });

  it('redeems a code once, and for the browser that has its proof key', async () => {
    const { handoff, complete } = await signInThere();
    assert.equal(await reasonOf(complete({ ...handoff.memo, verifier: 'x'.repeat(43) })), 'token_refused');
    await complete();
    assert.equal(await reasonOf(complete()), 'token_refused');
  });

  it('asks a person with a session again when the sign-in has to be fresh', async () => {
    const { browser, complete } = await signInThere();
    const before = (await complete()).evidence.authTime;
    const asked = login({ ticket: 'ticket-2', fresh: true });
    const again = await signInThere({}, asked, browser);
    const shown = browser.hops.filter((hop) => hop.startsWith('GET /signin/')).length;
    assert.equal(shown, 2);
    const { evidence } = await again.complete();
    assert.ok(evidence.authTime !== undefined && evidence.authTime >= (before ?? 0));
  });

  it('knows us by our key', async () => {
    const more = { clientId: 'with-key', clientSecret: undefined, auth: 'private_key_jwt' };
    const { complete } = await signInThere(more);
    assert.equal((await complete()).claims.email, 'alice@example.test');
  });

  it('is told when the secret is another', async () => {
    const connector = oidc(connection({ clientSecret: 'another' }), around);
    assert.equal(await reasonOf(connector.begin(login())), 'push_refused');
  });

  it('signs out there, comes back, and is told that the session has ended', async () => {
    const { browser, complete } = await signInThere();
    const { session, subject } = await complete();
    const url = await endSessionUrl(connection(), around, {
      idTokenHint: session?.hint,
      postLogoutRedirectUri: `${here.issuer}/federation/test/signed-out`,
      state: 'the-state',
    });
    const page = await browser.open(url ?? '');
    const back = page.status === 200 ? await browser.submit(page, { decision: 'logout' }) : page;
    assert.equal(back.url.href, `${here.issuer}/federation/test/signed-out?state=the-state`);
    const { form } = await receiver.request;
    const told = await verifyLogoutToken(connection(), around, form.get('logout_token') ?? '');
    assert.ok(session?.id !== undefined && told.sid === session.id);
    assert.equal(told.sub, subject);
    assert.equal(await reasonOf(verifyLogoutToken(connection(), around, session.hint ?? '')), 'not_a_logout');
  });
});
