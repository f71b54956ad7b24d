import assert from 'node:assert/strict';
import { adminApi, adminToken } from './admin.ts';
import { asking, connecting, enrolling, type Place, portal, proving, takingIn, tokens } from './audited-steps.ts';
import type { Page } from './browser.ts';
import { authorize, introspect, redeem, refresh } from './code-flow.ts';
import { begin, Traveller } from './federation.ts';
import { basic, type Credentials, post } from './oauth.ts';
import { call } from './registering.ts';
import { authorization, newBrowser, signInto } from './signing-in.ts';
import { wrongCode } from './totp.ts';

/** What a row has to say: its type, who did it, and some of its facts; `failure` is the outcome of those with a reason. */
export type Row = [type: string, actor: string | RegExp, facts?: Record<string, unknown>];
/** A deed, after what it takes: its last request is told by exactly these rows. */
type Deed = [name: string, prepare: (at: Place) => Promise<() => Promise<unknown>>, rows: Row[]];

const token = ({ app }: Place, client: Credentials) =>
  post(`${app.issuer}/oauth2/token`, { grant_type: 'client_credentials' }, basic(client));
const wrong = (id: string) => ({ client_id: id, client_secret: 'wrong' });
const reached = (page: Page) => assert.match(String(page.url), /code=/, page.text);
const email = (name: string) => `${name}@coverage.example`;

