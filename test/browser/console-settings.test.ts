import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { type Browser, chromium } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumPath } from '../support/chromium.ts';
import { type Administrator, atConsole, lend } from '../support/console.ts';

const longName = 'Amalgamated Consolidated Holdings International, partners of the northern department';

let app: TestApp;
let browser: Browser;
let ada: Administrator;
before(async () => {
  app = await startApp({ SALLYPORT_OUTGOING_ALLOW_PRIVATE: 'true' });
  ada = await atConsole(app, 'ada@x.test');
  const { access, mfaPolicies, organizations, webhooks } = app.parts;
  await organizations.add({ id: 'acme', name: longName, domains: ['unproven.test'], connections: [] }, 'cli');
  await organizations.join('acme', `user:${ada.id}`, 'cli');
  await access.saveRole({ id: 'local', permissions: ['urn:sallyport:admin#users:read'], includes: [] }, 'cli');
  await access.assign(`user:${ada.id}`, 'local', 'cli', { organization: 'acme' });
  await mfaPolicies.change('domain:unproven.test', { secondFactor: 'required', grace: 86_400 }, 'cli');
  await webhooks.add({ url: `https://siem.example.test/${'a-long-path/'.repeat(8)}`, events: ['client.*'] }, 'cli');
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', '--disable-gpu'] });
});
after(async () => {
  await browser.close();
  await app.close();
});

it('the settings break no rule of WCAG 2.2 AA, in the light and the dark, on a small phone and on a desk', async () => {
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  await lend(ada, context, app.issuer);
  const page = await context.newPage();
  const [webhook] = await app.parts.webhooks.list();
  for (const path of [
    ...['organizations/acme', 'organizations/acme/members', 'second-factors/domain:unproven.test/edit'],
    ...[`webhooks/${webhook?.id}`, 'server'],
  ]) {
    await page.goto(`${app.issuer}/admin/settings/${path}`);
    assert.deepEqual([await page.locator('main').count(), await page.locator('h1').count()], [1, 1], path);
    for (const setting of settings) await checkPage(page, setting, setting.width === 320 ? 44 : 34);
  }
  await context.close();
});
