import assert from 'node:assert/strict';
import type { ConnectionInput } from '../../src/federation/input.ts';
import { startApp, type TestApp } from './app.ts';
import { Browser, formOf, type Page } from './browser.ts';
import { authorization } from './signing-in.ts';

/** The password of everybody who is made here. */
export const password = 'a lamp beside four rivers';

/** Starts a second Sallyport to be somebody's provider; it has another host name, so that browsers keep its cookies apart. */
export const startProvider = (environment: Record<string, string> = {}): Promise<TestApp> =>
  startApp({ SALLYPORT_HOST: '127.0.0.1', ...environment });

/** Connects `home` with a provider under this id, logout included; `more` are settings of the connection, `consents`: people are asked there. */
export async function connect(
  home: TestApp,
  provider: TestApp,
  id = 'corp',
  { consents = false, ...more }: Partial<ConnectionInput> & { consents?: boolean } = {},
): Promise<void> {
  const name = `${id}-client`;
  const callback = `${home.issuer}/federation/${id}/callback`;
  const known = await provider.parts.clients.get(name);
  const metadata = {
    redirect_uris: [callback],
    token_endpoint_auth_method: 'client_secret_basic',
    post_logout_redirect_uris: [`${home.issuer}/federation/${id}/logout`],
    backchannel_logout_uri: `${home.issuer}/federation/${id}/backchannel-logout`,
    backchannel_logout_session_required: true,
  };
  const secret = known
    ? await provider.parts.clients.rotateSecret(name, 'cli')
    : await provider.parts.clients.add({ id: name, name: 'Sallyport', firstParty: !consents, metadata }, 'cli');
  await home.parts.connections.add(
    {
      ...{ id, name: 'Corp SSO', preset: 'generic-oidc', from: provider.issuer, provision: true },
      ...{ clientId: name, clientSecret: secretOf(secret), ...more },
    },
    'cli',
  );
}

const secretOf = (made: object): string => {
  const secret = 'secret' in made ? made.secret : undefined;
  assert.ok(typeof secret === 'string');
  return secret;
};

/** Somebody whom the provider knows. */
export const person = (provider: TestApp, email: string, more: object = {}) =>
  provider.parts.users.add({ email, password, emailVerified: true, ...more }, 'cli');

/** A browser that goes from server to server, with the cookies of each. */
export class Traveller {
  readonly #browsers = new Map<string, Browser>();

  constructor(...servers: Pick<TestApp, 'issuer' | 'url'>[]) {
    for (const { issuer, url } of servers) {
      this.#browsers.set(new URL(issuer).origin, new Browser({ origin: issuer, through: url }));
    }
  }

  at(server: Pick<TestApp, 'issuer'>): Browser {
    const browser = this.#browsers.get(new URL(server.issuer).origin);
    assert.ok(browser);
    return browser;
  }

  /** Opens an address and follows redirects from server to server, to a page or to an address of neither. */
  async open(address: string | URL): Promise<Page> {
    const url = new URL(address);
    return this.#onwards(await this.at({ issuer: url.href }).open(url));
  }

  /** Sends the form of a page; `fields` fill it in. */
  async submit(page: Page, fields: Record<string, string>): Promise<Page> {
    const form = formOf(page);
    const target = new URL(form.action, page.url);
    const foreign = target.origin === page.url.origin ? {} : { origin: 'null' };
    const answer = await this.at({ issuer: target.href }).send('POST', target, { ...form.fields, ...fields }, foreign);
    const { location } = answer.headers;
    return location === undefined ? answer : this.#step(new URL(location, answer.url));
  }

  /** Signs in at the provider's page, and goes on. */
  signIn(page: Page, email: string, secret = password): Promise<Page> {
    return this.submit(page, { identifier: email, password: secret });
  }

  async #step(url: URL): Promise<Page> {
    return this.#browsers.has(url.origin) ? this.open(url) : { url, status: 0, headers: {}, text: '' };
  }

  async #onwards(page: Page): Promise<Page> {
    return page.status === 0 ? this.#step(page.url) : page;
  }
}

/** Opens a request of demo-web with a hint at the connection; answers the provider's page. */
export const begin = (
  traveller: Traveller,
  home: TestApp,
  more: Record<string, string> = {},
  id = 'corp',
): Promise<Page> => traveller.open(authorization(home, { idp_hint: id, ...more }));
