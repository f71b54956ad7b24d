import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { atConsole, lend } from '../support/console.ts';
import { connect, password, person, startProvider } from '../support/federation.ts';

const name = 'Partner access of the Amalgamated Consolidated Holdings International, production';
const email = 'ana.with.a.long.name.of.many.parts@corp.test';

let home: TestApp;
let provider: TestApp;
let browser: Browser;
before(async () => {
  [home, provider] = await Promise.all([startApp(), startProvider()]);
  const groupRules = Array.from({ length: 12 }, (_, at) => ({
    upstream: `cn=department-of-something-quite-long-${at},ou=groups,dc=corp,dc=test`,
    role: at % 2 === 0 ? 'orders-editor' : 'orders-reader',
  }));
  await connect(home, provider, 'corp', {
    name,
    groupRules,
    state: 'disabled',
    domains: ['a-long-domain-name.corp.test'],
  });
  await person(provider, email, { profile: { name: 'Ana' } });
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
});
after(async () => {
  await browser.close();
  await Promise.all([home.close(), provider.close()]);
});

async function check(page: Page): Promise<void> {
  assert.ok((await page.content()).length < 80_000);
  assert.equal(await page.locator('h1').count(), 1);
  await page.locator('details').evaluateAll((all) => {
    for (const one of all) one.setAttribute('open', '');
  });
  for (const setting of settings) await checkPage(page, setting, setting.width === 320 ? 44 : 34);
}

describe('connecting a provider in Chromium', () => {
  it('copies what has to be entered, tests in a window of its own, previews, and breaks no rule of WCAG 2.2 AA', async () => {
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    await lend(await atConsole(home, 'ada@x.test'), context, home.issuer);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${home.issuer}/admin/connections/new`);
    await page.getByRole('link', { name: 'Microsoft Entra ID, by SAML' }).click();
    await check(page);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy Entity ID' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, `${home.issuer}/federation/entra/metadata`);

    await page.goto(`${home.issuer}/admin/connections/corp/setup`);
    const doctor = context.waitForEvent('page');
    await page.getByRole('button', { name: 'Test in a new window' }).click();
    const window = await doctor;
    await window.getByRole('button', { name: 'Start the test' }).click();
    await window.getByLabel('E-mail address').fill(email);
    await window.getByLabel('Password').fill(password);
    await window.locator('button.primary').click();
    await window.getByText('What came, and what was checked').waitFor();
    await page.getByRole('link', { name: 'Show what came of it' }).click();
    await page.getByText('The last test went well').waitFor();
    assert.match(await page.locator('#claims').inputValue(), new RegExp(email));
    await page.getByRole('button', { name: 'Show what would come of it' }).click();
    await page.getByRole('heading', { name: 'Who this would be here' }).last().waitFor();
    await check(page);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
