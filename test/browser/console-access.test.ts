import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { atConsole, lend } from '../support/console.ts';
import { button } from '../support/portal.ts';

const depot = 'https://api.example.test/depot/of/the/amalgamated/consolidated/holdings';
const names = Array.from(
  { length: 40 },
  (_, at) => `${at % 7 === 0 ? 'goods-of-the-amalgamated-holdings' : 'goods'}:${at}`,
);

let app: TestApp;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
before(async () => {
  app = await startApp();
  const { access } = app.parts;
  const made = { permissions: names, tokenFormat: 'opaque', signingAlg: 'RS256', routes: [] } as const;
  await access.saveApi({ ...made, id: depot, permissions: names, routes: [] }, 'cli');
  for (let at = 0; at < 50; at += 1) {
    const id =
      at === 0 ? 'a-role-with-the-longest-name-that-anybody-at-the-holdings-has-thought-of-so-far' : `role-${at}`;
    const permissions = names.filter((_, n) => (n + at * 3) % 13 === 0).map((name) => `${depot}#${name}`);
    await access.saveRole({ id, permissions, includes: at > 1 && at % 4 === 0 ? [`role-${at - 1}`] : [] }, 'cli');
  }
  await access.assign('client:demo-service', 'role-12', 'cli');
  const ada = await atConsole(app, 'ada.with.quite.a.long.address@department.example.test');
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  await lend(ada, context, app.issuer);
  page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
});
after(async () => {
  await browser.close();
  await app.close();
});

const open = (path: string) => page.goto(`${app.issuer}${path}`);

async function check(): Promise<void> {
  assert.ok((await page.content()).length < 80_000);
  assert.deepEqual([await page.locator('main').count(), await page.locator('h1').count()], [1, 1]);
  for (const setting of settings) await checkPage(page, setting, setting.width === 320 ? 44 : 34);
}

describe('the room Access in Chromium', () => {
  it('breaks no rule of WCAG 2.2 AA with fifty roles and forty permissions, and keeps names in sight', async () => {
    await open(`/admin/access?api=${encodeURIComponent(depot)}`);
    await check();
    await page.setViewportSize({ width: 360, height: 700 });
    const matrix = page.getByRole('region', { name: /^Roles and the permissions/ });
    await matrix.evaluate((one) => one.scrollTo(600, 400));
    const seen = await matrix.evaluate((one) => {
      const frame = one.getBoundingClientRect();
      const cells = [
        ...one.querySelectorAll('thead th:first-child, thead th:nth-child(20), tbody tr:nth-child(12) th'),
      ];
      return cells.map((cell) => {
        const { left, top } = cell.getBoundingClientRect();
        return [Math.round(left - frame.left) <= 1, Math.round(top - frame.top) <= 1];
      });
    });
    assert.deepEqual(seen, [
      [true, true],
      [false, true],
      [true, false],
    ]);
    const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'role-12', exact: true }) });
    assert.ok((await row.getByRole('img', { name: 'own' }).count()) > 0);
    assert.ok((await row.getByRole('img', { name: 'from role-11' }).count()) > 0);
  });

  it('changes a role with boxes, a preview and no script needed, and says why', async () => {
    await open('/admin/access/roles/role-11/edit');
    const closed = page.locator('details:not([open]) > summary');
    while ((await closed.count()) > 0) await closed.first().click();
    await check();
    await page.getByLabel('goods:1', { exact: true }).check();
    await button(page, 'Preview').click();
    await page.getByRole('row', { name: 'goods:1 Gained' }).waitFor();
    await page.getByText('0 people and one client').waitFor();
    await check();
    await button(page, 'Save').click();
    await page.getByRole('status').getByText('role-11 is saved.').waitFor();
    await open(`/admin/access/why?subject=demo-service&api=${encodeURIComponent(depot)}`);
    await page.getByRole('row', { name: 'goods:1 role-12 → role-11' }).waitFor();
    await check();
    assert.deepEqual(complaints, []);
  });
});
