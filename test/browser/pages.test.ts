import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { telling } from '../support/shown.ts';
import { authorization } from '../support/signing-in.ts';

let app: TestApp;
let browser: Browser;
const email = 'a.person.with.a.really.long.address@department.of.something.example.test';
const password = 'a lamp beside four rivers';
const loopback = 'http://127.0.0.1:1/cb';

before(async () => {
  app = await startApp();
  await app.parts.users.add({ email, password }, 'cli');
  await app.parts.clients.add(
    {
      ...{ id: 'native', name: 'An application with a remarkably long name, from somebody nobody knows' },
      registrar: 'demo-registrar',
      metadata: {
        ...{ application_type: 'native', token_endpoint_auth_method: 'none', redirect_uris: ['http://127.0.0.1/cb'] },
        ...{ client_uri: 'https://native.example.test/', policy_uri: 'https://native.example.test/privacy' },
      },
    },
    'cli',
  );
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
});
after(async () => {
  await browser.close();
  await app.close();
});

const native = () =>
  authorization(app, {
    ...{ client_id: 'native', redirect_uri: loopback },
    scope: 'openid profile email orders:read orders:write',
  });

async function enter(page: Page, typed = password): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(typed);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Every page there is, and how a person gets there. */
const pages: Record<string, (page: Page) => Promise<unknown>> = {
  home: (page) => page.goto(app.issuer),
  identify: (page) => page.goto(native()),
  'identify with an error': async (page) => {
    await page.goto(native());
    await page.getByLabel('E-mail address').fill(' ');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
  },
  'wrong password': async (page) => {
    await page.goto(native());
    await enter(page, 'wrong');
    await page.getByText('Not you?').waitFor();
  },
  consent: async (page) => {
    await page.goto(native());
    await enter(page);
    await page.getByText('Details').click();
  },
  'sign out': async (page) => {
    await pages.consent?.(page);
    await page.goto(`${app.issuer}/oauth2/logout?client_id=demo-web`);
  },
  'still signed in': async (page) => {
    await pages['sign out']?.(page);
    await page.getByRole('button', { name: 'Stay signed in' }).click();
  },
  'signed out': async (page) => {
    await pages['sign out']?.(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  },
  'sign-in that has ended': (page) => page.goto(`${app.issuer}/signin/never`),
  'error of an application': (page) => page.goto(authorization(app, { redirect_uri: 'https://evil.example/' })),
  'address where nothing is': (page) => page.goto(`${app.issuer}/nowhere`),
};

async function visit(
  options: BrowserContextOptions,
  way: (page: Page) => Promise<unknown>,
  look: (page: Page) => Promise<void>,
) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const blocked: string[] = [];
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) blocked.push(message.text());
  });
  try {
    await telling(context, async () => {
      await way(page);
      await look(page);
    });
    assert.deepEqual(blocked, []);
  } finally {
    await context.close();
  }
}

describe('every page, in the light and the dark, on a small phone and on a desk', () => {
  for (const [name, way] of Object.entries(pages)) {
    it(`breaks no rule of WCAG 2.2 AA, cuts nothing off, and is easy to hit: ${name}`, () =>
      visit({ reducedMotion: 'reduce' }, way, async (page) => {
        for (const setting of settings) await checkPage(page, setting);
        assert.equal(await page.locator('main').count(), 1);
        assert.equal(await page.locator('h1').count(), 1);
      }));
  }
});

describe('a page at four times its size', () => {
  it('is the page of a phone, with nothing lost (WCAG 1.4.10)', () =>
    visit(
      { viewport: { width: 320, height: 256 } },
      (page) => pages.consent?.(page) ?? Promise.resolve(),
      async (page) => {
        await page.getByRole('button', { name: 'Allow' }).scrollIntoViewIfNeeded();
        assert.ok(await page.getByRole('button', { name: 'Allow' }).isVisible());
      },
    ));
});

describe('a page in forced colours', () => {
  it('still shows where one is and what can be pressed', () =>
    visit(
      { forcedColors: 'active' },
      (page) => page.goto(native()),
      async (page) => {
        const focused = await page.getByLabel('E-mail address').evaluate((field) => {
          const { outlineStyle, outlineWidth } = getComputedStyle(field);
          return `${outlineStyle} ${outlineWidth}`;
        });
        assert.equal(focused, 'solid 2px');
        const border = await page
          .getByRole('button', { name: 'Sign in' })
          .evaluate((button) => getComputedStyle(button).borderTopWidth);
        assert.equal(border, '2px');
      },
    ));
});
