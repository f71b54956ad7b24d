import { createHash } from 'node:crypto';
import type { TestApp } from './app.ts';
import { Browser, type Page } from './browser.ts';
import { basic, post } from './oauth.ts';

/** The proof key of every request made here, and its challenge (RFC 7636). */
export const verifier = 'a-verifier-of-the-length-that-rfc-7636-wants';
const challenge = createHash('sha256').update(verifier).digest('base64url');

/** Where demo-web expects its answers. */
export const callback = 'http://localhost:8080/callback';

/** The address of an authorization request of demo-web; `more` overrides and adds. */
export const authorization = (app: TestApp, more: Record<string, string> = {}): string =>
  `${app.issuer}/oauth2/authorize?${new URLSearchParams({
    ...{ client_id: 'demo-web', redirect_uri: callback, response_type: 'code', scope: 'openid email', state: 's' },
    ...{ code_challenge: challenge, code_challenge_method: 'S256', ...more },
  })}`;

/** A fresh browser for this server. */
export const newBrowser = (app: TestApp): Browser => new Browser({ origin: app.issuer });

/** Answers the page for a person with the right password. */
export const signIn = (app: TestApp, browser: Browser, page: Page, email = 'alice@example.test'): Promise<Page> =>
  browser.submit(page, { identifier: email, password: app.password(email) });

/** Opens a request and signs in; answers the page or address after it. */
export async function signInto(
  app: TestApp,
  browser: Browser,
  more: Record<string, string> = {},
  email?: string,
): Promise<Page> {
  return signIn(app, browser, await browser.open(authorization(app, more)), email);
}

/** The ID token's claims after the code of this address was redeemed, and the rest of the answer. */
export async function redeem(
  app: TestApp,
  { url }: Page,
  { client = 'demo-web', redirectUri = callback, secret = '' } = {},
) {
  const code = url.searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri };
  const credentials = secret === '' ? app.client(client) : { client_id: client, client_secret: secret };
  const { body } = await post(`${app.url}/oauth2/token`, form, basic(credentials));
  const [, payload = ''] = String(body.id_token).split('.');
  return { ...body, claims: body.id_token ? JSON.parse(Buffer.from(payload, 'base64url').toString()) : undefined };
}

/** What a gateway hears about a token. */
export const introspect = async (app: TestApp, token: string) =>
  (await post(`${app.url}/oauth2/introspect`, { token }, basic(app.client('demo-gateway')))).body;
