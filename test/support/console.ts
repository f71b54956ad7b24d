import assert from 'node:assert/strict';
import type { BrowserContext } from 'playwright-core';
import { password, somebody } from './account.ts';
import type { TestApp } from './app.ts';
import type { Authenticator } from './authenticator.ts';
import type { Browser, Page } from './browser.ts';
import { addKey, optionsOn } from './second-factor.ts';
import { newBrowser } from './signing-in.ts';

/** Somebody who administers, with a passkey, in a browser of their own. */
export interface Administrator {
  id: string;
  email: string;
  key: Authenticator;
  browser: Browser;
}

/** Somebody new with this role and a passkey, who is not signed in yet. */
export async function administrator(app: TestApp, email: string, role = 'administrator'): Promise<Administrator> {
  const id = await somebody(app, email);
  await app.parts.access.assign(`user:${id}`, role, 'cli');
  return { id, email, key: await addKey(app, id), browser: newBrowser(app) };
}

/** Signs in on the page of a sign-in with password and passkey; answers the page after it. */
export async function enterWithKey({ browser, email, key }: Administrator, page: Page): Promise<Page> {
  const second = await browser.submit(page, { identifier: email, password });
  return browser.submit(second, { response: key.get(optionsOn(second)) });
}

/** The same person, signed in to the console. */
export async function atConsole(app: TestApp, email: string, role?: string): Promise<Administrator> {
  const one = await administrator(app, email, role);
  const page = await enterWithKey(one, await one.browser.open('/admin'));
  assert.equal(page.url.pathname, '/admin');
  return one;
}

/** Hands the cookies of such a browser to Chromium. */
export async function lend({ browser }: Administrator, context: BrowserContext, url: string): Promise<void> {
  const all = [...browser.cookies.values()].filter(({ expires }) => expires > Date.now());
  await context.addCookies(all.map(({ name, value, path }) => ({ name, value, domain: new URL(url).hostname, path })));
}

/** Sends the form of a page of the console, after its search and filters; answers the page after it. */
export async function send(browser: Browser, page: Page, fields: Record<string, string>): Promise<Page> {
  const sent = await browser.send('POST', page.url, { ...hidden(page), ...fields });
  return sent.headers.location === undefined ? sent : browser.open(new URL(sent.headers.location, page.url));
}

/** The hidden fields of the form of a page. */
export const hidden = ({ text }: Page): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/<input type="hidden" name="(etag|was|acts-for)" value="([^"]*)"/g)].map(
      ([, name = '', value = '']) => [name, value.replaceAll('&quot;', '"').replaceAll('&amp;', '&')],
    ),
  );

let count = 0;

/** A new client that waits, or is approved. */
export async function newApplication(
  app: TestApp,
  state: 'pending' | 'approved' = 'pending',
  name?: string,
): Promise<{ id: string; name: string }> {
  count += 1;
  const metadata = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
  const made = { id: `app-${count}`, name: name ?? `App ${count}`, state, metadata };
  return (await app.parts.clients.add(made, 'cli')).client;
}
