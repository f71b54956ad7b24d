import assert from 'node:assert/strict';
import type { TestApp } from './app.ts';
import { type Browser, type Page, textOf } from './browser.ts';
import { newBrowser, signIn } from './signing-in.ts';

/** The password of everybody who is made here. */
export const password = 'a lamp beside four rivers';

/** Somebody new with a confirmed address; answers the id. */
export async function somebody(app: TestApp, email: string, more: object = {}): Promise<string> {
  return (await app.parts.users.add({ email, password, emailVerified: true, ...more }, 'cli')).id;
}

/** A browser in which this person has just signed in to the account pages. */
export async function atHome(app: TestApp, email: string, browser = newBrowser(app)): Promise<Browser> {
  const page = await enter(app, browser, await browser.open('/account'), email);
  assert.equal(textOf(page, '<h1'), 'Profile');
  return browser;
}

/** Signs in on the page of a sign-in, whoever it is. */
export const enter = (app: TestApp, browser: Browser, page: Page, email: string): Promise<Page> =>
  app.password(email) === ''
    ? browser.submit(page, { identifier: email, password })
    : signIn(app, browser, page, email);

/** Where the links of a page lead whose address begins like this. */
export const linksOf = ({ text }: Page, begin: string): string[] =>
  [...text.matchAll(/href="([^"]+)"/g)]
    .map(([, href = '']) => href.replaceAll('&amp;', '&'))
    .filter((href) => href.startsWith(begin));

/** The things of a list, as text. */
export const rowsOf = ({ text }: Page): string[] =>
  (/<ul class="rows">([\s\S]*)<\/main>/.exec(text)?.[1] ?? '')
    .split('\n<li><div>')
    .slice(1)
    .map((row) =>
      row
        .replaceAll(/<[^>]+>/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    );

/** What a page says was done. */
export const doneOf = (page: Page): string | undefined => textOf(page, '<p class="done"');
