import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { clientAt } from '../support/connecting.ts';
import { password, person, startProvider } from '../support/federation.ts';
import { near } from '../support/logging-out.ts';
import { button } from '../support/portal.ts';

const email = 'ana@corp.test';
const name = 'The Amalgamated Consolidated Holdings International of Partners, Department of Identity';

let home: TestApp;
let provider: TestApp;
let browser: Browser;
before(async () => {
  [home, provider] = await Promise.all([startApp(near), startProvider()]);
  await home.parts.organizations.add({ id: 'acme', name, domains: [], connections: [] }, 'cli');
  await person(provider, email);
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
});
after(async () => {
  await browser.close();
  await Promise.all([home.close(), provider.close()]);
});

async function check(page: Page): Promise<void> {
  for (const setting of settings) await checkPage(page, setting, setting.width === 320 ? 44 : 34);
  assert.equal(await page.locator('h1').count(), 1);
}

describe('a set-up link in Chromium', () => {
  it('leads a customer from the letter to the end: provider, test, people let in; and breaks no rule of WCAG 2.2 AA', async () => {
    const secret = await clientAt(provider, home, 'sso');
    const { link, key } = await home.parts.setupLinks.make({ organization: 'acme' }, 'cli');
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${home.issuer}/setup/link/${link.id}/${key}`);
    await check(page);
    await button(page, 'Begin').click();
    await page.getByText('Nothing is connected yet').waitFor();
    await check(page);
    await page.goto(`${home.issuer}/setup/new?preset=generic-oidc&id=sso`);
    await page.locator('[name=from]').fill(provider.issuer);
    await page.locator('[name=clientId]').fill('sso-client');
    await page.locator('[name=clientSecret]').fill(secret);
    await page.locator('form.edit button.primary').click();
    await page.waitForURL('**/setup/sso/setup');
    await check(page);
    const doctor = context.waitForEvent('page');
    await button(page, 'Test in a new window').click();
    const window = await doctor;
    await button(window, 'Start the test').click();
    await window.getByLabel('E-mail address').fill(email);
    await window.getByLabel('Password').fill(password);
    await window.locator('button.primary').click();
    await window.getByText('What came, and what was checked').waitFor();
    await page.goto(`${home.issuer}/setup/sso/enable`);
    await page.locator('form.edit button').first().click();
    await page.getByText('Done: ').waitFor();
    await check(page);
    assert.equal((await home.parts.connections.get('sso'))?.state, 'enabled');
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
