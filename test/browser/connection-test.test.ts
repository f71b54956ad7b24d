import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { beginTest } from '../support/connection-test.ts';
import { connect, password, person, startProvider } from '../support/federation.ts';
import { telling } from '../support/shown.ts';
import { type Directory, startSlapd } from '../support/slapd.ts';

const email = 'ana.with.a.really.long.name.of.many.parts@department.of.something.corp.example';
const entry = 'dn: dc=example,dc=test\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n';

let home: TestApp;
let provider: TestApp;
let directory: Directory;
let browser: Browser;
before(async () => {
  [home, provider, directory] = await Promise.all([startApp(), startProvider(), startSlapd(entry)]);
  const name = 'The sign-in of a corporation with a remarkably long name';
  await connect(home, provider, 'corp', { name, state: 'disabled' });
  await connect(home, provider, 'strict', { name, mfa: 'require', evidence: [{ amrAnyOf: ['mfa'], level: '2fa' }] });
  await home.parts.connections.add(
    {
      ...{ id: 'staff', name: 'Staff directory', preset: 'generic-ldap', from: `${directory.ldap}/dc=example,dc=test` },
      ...{ certificateAuthority: directory.authority.certificate, bindDn: '', bindPassword: undefined },
    },
    'cli',
  );
  await person(provider, email);
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
});
after(async () => {
  await browser.close();
  await Promise.all([home.close(), provider.close(), directory.stop()]);
});

async function visit(options: BrowserContextOptions, walk: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await telling(context, () => walk(page));
  assert.deepEqual(complaints, []);
  await context.close();
}

const open = async (page: Page, id: string) => page.goto((await beginTest(home, id)).link);

async function signIn(page: Page, id: string): Promise<void> {
  await open(page, id);
  await page.getByRole('button', { name: 'Start the test' }).click();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.locator('button.primary').click();
  await page.getByText('What came, and what was checked').waitFor();
  for (const summary of await page.locator('summary').all()) await summary.click();
}

/** Every page of a test, and how an administrator gets there. */
const pages: Record<string, (page: Page) => Promise<unknown>> = {
  start: async (page) => {
    await open(page, 'corp');
    for (const summary of await page.locator('summary').all()) await summary.click();
  },
  'start with a directory': (page) => open(page, 'staff'),
  'report of a sign-in that works': (page) => signIn(page, 'corp'),
  'report of a sign-in that does not': (page) => signIn(page, 'strict'),
};

describe('every page of a test, in the light and the dark, on a small phone and on a desk', () => {
  for (const [name, way] of Object.entries(pages)) {
    it(`breaks no rule of WCAG 2.2 AA, cuts nothing off, and is easy to hit: ${name}`, () =>
      visit({ reducedMotion: 'reduce' }, async (page) => {
        await way(page);
        for (const setting of settings) await checkPage(page, setting);
        assert.equal(await page.locator('main').count(), 1);
        assert.equal(await page.locator('h1').count(), 1);
      }));
  }
});

describe('a test in Chromium', () => {
  it('works without scripts, from the link to the report', () =>
    visit({ javaScriptEnabled: false }, async (page) => {
      await signIn(page, 'corp');
      assert.match((await page.getByRole('heading', { level: 1 }).textContent()) ?? '', /works$/);
      assert.match(page.url(), /\/test\/[\w-]+$/);
    }));

  it('tells what to change as an alert, and every check in words', () =>
    visit({}, async (page) => {
      await signIn(page, 'strict');
      assert.match((await page.getByRole('alert').textContent()) ?? '', /What to change: Ask for a second factor/);
      const failed = page.getByRole('listitem').filter({ hasText: 'Failed:' });
      assert.match((await failed.textContent()) ?? '', /second factor at the provider/);
    }));
});
