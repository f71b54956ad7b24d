import { createHash, randomBytes } from 'node:crypto';
import { basic, type Credentials, post } from './oauth.ts';

/** What a code flow needs to know of a running server; several processes on one store share all but the issuer. */
export interface Server {
  issuer: string;
  client(id: string): Credentials;
  password(email: string): string;
}

/** A browser reduced to what a sign-in needs: cookies, and following its own forms. */
export class Browser {
  readonly #cookies = new Map<string, { value: string; path: string }>();
  readonly #origin: string;
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** One request without following; the answer's Location is absolute. */
  async ask(url: string, form?: Record<string, string>): Promise<{ status: number; location: string; text: string }> {
    // Whichever process is asked names the issuer in its redirects; this browser stays with its own.
    const target = new URL(this.#origin);
    ({ pathname: target.pathname, search: target.search } = new URL(url, this.#origin));
    const cookie = [...this.#cookies]
      .filter(([, { path }]) => target.pathname === path || target.pathname.startsWith(path.replace(/\/?$/, '/')))
      .map(([name, { value }]) => `${name}=${value}`);
    const response = await fetch(target, {
      redirect: 'manual',
      headers: { cookie: cookie.join('; '), accept: 'text/html' },
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, { value, path: /path=([^;]+)/i.exec(line)?.[1] ?? '/' });
    }
    const location = response.headers.get('location');
    return {
      status: response.status,
      location: location === null ? '' : new URL(location, target).href,
      text: await response.text(),
    };
  }
}

/** A started code flow with what is needed to redeem its code. */
export interface Redeemable {
  code: string;
  code_verifier: string;
  redirect_uri: string;
  browser: Browser;
  /** All parameters that came back to the client. */
  answer: URLSearchParams;
}

/** Signs a person in at a client, up to the code; `more` overrides parameters of the request. */
export async function authorize(
  server: Server,
  { client = 'demo-web', user = 'alice@example.test', browser = new Browser(server.issuer) } = {},
  more: Record<string, string> = {},
): Promise<Redeemable> {
  const code_verifier = randomBytes(32).toString('base64url');
  const redirect_uri = more.redirect_uri ?? 'http://localhost:8080/callback';
  const query = new URLSearchParams({
    client_id: client,
    response_type: 'code',
    redirect_uri,
    scope: 'openid profile email orders:read orders:write',
    state: 'state',
    nonce: 'nonce',
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  });
  let answer = await browser.ask(`/oauth2/authorize?${query}`);
  for (let hops = 0; hops < 12 && !answer.location.startsWith(redirect_uri); hops += 1) {
    if (answer.location !== '') answer = await browser.ask(answer.location);
    else answer = await browser.ask(actionOf(answer.text), fieldsFor(answer.text, user, server.password(user)));
  }
  const back = new URL(answer.location || 'about:blank').searchParams;
  return { code: back.get('code') ?? '', code_verifier, redirect_uri, browser, answer: back };
}

const actionOf = (page: string): string => {
  const action = /<form[^>]*action="(?!\/language")([^"]+)"/.exec(page)?.[1];
  if (action === undefined) throw new Error(`no form on this page: ${page}`);
  return action;
};

/** Answers whatever the page asks for, by the field names of the contract. */
function fieldsFor(page: string, identifier: string, password: string): Record<string, string> {
  if (/name="decision"/.test(page)) return { decision: 'allow' };
  return {
    ...(/name="identifier"/.test(page) ? { identifier } : {}),
    ...(/name="password"/.test(page) ? { password } : {}),
  };
}

/** Redeems a code at any of the processes. */
export const redeem = (server: Server, { code, code_verifier, redirect_uri }: Redeemable, client = 'demo-web') =>
  post(
    `${server.issuer}/oauth2/token`,
    { grant_type: 'authorization_code', code, code_verifier, redirect_uri },
    basic(server.client(client)),
  );

/** Uses a refresh token. */
export const refresh = (
  server: Server,
  refresh_token: string,
  more: Record<string, string> = {},
  client = 'demo-web',
) =>
  post(
    `${server.issuer}/oauth2/token`,
    { grant_type: 'refresh_token', refresh_token, ...more },
    basic(server.client(client)),
  );

/** What a gateway hears about a token. */
export const introspect = async (server: Server, token: string, client = 'demo-gateway') =>
  (await post(`${server.issuer}/oauth2/introspect`, { token }, basic(server.client(client)))).body;
