import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { Canaries, dumpOf } from '../support/canaries.ts';
import { authorize, introspect, redeem, refresh } from '../support/code-flow.ts';
import { basic, post } from '../support/oauth.ts';
import { call } from '../support/registering.ts';
import { authorization, newBrowser, redeem as redeemAt, signInto } from '../support/signing-in.ts';
import { storeUrl } from '../support/store.ts';

/* Whoever reads the store, a backup of it, the log or the audit trail must find nothing that opens anything (sec-078, sec-111). */
let app: TestApp;
let store: string;
const canaries = new Canaries();
const secrets = canaries.all;
const keep = (name: string, value: unknown): string => canaries.keep(name, value);
const foundIn = (text: string): string[] => canaries.foundIn(text);
const jwtApi = 'https://api.example.test/jwt';
const typed = 'a password that is wrong but nearly right';

before(async () => {
  store = await storeUrl();
  app = await startApp({ SALLYPORT_STORE: store, SALLYPORT_LOG_LEVEL: 'trace' });
  await use();
});
after(() => app.close());

/** Uses everything once and notes every value that must stay between us and the one who got it. */
async function use(): Promise<void> {
  for (const id of ['demo-service', 'demo-web', 'demo-gateway', 'demo-admin'])
    keep(`secret of ${id}`, app.client(id).client_secret);
  for (const email of ['alice@example.test', 'bob@example.test']) keep(`password of ${email}`, app.password(email));
  await useBrowser();
  await useTokens();
  await useClients();
}

async function useBrowser(): Promise<void> {
  const browser = newBrowser(app);
  const page = await browser.open(authorization(app, { scope: 'openid orders:read' }));
  for (const { name, value } of browser.cookies.values())
    if (/^signin(\.sig)?$/.test(name)) keep(`cookie ${name}`, value);
  await browser.submit(page, { identifier: 'alice@example.test', password: keep('a wrong password', typed) });
  const back = await signInto(app, browser, { scope: 'openid orders:read' });
  keep('a redeemed code', back.url.searchParams.get('code'));
  for (const { name, value } of browser.cookies.values())
    if (/^(session|resume)/.test(name) && value !== '') keep(`cookie ${name}`, value);
  keep('an ID token', (await redeemAt(app, back)).id_token);
  keep('an open code', (await authorize(app)).code);
  const form = Object.fromEntries(new URL(authorization(app)).searchParams);
  const { body } = await post(`${app.issuer}/oauth2/par`, form, basic(app.client('demo-web')));
  keep('a pushed request', body.request_uri.split(':').at(-1));
}

async function useTokens(): Promise<void> {
  const flow = await authorize(app);
  keep('a proof key', flow.code_verifier);
  const { body } = await redeem(app, flow);
  keep('an access token', body.access_token);
  keep('a used refresh token', body.refresh_token);
  const next = (await refresh(app, body.refresh_token)).body;
  keep('a living refresh token', next.refresh_token);
  await introspect(app, next.access_token);
  await introspect(app, `${body.access_token}x`);
  await fetch(`${app.issuer}/oauth2/userinfo`, { headers: { authorization: `Bearer ${body.access_token}` } });
  await fetch(`${app.issuer}/oauth2/userinfo?access_token=${body.access_token}`);
  const api = { id: jwtApi, permissions: ['jwt:read'], tokenFormat: 'jwt', signingAlg: 'RS256', routes: [] } as const;
  await app.parts.access.saveApi({ ...api, permissions: [...api.permissions], routes: [] }, 'cli');
  const jwt = await redeem(app, await authorize(app, {}, { scope: 'openid jwt:read', resource: jwtApi }));
  keep('a JWT access token', jwt.body.access_token);
  keep('the signature of a JWT', String(jwt.body.access_token).split('.')[2]);
  const own = await post(
    `${app.issuer}/oauth2/token`,
    { grant_type: 'client_credentials' },
    basic(app.client('demo-service')),
  );
  keep('a token of a service', own.body.access_token);
}

async function useClients(): Promise<void> {
  const registrar = keep('credential of a registrar', app.registrar('demo-registrar'));
  const { body } = await call('POST', `${app.issuer}/oauth2/register`, registrar, {
    redirect_uris: ['https://a.example/cb'],
  });
  keep('a registered secret', body.client_secret);
  keep('a registration access token', body.registration_access_token);
  await post(`${app.issuer}/oauth2/token`, {
    grant_type: 'client_credentials',
    client_id: 'demo-service',
    client_secret: keep('a wrong secret', 'not-the-secret-of-demo-service'),
  });
  keep('a rotated secret', (await app.parts.clients.rotateSecret('demo-service', 'cli')).secret);
}

describe('secrets', () => {
  it('sec-111 are found by this search where they are', () => {
    assert.ok(secrets.size >= 22, [...secrets.keys()].join(', '));
    for (const [name, value] of secrets) {
      assert.deepEqual(foundIn(`{"id":"${value}"}`).includes(name), true);
      assert.deepEqual(foundIn(Buffer.from(value).toString('base64')).includes(name), true);
    }
  });

  it('sec-078 sec-111 are not in the store', async () => {
    const everything = await dumpOf(store);
    // What is in it anyway: this is the right store, and it is readable.
    assert.ok(everything.includes('demo-web') && everything.includes('alice@example.test'));
    assert.deepEqual(foundIn(everything), []);
  });

  it('sec-009 are not in the log', () => {
    assert.ok(app.log.length >= 20, String(app.log.length));
    assert.deepEqual(foundIn(app.log.join('\n')), []);
  });

  it('sec-111 are not on the audit trail', async () => {
    const events = await app.parts.trail.search({});
    assert.ok(events.length >= 5);
    assert.deepEqual(foundIn(JSON.stringify(events)), []);
  });
});
