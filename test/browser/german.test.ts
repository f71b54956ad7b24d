import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { telling } from '../support/shown.ts';
import { authorization } from '../support/signing-in.ts';

let app: TestApp;
let browser: Browser;
const phone = settings.filter(({ width }) => width === 320);

before(async () => {
  app = await startApp();
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
});
after(async () => {
  await browser.close();
  await app.close();
});

async function inGerman(look: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ locale: 'de-AT', viewport: { width: 320, height: 640 } });
  try {
    const page = await context.newPage();
    await telling(context, () => look(page));
  } finally {
    await context.close();
  }
}

async function checkOnPhone(page: Page): Promise<void> {
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  for (const setting of phone) await checkPage(page, setting);
}

async function enter(page: Page, password: string): Promise<void> {
  await page.getByLabel('E-Mail-Adresse').fill('alice@example.test');
  await page.getByLabel('Passwort').fill(password);
  await page.getByRole('button', { name: 'Anmelden' }).click();
}

const aliceId = async () => (await app.parts.users.byEmail('alice@example.test'))?.id ?? '';

describe('pages in German, whose words are long, on a small phone', () => {
  it('break no rule of WCAG 2.2 AA and cut nothing off, from the first one to the sign-out', () =>
    inGerman(async (page) => {
      await page.goto(authorization(app, { client_id: 'demo-spa', redirect_uri: 'http://localhost:8080/spa' }));
      await checkOnPhone(page);
      await page.goto(
        authorization(app, { scope: 'openid profile email orders:read orders:write', prompt: 'consent' }),
      );
      await enter(page, 'wrong');
      await page.getByRole('alert').waitFor();
      await checkOnPhone(page);
      await page.getByLabel('Passwort').fill(app.password('alice@example.test'));
      await page.getByRole('button', { name: 'Anmelden' }).click();
      await page.getByText('Einzelheiten').click();
      await checkOnPhone(page);
      await page.goto(`${app.issuer}/oauth2/logout?client_id=demo-web`);
      await checkOnPhone(page);
      await page.getByRole('button', { name: 'Abmelden' }).click();
      await page.getByRole('heading', { name: 'Sie sind abgemeldet' }).waitFor();
      await checkOnPhone(page);
    }));

  it('hold in the account too, where there is more on each page', () =>
    inGerman(async (page) => {
      // Whoever has a language in their profile has the pages in that one.
      await app.parts.users.change(await aliceId(), { profile: { locale: 'de' } }, 'cli');
      await page.goto(`${app.issuer}/account`);
      await enter(page, app.password('alice@example.test'));
      await page.getByRole('heading', { name: 'Profil', exact: true }).waitFor();
      for (const room of ['profile', 'password', 'factors', 'factors/totp', 'sessions', 'providers', 'data/delete']) {
        await page.goto(`${app.issuer}/account/${room}`);
        assert.equal(await page.locator('html').getAttribute('lang'), 'de', room);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320, room);
      }
      await page.goto(`${app.issuer}/account/factors`);
      await checkOnPhone(page);
    }));

  it('can be had in English by one button, which leads back to the same page', () =>
    inGerman(async (page) => {
      await page.goto(authorization(app));
      const { pathname } = new URL(page.url());
      await page.getByRole('button', { name: 'English' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Sign in to' }).waitFor();
      assert.equal(new URL(page.url()).pathname, pathname);
      await page.goto(app.issuer);
      await page.getByRole('heading', { name: 'This is a sign-in service' }).waitFor();
    }));
});
