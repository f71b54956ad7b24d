import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumPath } from '../support/chromium.ts';
import { type Administrator, atConsole, lend } from '../support/console.ts';
import { button, enter } from '../support/portal.ts';
import { Device, offersNone } from '../support/virtual-authenticator.ts';

const longName = 'Partner access of the Amalgamated Consolidated Holdings International, production';

let app: TestApp;
let browser: Browser;
let ada: Administrator;
let none: Administrator;
let person = '';
before(async () => {
  app = await startApp();
  [ada, none] = [await atConsole(app, 'ada.with.quite.a.long.address@department.example.test'), await emptyHanded()];
  person = await somebody(app, 'crowded@x.test', { profile: { name: longName } });
  await app.parts.access.assign(`user:${person}`, 'orders-editor', 'cli');
  await Promise.all(Array.from({ length: 52 }, (_, at) => application(at)));
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', '--disable-gpu'] });
});
after(async () => {
  await browser.close();
  await app.close();
});

/** Somebody who may see people and events, of which they find none. */
async function emptyHanded(): Promise<Administrator> {
  const permissions = ['audit-events:read', 'users:read'].map((one) => `urn:sallyport:admin#${one}`);
  await app.parts.access.saveRole({ id: 'onlooker', permissions, includes: [] }, 'cli');
  return atConsole(app, 'onlooker@x.test', 'onlooker');
}

async function application(at: number): Promise<void> {
  const metadata = {
    ...{ redirect_uris: [`https://app-${at}.example.test/callback/of/a/really/long/path/that/goes/on`] },
    ...{ grant_types: ['authorization_code'], token_endpoint_auth_method: 'client_secret_basic' },
  };
  const state = at % 5 === 0 ? 'pending' : 'approved';
  await app.parts.clients.add(
    { id: `app-${at}`, name: at === 0 ? longName : `Application ${at}`, state, metadata },
    'cli',
  );
}

/** A browser of an administrator who is signed in, in which nothing may be blocked or go wrong. */
async function as(
  one: Administrator,
  options: BrowserContextOptions,
  deed: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  await lend(one, context, app.issuer);
  await visit(await context.newPage(), deed);
  await context.close();
}

async function visit(page: Page, deed: (page: Page) => Promise<void>): Promise<void> {
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await deed(page);
  assert.deepEqual(complaints, []);
}

const at = (path: string) => `${app.issuer}${path}`;

/** What is dense on a desk is still easy to hit on a phone. */
async function check(page: Page): Promise<void> {
  assert.ok((await page.content()).length < 80_000);
  assert.deepEqual([await page.locator('main').count(), await page.locator('h1').count()], [1, 1]);
  for (const setting of settings) await checkPage(page, setting, setting.width === 320 ? 44 : 34);
}

const pages: Record<string, () => string> = {
  'the overview': () => '/admin?span=week',
  'fifty applications': () => '/admin/applications',
  'an application': () => '/admin/applications/app-0',
  'its secrets': () => '/admin/applications/app-0/secrets',
  'a new application': () => '/admin/applications/new',
  people: () => '/admin/people',
  'a person': () => `/admin/people/${person}`,
  'their access': () => `/admin/people/${person}/access`,
  'their sessions': () => `/admin/people/${ada.id}/sessions`,
  'the audit trail': () => '/admin/audit',
  'a search': () => '/admin/search?q=app',
};

describe('every page of the console, in the light and the dark, on a small phone and on a desk', () => {
  for (const [name, path] of Object.entries(pages)) {
    it(`breaks no rule of WCAG 2.2 AA with fifty rows and the longest names: ${name}`, () =>
      as(ada, {}, async (page) => {
        await page.goto(at(path()));
        assert.equal(page.url(), at(path()));
        for (const summary of await page.locator('summary').all()) await summary.click();
        await check(page);
      }));
  }

  it('breaks none where there is nothing', () =>
    as(none, {}, async (page) => {
      for (const path of [
        '/admin',
        '/admin/people?state=disabled',
        '/admin/audit?type=tier.removed',
        '/admin/search',
      ]) {
        await page.goto(at(path));
        await check(page);
      }
    }));
});

describe('the console in Chromium', () => {
  it('is entered for the first time with a password, a code and a new passkey, and with a touch after that', async () => {
    const id = await somebody(app, 'first@x.test');
    await app.parts.access.assign(`user:${id}`, 'administrator', 'cli');
    const context = await browser.newContext();
    await visit(await context.newPage(), async (page) => {
      await offersNone(page);
      await Device.plugIn(page, 'passkey');
      await page.goto(at('/admin/people'));
      await enter(page, 'first@x.test');
      await page.locator('#code').fill(await app.parts.enrolmentCodes.issue(id, 'cli'));
      await page.locator('main button.primary').click();
      await button(page, 'Set up a passkey or security key').click();
      await button(page, 'I have kept them, continue').click();
      await page.getByRole('heading', { level: 1, name: 'People' }).waitFor();
      await page.context().clearCookies();
      await page.goto(at('/admin'));
      await button(page, 'Use a passkey').click();
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    });
    await context.close();
  });

  it('works by keyboard: / searches, and enter opens what was found', () =>
    as(ada, {}, async (page) => {
      await page.goto(at('/admin'));
      await page.keyboard.press('/');
      await page.keyboard.type('Application 7');
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'Application 7', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: 'Application 7' }).waitFor();
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the content');
    }));

  it('works without scripts: an application is approved where it is listed, and one is rejected', () =>
    as(ada, { javaScriptEnabled: false }, async (page) => {
      await page.goto(at('/admin/applications?state=pending'));
      await page.getByRole('button', { name: /^Approve.*Application 10$/ }).click();
      await page.getByRole('status').getByText('Application 10 is approved.').waitFor();
      await page.goto(at('/admin/applications'));
      await page.locator('li').filter({ hasText: 'app-15' }).getByLabel('Reason').fill('unknown');
      await page.getByRole('button', { name: /^Reject.*Application 15$/ }).click();
      await page.getByText('Application 15 is rejected.').waitFor();
      const { state, reason } = (await app.parts.clients.get('app-15')) ?? {};
      assert.deepEqual([state, reason], ['rejected', 'unknown']);
    }));

  it('shows a new secret once, with a button that copies it', () =>
    as(ada, {}, async (page) => {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.goto(at('/admin/applications/app-1/rotate'));
      await button(page, 'Make a new secret').click();
      await page.getByRole('button', { name: 'Copy' }).last().click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      const secret = await page.locator('#client-secret').textContent();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
      await check(page);
      await page.getByRole('link', { name: 'I have kept it' }).click();
      assert.ok(!(await page.content()).includes(String(secret)));
    }));
});
