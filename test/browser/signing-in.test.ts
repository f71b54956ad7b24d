import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { telling } from '../support/shown.ts';
import { authorization } from '../support/signing-in.ts';

let app: TestApp;
let browser: Browser;

/** An application elsewhere: says how it was answered, and shows any address in a frame. */
const client = createServer(async (incoming, outgoing) => {
  const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://client');
  const answer = incoming.method === 'POST' ? new URLSearchParams(await text(incoming)) : searchParams;
  const frame = pathname === '/frame' ? `<iframe src="${searchParams.get('of')}"></iframe>` : '';
  const said = answer.get('error') ?? (answer.has('code') ? 'code' : 'nothing');
  outgoing.setHeader('content-type', 'text/html');
  outgoing.end(`<h1>${incoming.method} ${said}</h1>${frame}`);
}).listen(0, '127.0.0.1');
await once(client, 'listening');
const origin = `http://127.0.0.1:${(client.address() as AddressInfo).port}`;
const redirect = { client_id: 'portal', redirect_uri: `${origin}/cb` };

before(async () => {
  app = await startApp();
  const metadata = { redirect_uris: [redirect.redirect_uri], post_logout_redirect_uris: [`${origin}/out`] };
  await app.parts.clients.add({ id: 'portal', name: 'Orders portal', metadata }, 'cli');
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
});
after(async () => {
  await browser.close();
  await app.close();
  client.close().closeAllConnections();
});

async function visit(options: BrowserContextOptions, walk: (page: Page) => Promise<void>): Promise<string[]> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.route(`${origin}/favicon.ico`, (route) => route.fulfill({ status: 204 }));
  await telling(context, () => walk(page));
  await context.close();
  return complaints;
}

const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();