const web = { client: 'demo-web' };
const user = /^user:usr_/;
/** Every deed that has to leave a row, or none. */
export const deeds: Deed[] = [
  [
    'a sign-in',
    async (at) => async () => reached(await signInto(at.app, newBrowser(at.app))),
    [['signin.succeeded', user, { ...web, method: 'password' }]],
  ],
  [
    'a wrong password',
    async (at) => () => wrongPassword(at, 'nobody'),
    [['signin.failed', 'anonymous', { ...web, reason: 'unknown' }]],
  ],
  [
    'a rate limit of a sign-in',
    async (at) => {
      for (let count = 0; count < 5; count += 1) await wrongPassword(at, 'guessed');
      return () => wrongPassword(at, 'guessed');
    },
    [['signin.slowed', 'anonymous', web]],
  ],
  [
    'a right second factor',
    async (at) => proving(at, email('right')),
    [['signin.succeeded', user, { ...web, factor: 'totp', acr: '2fa' }]],
  ],
  [
    'a wrong second factor',
    async (at) => proving(at, email('wrong'), wrongCode),
    // What befell the factor, and what befell the sign-in.
    [
      ['factor.refused', 'anonymous', { kind: 'totp', reason: 'wrong' }],
      ['signin.failed', 'anonymous', { ...web, method: 'totp', reason: 'wrong' }],
    ],
  ],
  [
    'an enrolment',
    async (at) => enrolling(at, email('new')),
    [
      ['factor.added', user, { kind: 'totp' }],
      ['recovery-codes.made', user],
    ],
  ],
  [
    'a device that is remembered',
    async (at) => proving(at, email('device'), undefined, { remember: 'on' }),
    [
      ['signin.succeeded', user, { ...web, factor: 'totp' }],
      ['device.remembered', user],
    ],
  ],
  [
    'taking somebody in',
    async (at) => takingIn(at, email('newcomer')),
    [
      ['user.provisioned', 'connection:corp', { connection: 'corp' }],
      ['signin.succeeded', user, { ...web, method: 'corp' }],
    ],
  ],
  [
    'connecting an account',
    async (at) => connecting(at, email('linked')),
    [
      ['identity.linked', user, { connection: 'corp' }],
      ['signin.succeeded', user, web],
    ],
  ],
  [
    'a refusal of a provider',
    async (at) => {
      const browser = new Traveller(at.app, at.provider);
      const page = await begin(browser, at.app);
      return () => browser.submit(page, { decision: 'cancel' });
    },
    [['signin.failed', 'anonymous', { ...web, method: 'corp', reason: 'provider_error' }]],
  ],
  [
    'an answer of a at.provider that nobody asked for',
    async (at) => () => newBrowser(at.app).open('/federation/corp/callback?state=unknown&code=x'),
    [['signin.failed', 'anonymous', { method: 'corp', reason: 'unknown_ticket', check: 'ticket' }]],
  ],
  [
    'a consent',
    async (at) => {
      await portal(at, 'portal');
      const browser = newBrowser(at.app);
      const page = await signInto(at.app, browser, { client_id: 'portal' });
      return async () => reached(await browser.submit(page, { decision: 'allow' }));
    },
    [['consent.given', user, { client: 'portal' }]],
  ],
  [
    'a token',
    async (at) => {
      const code = await authorize(at.app);
      return () => redeem(at.app, code);
    },
    [['token.issued', 'client:demo-web', { ...web, grant: 'authorization_code', format: 'opaque' }]],
  ],
  [
    'a refresh',
    async (at) => {
      const { refresh_token } = await tokens(at);
      return () => refresh(at.app, refresh_token);
    },
    [['token.issued', 'client:demo-web', { ...web, grant: 'refresh_token' }]],
  ],
  [
    'a refresh token that comes again',
    async (at) => {
      const { refresh_token } = await tokens(at);
      const { body } = await refresh(at.app, refresh_token);
      await refresh(at.app, body.refresh_token);
      return () => refresh(at.app, refresh_token);
    },
    [['refresh-token.replayed', 'client:demo-web', web]],
  ],
  [
    'a code that comes again',
    async (at) => {
      const code = await authorize(at.app);
      await redeem(at.app, code);
      return () => redeem(at.app, code);
    },
    [['code.replayed', 'client:demo-web', web]],
  ],
  // Some thousand times a second: counted by the metrics, and a token of a program is on record while it lives.
  ['a token of a program', async (at) => () => token(at, at.app.client('demo-service')), []],
  [
    'an introspection',
    async (at) => {
      const { access_token } = await tokens(at);
      return async () => assert.equal((await introspect(at.app, access_token)).active, true);
    },
    [],
  ],
  [
    'an introspection by a client that may not',
    async (at) => {
      const { access_token } = await tokens(at);
      const curious = await portal(at, 'curious');
      return async () => assert.deepEqual((await asking(at, access_token, curious)).body, { active: false });
    },
    [['introspection.refused', 'client:curious', { client: 'curious', reason: 'not_for_this_caller' }]],
  ],
  [
    'an introspection with a wrong secret',
    async (at) => () => asking(at, 'any', wrong('demo-gateway')),
    [['client.refused', 'anonymous', { client: 'demo-gateway', at: '/oauth2/introspect', reason: 'invalid_client' }]],
  ],
  [
    'an introspection by a client that waits',
    async (at) => {
      const waiting = await portal(at, 'waiting', { state: 'pending' });
      return () => asking(at, 'any', waiting);
    },
    [['client.refused', 'anonymous', { client: 'waiting', reason: 'unauthorized_client' }]],
  ],
  [
    'a wrong secret at the token endpoint',
    async (at) => () => token(at, wrong('demo-service')),
    [['client.refused', 'anonymous', { client: 'demo-service', at: '/oauth2/token', reason: 'invalid_client' }]],
  ],
  [
    'a rate limit of a client',
    async (at) => {
      for (let count = 0; count < 3; count += 1) await token(at, wrong('demo-web'));
      return () => token(at, wrong('demo-web'));
    },
    [['client.refused', 'anonymous', { client: 'demo-web', reason: 'too_many_failures' }]],
  ],
  [
    'a revocation',
    async (at) => {
      const { access_token } = await tokens(at);
      return () => post(`${at.app.issuer}/oauth2/revoke`, { token: access_token }, basic(at.app.client('demo-web')));
    },
    [['token.revoked', 'client:demo-web', web]],
  ],
  [
    'a logout',
    async (at) => {
      const browser = newBrowser(at.app);
      await signInto(at.app, browser);
      const page = await browser.open('/oauth2/logout?client_id=demo-web');
      return () => browser.submit(page, { decision: 'logout' });
    },
    [['session.ended', user, { ...web, reason: 'logout' }]],
  ],
  [
    'a registration',
    async (at) => () => register(at, at.app.registrar('demo-registrar'), ['https://new.example/cb']),
    [['client.created', 'registrar:demo-registrar', { registrar: 'demo-registrar' }]],
  ],
  [
    'a registration that is refused',
    async (at) => () => register(at, at.app.registrar('demo-registrar'), ['ftp://new.example/cb']),
    [['registration.refused', 'registrar:demo-registrar', { code: 'invalid_redirect_uri' }]],
  ],
  [
    'a registration by nobody known',
    async (at) => () => register(at, 'wrong', ['https://new.example/cb']),
    [['client.refused', 'anonymous', { at: '/oauth2/register', reason: 'invalid_token' }]],
  ],
  [
    'a change by an administrator',
    async (at) => () => at.api.send('PATCH', '/clients/demo-service', { client_name: 'Renamed' }),
    [['client.changed', 'client:demo-admin', { changed: 'name' }]],
  ],
  [
    'a change that is denied',
    async (at) => {
      const lesser = adminApi(at.app, await adminToken(at.app, 'clients:read'));
      return () => lesser.send('DELETE', '/tiers/gold');
    },
    [['admin.refused', 'client:demo-admin', { operation: 'removeTier', code: 'insufficient_scope' }]],
  ],
  [
    'a change of a setting',
    async (at) => () => at.api.send('PATCH', '/mfa-policies/default', { grace: 3600 }),
    [['mfa-policy.saved', 'client:demo-admin', { grace: 3600 }]],
  ],
  [
    'a change of keys',
    async (at) => () => at.api.send('POST', '/keys/rotate', {}),
    [
      ...['RS256', 'ES256', 'EdDSA'].map((alg): Row => ['key.created', 'client:demo-admin', { alg }]),
      ['key.rotated', 'client:demo-admin', { atOnce: false }],
    ],
  ],
];

async function wrongPassword({ app }: Place, name: string): Promise<void> {
  const browser = newBrowser(app);
  const fields = { identifier: email(name), password: 'not the one' };
  const page = await browser.submit(await browser.open(authorization(app)), fields);
  assert.ok(page.status >= 400, page.text);
}

const register = ({ app }: Place, credential: string, addresses: string[]) =>
  call('POST', `${app.issuer}/oauth2/register`, credential, { redirect_uris: addresses });
