import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { addKey, addTotp } from '../support/second-factor.ts';
import { telling } from '../support/shown.ts';
import { codeOf, wrongCode } from '../support/totp.ts';

let app: TestApp;
let browser: Browser;
const seen = { ip: '192.0.2.1', requestId: 'r-1' };

before(async () => {
  app = await startApp();
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumFlags });
});
after(async () => {
  await browser.close();
  await app.close();
});

const at = (path: string) => `${app.issuer}/account/${path}`;
const factorsOf = async (id: string) =>
  (await app.parts.enrolments.of(id)).filter(({ kind }) => kind !== 'recovery-codes');

interface Person {
  page: Page;
  id: string;
  devtools: CDPSession;
  blocked: string[];
}

/** Somebody in a browser of their own, with what was blocked in it; whoever has a factor comes with a recovery code. */
async function open(email: string, code?: string): Promise<Person> {
  const id = (await app.parts.users.byEmail(email))?.id ?? (await somebody(app, email));
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  const blocked: string[] = [];
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) blocked.push(message.text());
  });
  page.on('pageerror', (error) => blocked.push(error.message));
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await enter(page, email);
  if (code !== undefined) {
    await page.getByRole('link', { name: 'Use a recovery code' }).click();
    await page.waitForURL(/way=recovery-codes/);
    await page.locator('#code').fill(code);
    await page.locator('main button.primary').click();
  }
  await page.locator('nav.rooms').waitFor();
  return { page, id, devtools, blocked };
}

/** The same for one walk, in which nothing may be blocked. */
async function as(email: string, deed: (person: Person) => Promise<void>): Promise<void> {
  const person = await open(email);
  try {
    await telling(person.page.context(), () => deed(person));
    assert.deepEqual(person.blocked, []);
  } finally {
    await person.page.context().close();
  }
}

async function enter(page: Page, email: string): Promise<void> {
  await page.goto(at('profile'));
  await page.locator('#identifier').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('main button.primary').click();
}

/** A security key that is only touched, or a device that recognises its person. */
async function plugIn(devtools: CDPSession, kind: 'key' | 'platform', isUserVerified = true): Promise<string> {
  const platform = kind === 'platform';
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: platform ? 'internal' : 'usb' },
      ...{ hasResidentKey: platform, hasUserVerification: platform, isUserVerified: platform && isUserVerified },
      automaticPresenceSimulation: true,
    },
  });
  return authenticatorId;
}

async function addPasskey(page: Page, name: string): Promise<void> {
  await page.goto(at('factors/passkey'));
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Add it now' }).click();
}

