import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { password, somebody } from '../support/account.ts';
import { button, enter, heading, Portal } from '../support/portal.ts';
import { addTotp } from '../support/second-factor.ts';
import { codeOf } from '../support/totp.ts';

let portal: Portal;
before(async () => {
  portal = await Portal.open();
});
after(() => portal.close());

describe('the pages of second factors', () => {
  it('work without JavaScript, and then offer no passkey', async () => {
    const id = await somebody(portal.app, 'plain@x.test');
    const secret = await addTotp(portal.app, id);
    await portal.visit(
      async (page) => {
        await portal.start(page);
        assert.equal(await button(page, 'Use a passkey').isVisible(), false);
        await enter(page, 'plain@x.test');
        await page.getByLabel('Code from your authenticator app').fill(codeOf(secret));
        await button(page, 'Continue').click();
        assert.equal(await portal.arrived(page), 'code');
      },
      { javaScriptEnabled: false },
    );
  });

  it('work by keyboard alone, and show where one is', async () => {
    const id = await somebody(portal.app, 'keys@x.test');
    const secret = await addTotp(portal.app, id);
    await portal.visit(async (page) => {
      await portal.start(page);
      await enter(page, 'keys@x.test');
      await page.locator('[name=code]:focus').waitFor();
      const focus = () =>
        page.evaluate(() => {
          const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
          const name = document.activeElement?.getAttribute('name') ?? document.activeElement?.textContent;
          return `${name} ${outlineStyle} ${outlineWidth}`;
        });
      assert.equal(await focus(), 'code solid 2px');
      await page.keyboard.type(codeOf(secret));
      await page.keyboard.press('Tab');
      assert.equal(await focus(), 'remember solid 2px');
      await page.keyboard.press('Space');
      await page.keyboard.press('Tab');
      assert.equal(await focus(), 'Continue solid 2px');
      await page.keyboard.press('Enter');
      assert.equal(await portal.arrived(page), 'code');
    });
    assert.equal((await portal.app.parts.devices.list(id)).length, 1);
  });

  const lookAt = async (page: Page) => {
    for (const setting of settings) await checkPage(page, setting);
  };

  it('break no rule of accessibility when a factor is proven, on a phone and a desk, in the light and the dark', async () => {
    const id = await somebody(portal.app, 'axe@x.test');
    await addTotp(portal.app, id);
    await portal.app.parts.enrolments.renewRecoveryCodes({ id }, { ip: '::1', requestId: 'r' });
    await portal.visit(async (page) => {
      await portal.start(page);
      await enter(page, 'axe@x.test');
      await page.getByLabel('Code from your authenticator app').fill('000000');
      await button(page, 'Continue').click();
      await page.getByRole('alert').waitFor();
      await lookAt(page);
      await page.getByRole('link', { name: 'Use a recovery code' }).click();
      await page.waitForURL(/way=recovery-codes$/);
      await lookAt(page);
    });
  });

  it('nor when one is set up', async () => {
    await somebody(portal.app, 'axe-new@x.test');
    await portal.visit(async (page) => {
      await portal.start(page, { acr_values: '2fa' });
      await enter(page, 'axe-new@x.test');
      await page.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
      await lookAt(page);
      await page.getByRole('link', { name: 'Use a passkey or security key instead' }).click();
      await page.waitForURL(/way=webauthn$/);
      await lookAt(page);
    });
  });

  it('nor when recovery codes are shown', async () => {
    await somebody(portal.app, 'axe-codes@x.test');
    await portal.visit(async (page) => {
      await portal.start(page, { acr_values: '2fa' });
      await enter(page, 'axe-codes@x.test');
      const secret = ((await page.locator('.secret').textContent()) ?? '').replaceAll(' ', '');
      await page.getByLabel('Then type the code that the app shows').fill(codeOf(secret));
      await button(page, 'Continue').click();
      await page.getByRole('heading', { name: 'Keep your recovery codes' }).waitFor();
      await lookAt(page);
      await page.goto(page.url());
      await lookAt(page);
    });
  });

  it('ask for the code that lets a first factor be bound, accessibly', async () => {
    await portal.app.parts.mfaPolicies.change('client:portal', { secondFactor: 'required' }, 'cli');
    await somebody(portal.app, 'code@x.test');
    await portal.visit(async (page) => {
      await portal.start(page);
      await enter(page, 'code@x.test');
      await button(page, 'Send me the code').waitFor();
      for (const setting of settings) await checkPage(page, setting);
      await button(page, 'Send me the code').click();
      await page.getByText('The code was sent to your e-mail address').waitFor();
      for (const setting of settings) await checkPage(page, setting);
    });
    await portal.app.parts.mfaPolicies.remove('client:portal', 'cli');
  });

  it('are there in German', async () => {
    const id = await somebody(portal.app, 'deutsch@x.test');
    await addTotp(portal.app, id);
    await portal.visit(async (page) => {
      await portal.start(page, { ui_locales: 'de' });
      await page.locator('[name=identifier]').fill('deutsch@x.test');
      await page.locator('[name=password]').fill(password);
      await page.locator('button.primary').click();
      assert.equal(await heading(page), 'Bestätigen Sie, dass Sie es sind');
    });
  });
});
