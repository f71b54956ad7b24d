import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { crowded, moreSessions } from '../support/crowded.ts';
import { connect, startProvider } from '../support/federation.ts';
import { telling } from '../support/shown.ts';

let app: TestApp;
let provider: TestApp;
let browser: Browser;
let full = '';
const empty = 'new@example.test';

before(async () => {
  [app, provider] = await Promise.all([startApp(), startProvider()]);
  await connect(app, provider, 'corp', { name: 'Corp SSO of a company with a name that goes on and on' });
  full = await crowded(app);
  await somebody(app, empty, { profile: { locale: 'de' } });
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
});
after(async () => {
  await browser.close();
  await Promise.all([app.close(), provider.close()]);
});

const rooms = ['profile', 'email', 'password', 'sessions', 'applications', 'providers', 'history', 'data'];
const questions = ['sessions/end', 'data/delete'];
/** Pages that differ little are looked at in two of the four. */
const [lightPhone, darkPhone, lightDesk, darkDesk] = settings;
const at = (path: string) => `${app.issuer}/account/${path}`;

async function signIn(page: Page, email: string): Promise<void> {
  await page.goto(at('profile'));
  await page.locator('#identifier').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('main button.primary').click();
  await page.locator('nav.rooms').waitFor();
}

interface Visit {
  page: Page;
  context: BrowserContext;
  /** What was blocked so far. */
  blocked: string[];
}

/** One person's browser, who is signed in. */
async function open(email: string, options: BrowserContextOptions): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const blocked: string[] = [];
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) blocked.push(message.text());
  });
  await signIn(page, email);
  return { page, context, blocked };
}

/** The same for one walk, in which nothing may be blocked. */
async function as(
  email: string,
  options: BrowserContextOptions,
  deed: (page: Page, context: BrowserContext) => Promise<void>,
) {
  const { page, context, blocked } = await open(email, options);
  try {
    await telling(context, () => deed(page, context));
    assert.deepEqual(blocked, []);
  } finally {
    await context.close();
  }
}

describe('every page of the account, in the light and the dark, on a small phone and on a desk', () => {
  let crowd: Visit;
  let nobody: Visit;
  before(async () => {
    [crowd, nobody] = [await open(full, { reducedMotion: 'reduce' }), await open(empty, { reducedMotion: 'reduce' })];
  });
  after(() => Promise.all([crowd.context.close(), nobody.context.close()]));

  for (const path of [...rooms, ...questions]) {
    const looks = rooms.includes(path) ? settings : [lightPhone, darkDesk];
    it(`breaks no rule of WCAG 2.2 AA with fifty of everything and the longest names: ${path}`, async () => {
      const { page, blocked } = crowd;
      if (path === 'sessions') await moreSessions(app, full, 50);
      await page.goto(at(path));
      assert.ok((await page.content()).length < 30_000);
      for (const setting of looks) await checkPage(page, setting);
      assert.deepEqual(blocked, []);
    });
  }

  for (const path of ['sessions', 'applications', 'providers', 'history']) {
    it(`breaks none with nothing in it, in German: ${path}`, async () => {
      const { page, blocked } = nobody;
      await page.goto(at(path));
      assert.equal(await page.locator('html').getAttribute('lang'), 'de');
      for (const setting of [darkPhone, lightDesk]) await checkPage(page, setting);
      assert.deepEqual(blocked, []);
    });
  }

  it('breaks none where something is wrong, and where something was done', () =>
    as(empty, { reducedMotion: 'reduce' }, async (page) => {
      await page.goto(at('profile'));
      await page.locator('#phone_number').fill('?');
      await page.locator('main button.primary').click();
      await page.getByRole('alert').first().waitFor();
      for (const setting of [darkPhone, lightDesk]) await checkPage(page, setting);
      await page.locator('#phone_number').fill('+49 30 1234');
      await page.locator('main button.primary').click();
      await page.getByRole('status').waitFor();
      for (const setting of [darkPhone, lightDesk]) await checkPage(page, setting);
    }));
});

