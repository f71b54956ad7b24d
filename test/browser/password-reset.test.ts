import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { type MailServer, startMailServer } from '../support/mail.ts';

const old = 'the password that was forgotten';
const fresh = 'four rivers beside one lamp';

let app: TestApp;
let server: MailServer;
let chrome: Browser;
before(async () => {
  server = await startMailServer();
  app = await startApp({ SALLYPORT_MAIL_URL: server.url });
  chrome = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
});
after(async () => {
  await chrome.close();
  await app.close();
  await server.stop();
});

let count = 0;
function email(): string {
  count += 1;
  return `somebody.with.a.really.long.name.${count}@department.of.something.with.a.long.name.example.test`;
}

async function link(address: string): Promise<string> {
  for (let wanted = 1; ; wanted += 1) {
    const mails = await server.arrived(wanted);
    const mail = mails.find(({ to, text }) => to.includes(address) && text.includes('/account/reset/'));
    if (mail) return /^http\S+\/account\/reset\/\S+$/m.exec(mail.text)?.[0] ?? '';
  }
}

async function check(page: Page, language: string): Promise<void> {
  // The words of another language can only be too long.
  const some = language === 'en' ? settings : settings.slice(0, 1);
  for (const setting of some) await checkPage(page, setting);
  assert.ok((await page.content()).length < 30_000);
}

for (const language of ['en', 'de']) {
  describe(`a forgotten password, in a browser (${language})`, () => {
    it('every page is fit for everybody: narrow, dark, with long names', async () => {
      const address = email();
      await app.parts.users.add({ email: address, password: old, profile: { locale: language } }, 'cli');
      const context = await chrome.newContext({ locale: language });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => /Content.Security/i.test(message.text()) && complaints.push(message.text()));
      await page.goto(`${app.issuer}/account/forgot?client=demo-web`);
      await check(page, language);
      await page.locator('#identifier').fill(address);
      await page.locator('button.primary').click();
      await page.getByRole('status').waitFor();
      await check(page, language);
      await page.goto(await link(address));
      await check(page, language);
      await page.locator('#password').fill('too short');
      await page.locator('button.primary').click();
      await page.getByRole('alert').waitFor();
      await check(page, language);
      await page.locator('#password').fill(fresh);
      await page.locator('button.primary').click();
      await page.getByRole('status').waitFor();
      await check(page, language);
      await page.goto(await link(address));
      await check(page, language);
      assert.equal(await page.evaluate(() => document.documentElement.lang), language);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  });
}

describe('a forgotten password, by keyboard and without scripts', () => {
  it('is set anew', async () => {
    const address = email();
    await app.parts.users.add({ email: address, password: old }, 'cli');
    const context = await chrome.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${app.issuer}/account/forgot`);
    // A page gives the focus a moment after it is there; what is typed before is lost.
    await page.locator('#identifier:focus').waitFor();
    await page.keyboard.type(address);
    await page.keyboard.press('Enter');
    await page.getByRole('status').waitFor();
    await page.goto(await link(address));
    await page.locator('#password:focus').waitFor();
    await page.keyboard.type(fresh);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('status').waitFor();
    assert.ok(await app.parts.users.signIn(address, fresh));
    await context.close();
  });
});
