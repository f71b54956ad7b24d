import { password, somebody } from './account.ts';
import type { AdminApi } from './admin.ts';
import type { TestApp } from './app.ts';
import { type Page, textOf } from './browser.ts';
import { authorize, redeem } from './code-flow.ts';
import { begin, person, Traveller } from './federation.ts';
import { basic, type Credentials, post } from './oauth.ts';
import { withTotp } from './second-factor.ts';
import { authorization, callback, newBrowser } from './signing-in.ts';
import { codeOf } from './totp.ts';

/** Where the deeds are done: a server, one that is a provider to it, and its administration. */
export interface Place {
  app: TestApp;
  provider: TestApp;
  api: AdminApi;
}

/** Introspects for this client. */
export const asking = ({ app }: Place, value: string, client: Credentials) =>
  post(`${app.issuer}/oauth2/introspect`, { token: value }, basic(client));
const offline = { scope: 'openid offline_access orders:read', prompt: 'consent' };
/** The tokens of somebody who has signed in. */
export const tokens = async ({ app }: Place) => (await redeem(app, await authorize(app, {}, offline))).body;
const secretOn = (page: Page) => (textOf(page, '<code class="secret"') ?? '').replaceAll(' ', '');

/** Signs in where a second factor is asked for. */
async function toTheFactor({ app }: Place, identifier: string) {
  const browser = newBrowser(app);
  const page = await browser.open(authorization(app, { acr_values: '2fa' }));
  return { browser, page: await browser.submit(page, { identifier, password }) };
}

/** Proves a second factor, right or wrong. */
export async function proving(at: Place, identifier: string, codeFor = codeOf, more: Record<string, string> = {}) {
  const { secret } = await withTotp(at.app, identifier);
  const { browser, page } = await toTheFactor(at, identifier);
  return () => browser.submit(page, { code: codeFor(secret), ...more });
}

/** Binds a second factor on the way in. */
export async function enrolling(at: Place, identifier: string) {
  const id = await somebody(at.app, identifier);
  const { browser, page } = await toTheFactor(at, identifier);
  const open = await browser.submit(page, { code: await at.app.parts.enrolmentCodes.issue(id, 'cli') });
  return () => browser.submit(open, { code: codeOf(secretOn(open)) });
}

/** Comes through a provider for the first time. */
export async function takingIn({ app, provider }: Place, identifier: string) {
  await person(provider, identifier);
  const browser = new Traveller(app, provider);
  const page = await begin(browser, app);
  return () => browser.signIn(page, identifier);
}

/** Says yes to connecting an account here with one at a provider. */
export async function connecting({ app, provider }: Place, identifier: string) {
  await Promise.all([somebody(app, identifier), person(provider, identifier)]);
  const browser = new Traveller(app, provider);
  const page = await browser.signIn(await begin(browser, app), identifier);
  const question = await browser.submit(page, { identifier, password });
  return () => browser.submit(question, { decision: 'link' });
}

/** A client of somebody else, which people are asked about. */
export async function portal({ app }: Place, id: string, more: object = {}): Promise<Credentials> {
  const metadata = { redirect_uris: [callback], grant_types: ['authorization_code'] };
  const { secret = '' } = await app.parts.clients.add({ id, metadata, ...more }, 'cli');
  return { client_id: id, client_secret: secret };
}
