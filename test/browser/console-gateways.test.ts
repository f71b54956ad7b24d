import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { atConsole, lend } from '../support/console.ts';
import { basic, post } from '../support/oauth.ts';

let app: TestApp;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
before(async () => {
  app = await startApp();
  const ada = await atConsole(app, 'ada@x.test');
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
  const context = await browser.newContext({
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await lend(ada, context, app.issuer);
  page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
});
after(async () => {
  await browser.close();
  await app.close();
});

/** What is dense on a desk is still easy to hit on a phone. */
async function check(): Promise<void> {
  await page.locator('main details').evaluateAll((all) => {
    for (const one of all) one.setAttribute('open', '');
  });
  for (const setting of settings) await checkPage(page, setting, setting.width === 320 ? 44 : 34);
}

describe('gateways in the console in Chromium', () => {
  it('are found, configured, copied and tried, and break no rule of WCAG 2.2 AA', async () => {
    await page.goto(`${app.issuer}/admin/gateways`);
    await check();
    await page.getByRole('link', { name: 'Kong Gateway' }).click();
    await page.locator('#client').selectOption('demo-gateway');
    await page.getByRole('button', { name: 'Show the configuration' }).click();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByText('Copied').waitFor();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^# kong: [\s\S]*PUT-THE-SECRET-HERE/);
    await check();
    const form = { grant_type: 'client_credentials', resource: 'https://api.example.test/orders' };
    const { body } = await post(`${app.issuer}/oauth2/token`, form, basic(app.client('demo-service')));
    await page.locator('#token').fill(body.access_token);
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByText('200 Let through').waitFor();
    await check();
    assert.deepEqual(complaints, []);
  });
});