async function enter(page: Page): Promise<void> {
  await page.getByLabel('E-mail address').fill('alice@example.test');
  await page.getByLabel('Password').fill(app.password('alice@example.test'));
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe('a sign-in in Chromium', () => {
  for (const [mode, method] of [
    ['query', 'GET'],
    ['form_post', 'POST'],
  ] as const) {
    it(`comes back by ${mode}, and the policy of our pages blocks nothing (sec-007)`, async () => {
      const complaints = await visit({}, async (page) => {
        await page.goto(authorization(app, { ...redirect, response_mode: mode, prompt: 'consent' }));
        await enter(page);
        await page.getByRole('button', { name: 'Allow' }).click();
        await page.waitForURL(`${origin}/cb**`);
        assert.equal(await heading(page), `${method} code`);
      });
      assert.deepEqual(complaints, []);
    });
  }

  it('works without JavaScript, to the form that goes back', async () => {
    await visit({ javaScriptEnabled: false }, async (page) => {
      await page.goto(authorization(app, { ...redirect, response_mode: 'form_post', prompt: 'consent' }));
      await enter(page);
      await page.getByRole('button', { name: 'Allow' }).click();
      assert.equal(await heading(page), 'One moment');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.waitForURL(`${origin}/cb`);
      assert.equal(await heading(page), 'POST code');
    });
  });

  it('works by keyboard alone, and shows where one is', async () => {
    await visit({}, async (page) => {
      await page.goto(authorization(app, { ...redirect, prompt: 'consent' }));
      const { keyboard } = page;
      const focus = () =>
        page.evaluate(() => {
          const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
          const name = document.activeElement?.getAttribute('name') ?? document.activeElement?.textContent;
          return `${name} ${outlineStyle} ${outlineWidth}`;
        });
      await page.locator('[name=identifier]:focus').waitFor();
      assert.equal(await focus(), 'identifier solid 2px');
      await keyboard.type('alice@example.test');
      await keyboard.press('Tab');
      assert.equal(await focus(), 'password solid 2px');
      await keyboard.type('not this one');
      await keyboard.press('Tab');
      assert.equal(await focus(), 'Sign in solid 2px');
      await keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      await page.locator('[name=password]:focus').waitFor();
      assert.equal(await focus(), 'password solid 2px');
      await keyboard.type(app.password('alice@example.test'));
      await keyboard.press('Enter');
      await page.getByRole('button', { name: 'Allow' }).waitFor();
      for (let presses = 0; !(await focus()).startsWith('decision'); presses += 1) {
        assert.ok(presses < 10);
        await keyboard.press('Tab');
        assert.match(await focus(), / solid 2px$/);
      }
      await keyboard.press('Enter');
      await page.waitForURL(`${origin}/cb**`);
      assert.equal(await heading(page), 'GET code');
    });
  });

  it('tells the application when the person denies', async () => {
    await visit({}, async (page) => {
      await page.goto(authorization(app, { ...redirect, prompt: 'consent' }));
      await enter(page);
      await page.getByRole('button', { name: 'Deny' }).click();
      await page.waitForURL(`${origin}/cb**`);
      assert.equal(await heading(page), 'GET access_denied');
    });
  });

  it('survives the back button and a second tab', async () => {
    await visit({}, async (page) => {
      await page.goto(authorization(app, { ...redirect, prompt: 'consent' }));
      const second = await page.context().newPage();
      await second.goto(page.url());
      await enter(page);
      await page.getByRole('button', { name: 'Allow' }).waitFor();
      await enter(second);
      assert.equal(await heading(second), 'This sign-in has ended');
      await page.goBack();
      assert.equal(await heading(page), 'This sign-in has ended');
      await page.goForward();
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.waitForURL(`${origin}/cb**`);
      assert.equal(await heading(page), 'GET code');
    });
  });

  it('ends with a logout that goes back to the application', async () => {
    const complaints = await visit({}, async (page) => {
      await page.goto(authorization(app, { ...redirect, prompt: 'consent' }));
      await enter(page);
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.waitForURL(`${origin}/cb**`);
      const out = new URLSearchParams({ client_id: 'portal', post_logout_redirect_uri: `${origin}/out` });
      await page.goto(`${app.issuer}/oauth2/logout?${out}`);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL(`${origin}/out`);
      await page.goto(`${app.issuer}/oauth2/logout?${out}`);
      await page.waitForURL(`${origin}/out`);
    });
    assert.deepEqual(complaints, []);
  });
});

describe('another site in Chromium', () => {
  it('cannot show a page of ours in a frame (sec-024)', async () => {
    for (const address of [authorization(app, redirect), `${app.issuer}/signin/never`, `${app.issuer}/oauth2/logout`]) {
      await visit({}, async (page) => {
        const complaint = page.waitForEvent('console', (one) => /frame-ancestors|X-Frame-Options/.test(one.text()));
        await page.goto(`${origin}/frame?of=${encodeURIComponent(address)}`);
        await complaint;
        await page.frames()[1]?.waitForURL(/^chrome-error:/);
        assert.equal(await page.frames()[1]?.locator('main').count(), 0);
      });
    }
  });

  it('cannot sign a visitor in as somebody else (sec-043)', async () => {
    await visit({}, async (page) => {
      await page.goto(authorization(app, redirect));
      const action = page.url();
      await page.goto(`${origin}/evil`);
      await page.evaluate(
        ({ action: to, password }) => {
          const form = Object.assign(document.createElement('form'), { method: 'post', action: to });
          for (const [name, value] of Object.entries({ identifier: 'alice@example.test', password })) {
            form.append(Object.assign(document.createElement('input'), { name, value }));
          }
          document.body.append(form);
          form.submit();
        },
        { action, password: app.password('alice@example.test') },
      );
      await page.waitForURL(action);
      assert.match((await page.getByRole('alert').textContent()) ?? '', /sent from another site/);
      await page.goto(authorization(app, redirect));
      assert.equal(await heading(page), 'Sign in to Orders portal');
    });
  });
});