describe('the account by keyboard alone', () => {
  /** Presses Tab until this has the focus, which has to be seen. */
  async function tabTo(page: Page, name: RegExp): Promise<void> {
    for (let count = 0; count < 60; count += 1) {
      await page.keyboard.press('Tab');
      const focused = page.locator(':focus');
      const text = `${await focused.textContent()} ${(await focused.getAttribute('id')) ?? ''}`;
      assert.equal(await focused.evaluate((element) => getComputedStyle(element).outlineStyle), 'solid', text);
      if (name.test(text)) return;
    }
    assert.fail(`Tab does not come to ${name}`);
  }

  it('goes past the list of rooms, through a form, and to the end of another session', () =>
    as(full, {}, async (page) => {
      await page.goto(at('profile'));
      await tabTo(page, /Skip to the content/);
      await page.keyboard.press('Enter');
      await tabTo(page, /Change/);
      await tabTo(page, /nickname/);
      await page.keyboard.type('Wolf');
      await page.keyboard.press('Enter');
      await page.getByRole('status').waitFor();
      assert.equal(await page.locator('#nickname').inputValue(), 'Wolf');
      await page.goto(at('profile'));
      await tabTo(page, /^Sessions/);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Sessions' }).waitFor();
      await tabTo(page, /^End:/);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'End the session' }).waitFor();
      await tabTo(page, /^End /);
      await page.keyboard.press('Enter');
      await page.getByRole('status').waitFor();
    }));
});

describe('the account in forced colours, and at four times its size', () => {
  it('still shows where one is and what can be pressed', () =>
    as(full, { forcedColors: 'active' }, async (page) => {
      const current = page.locator('nav.rooms [aria-current]');
      const other = page.locator('nav.rooms a:not([aria-current])').first();
      const edge = (element: Element) => getComputedStyle(element).borderLeftColor;
      assert.notEqual(await current.evaluate(edge), await other.evaluate(edge));
      const width = await page
        .getByRole('button', { name: 'Save' })
        .evaluate((button) => getComputedStyle(button).borderTopWidth);
      assert.equal(width, '2px');
    }));

  it('loses nothing (WCAG 1.4.10)', () =>
    as(full, { viewport: { width: 320, height: 256 } }, async (page) => {
      await page.getByRole('button', { name: 'Save' }).scrollIntoViewIfNeeded();
      assert.ok(await page.getByRole('button', { name: 'Save' }).isVisible());
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    }));
});

describe('a form whose sign-in has become too old', () => {
  it('goes on through the sign-in and loses nothing, though forms may not lead away from here', async (t) => {
    await somebody(app, 'slow@example.test');
    await as('slow@example.test', {}, async (page) => {
      await page.goto(at('email'));
      await page.locator('#email').fill('typed@example.test');
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 301_000 });
      await page.getByRole('button', { name: 'Send the link' }).click();
      await page.getByRole('link', { name: 'Sign in again' }).click();
      await page.locator('#password').fill(password);
      await page.locator('main button.primary').click();
      await page.locator('#email').waitFor();
      assert.equal(await page.locator('#email').inputValue(), 'typed@example.test');
    });
  });

  it('connects a provider on another host, and signs out, with nothing blocked on the way', () =>
    as(full, {}, async (page) => {
      const user = await app.parts.users.byEmail(full);
      await app.parts.identities.forget({ user: user?.id ?? '' }, 'cli');
      await app.parts.users.change(user?.id ?? '', { emailVerified: true }, 'cli');
      await page.goto(at('providers'));
      await page.locator('a[href*="connect?connection=corp"]').click();
      await page.waitForURL((url) => url.origin === new URL(provider.issuer).origin);
      await page.goto(at('providers'));
      await page.getByRole('link', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      await page.goto(at('profile'));
      await page.locator('#identifier').waitFor();
    }));
});