describe('setting up second factors in Chromium', () => {
  it('an authenticator app by its typed key, with recovery codes to copy, print and keep', () =>
    as('ana@x.test', async ({ page, id }) => {
      await page.goto(at('factors'));
      await page.getByRole('link', { name: 'Set up an authenticator app' }).click();
      const secret = (await page.locator('code.secret').textContent())?.replaceAll(' ', '') ?? '';
      await page.getByLabel('Then type the code that the app shows').fill(wrongCode(secret));
      await page.getByRole('button', { name: 'Set it up' }).click();
      await page.getByRole('alert').waitFor();
      assert.equal(await page.locator('#code').getAttribute('aria-invalid'), 'true');
      await page.locator('#code').fill(codeOf(secret));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
      assert.equal(await page.locator('.codes code').count(), 10);
      for (const name of ['Copy', 'Print']) await page.getByRole('button', { name, exact: true }).waitFor();
      for (const setting of settings) await checkPage(page, setting);
      const begun = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Download' }).click();
      assert.equal((await begun).suggestedFilename(), 'recovery-codes.txt');
      await page.getByRole('link', { name: 'I have kept them' }).click();
      await page.getByText('Codes that are left: 10').waitFor();
      assert.deepEqual(
        (await factorsOf(id)).map(({ kind }) => kind),
        ['totp'],
      );
    }));

  it('a security key that is touched, which is asked for then', () =>
    as('bea@x.test', async ({ page, id, devtools }) => {
      await plugIn(devtools, 'key');
      await addPasskey(page, 'Blue key');
      await page.getByText('Blue key is set up.').waitFor();
      const [factor] = await factorsOf(id);
      assert.deepEqual([factor?.name, factor?.level, factor?.passkey], ['Blue key', '2fa', false]);
      await page.context().clearCookies();
      await enter(page, 'bea@x.test');
      await page.getByRole('button', { name: 'Use passkey or security key' }).click();
      await page.locator('nav.rooms').waitFor();
      await page.goto(at('factors/passkey'));
      await page.getByRole('button', { name: 'Add it now' }).click();
      await page.getByText('This security key is set up already').waitFor();
      assert.equal((await factorsOf(id)).length, 1);
    }));

  it('a passkey of the device, which cannot be phished', () =>
    as('cem@x.test', async ({ page, id, devtools }) => {
      await plugIn(devtools, 'platform');
      await addPasskey(page, '');
      await page.getByText('Passkey is set up.').waitFor();
      const [factor] = await factorsOf(id);
      assert.deepEqual([factor?.name, factor?.level, factor?.passkey], ['Passkey', 'phr', true]);
      await page.getByRole('link', { name: 'I have kept them' }).click();
      await page.getByText('Passkey · cannot be phished').waitFor();
    }));

  it('sec-149 no passkey of a device that does not recognise its person', () =>
    as('dan@x.test', async ({ page, id, devtools }) => {
      await plugIn(devtools, 'platform', false);
      await addPasskey(page, 'Laptop');
      await page.getByText('The request was cancelled or took too long').waitFor();
      assert.deepEqual(await factorsOf(id), []);
    }));
});

describe('the pages of second factors, in the light and the dark, on a small phone and on a desk', () => {
  const email = 'full@x.test';
  const longName = 'A key with quite a remarkably long name that goes on and on and';
  let [factor, device] = ['', ''];
  let person: Person;
  before(async () => {
    const id = await somebody(app, email);
    await addTotp(app, id);
    await addKey(app, id, { verifies: false });
    for (const one of await factorsOf(id)) await app.parts.enrolments.rename(one.id, id, longName, seen);
    for (const name of [longName, '', 'Firefox, Linux']) {
      await app.parts.devices.remember(id, name, { seconds: 86_400, name, seen });
    }
    factor = (await factorsOf(id))[0]?.id ?? '';
    device = (await app.parts.devices.list(id))[0]?.id ?? '';
    const [code] = await app.parts.enrolments.renewRecoveryCodes({ id }, seen);
    person = await open(email, code);
  });

  const paths: Record<string, () => string> = {
    'all factors': () => 'factors',
    'a new authenticator app': () => 'factors/totp',
    'a new passkey': () => 'factors/passkey',
    'new recovery codes': () => 'factors/recovery-codes',
    'another name': () => `factors/rename?factor=${factor}`,
    'removing one': () => `factors/remove?factor=${factor}`,
    'all devices': () => 'devices',
    'forgetting all': () => 'devices/forget',
    'forgetting one': () => `devices/forget?device=${device}`,
  };
  for (const [name, path] of Object.entries(paths)) {
    it(`break no rule of WCAG 2.2 AA: ${name}`, async () => {
      const { page, blocked } = person;
      await page.goto(at(path()));
      assert.equal(page.url(), at(path()));
      assert.ok((await page.content()).length < 30_000);
      for (const setting of settings) await checkPage(page, setting);
      assert.deepEqual(blocked, []);
    });
  }

  it('break none where there is nothing yet', () =>
    as('none@x.test', async ({ page }) => {
      for (const path of ['factors', 'devices']) {
        await page.goto(at(path));
        for (const setting of settings) await checkPage(page, setting);
      }
    }));
});
