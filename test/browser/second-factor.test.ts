import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type Browser, type BrowserContextOptions, type CDPSession, chromium, type Page } from 'playwright-core';
import { checkPage, settings } from '../support/accessible.ts';
import { password, somebody } from '../support/account.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { chromiumPath } from '../support/chromium.ts';
import { addTotp } from '../support/second-factor.ts';
import { authorization } from '../support/signing-in.ts';
import { codeOf } from '../support/totp.ts';

let app: TestApp;
let browser: Browser;

/** An application elsewhere: says how it was answered. */
const client = createServer((incoming, outgoing) => {
  const { searchParams } = new URL(incoming.url ?? '', 'http://client');
  outgoing.setHeader('content-type', 'text/html');
  outgoing.end(`<h1>${searchParams.get('error') ?? (searchParams.has('code') ? 'code' : 'nothing')}</h1>`);
}).listen(0, '127.0.0.1');
await once(client, 'listening');
const origin = `http://127.0.0.1:${(client.address() as AddressInfo).port}`;
const redirect = { client_id: 'portal', redirect_uri: `${origin}/cb` };

before(async () => {
  app = await startApp();
  const metadata = { redirect_uris: [redirect.redirect_uri] };
  await app.parts.clients.add({ id: 'portal', name: 'Orders portal', firstParty: true, metadata }, 'cli');
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', '--disable-gpu'] });
});
after(async () => {
  await browser.close();
  await app.close();
  client.close().closeAllConnections();
});

type Kind = 'security key' | 'security key without PIN' | 'passkey';

const devices: Record<Kind, object> = {
  'security key': { transport: 'usb', hasResidentKey: false, hasUserVerification: true, isUserVerified: true },
  'security key without PIN': { transport: 'usb', hasResidentKey: false, hasUserVerification: false },
  passkey: { transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
};

/** A virtual authenticator of this page (DevTools protocol). */
class Device {
  readonly #session: CDPSession;
  readonly #authenticatorId: string;
  constructor(session: CDPSession, authenticatorId: string) {
    this.#session = session;
    this.#authenticatorId = authenticatorId;
  }

  static async plugIn(page: Page, kind: Kind, more: object = {}): Promise<Device> {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable', { enableUI: false });
    const options = {
      ...{ protocol: 'ctap2' as const, transport: 'usb' as const, automaticPresenceSimulation: true },
      ...devices[kind],
      ...more,
    };
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', { options });
    return new Device(session, authenticatorId);
  }

  /** Whether somebody touches it as soon as it is asked. */
  touched(enabled: boolean) {
    const authenticatorId = this.#authenticatorId;
    return this.#session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
  }

  verifies(isUserVerified: boolean) {
    return this.#session.send('WebAuthn.setUserVerified', { authenticatorId: this.#authenticatorId, isUserVerified });
  }

  async credential() {
    const authenticatorId = this.#authenticatorId;
    const { credentials } = await this.#session.send('WebAuthn.getCredentials', { authenticatorId });
    const [first] = credentials;
    assert.ok(first);
    return first;
  }

  /** A copy of the key that is behind: what somebody who cloned it would have. */
  async fallBack(): Promise<void> {
    const authenticatorId = this.#authenticatorId;
    const credential = await this.credential();
    await this.#session.send('WebAuthn.removeCredential', { authenticatorId, credentialId: credential.credentialId });
    await this.#session.send('WebAuthn.addCredential', {
      authenticatorId,
      credential: { ...credential, signCount: 1 },
    });
  }

  unplug() {
    return this.#session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.#authenticatorId });
  }
}

async function visit(walk: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<string[]> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.route(`${origin}/favicon.ico`, (route) => route.fulfill({ status: 204 }));
  await walk(page);
  await context.close();
  return complaints;
}

const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();
const arrived = async (page: Page) => {
  await page.waitForURL(`${origin}/cb**`);
  return heading(page);
};
const start = (page: Page, more: Record<string, string> = {}) =>
  page.goto(authorization(app, { ...redirect, ...more }));
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

async function enter(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await button(page, 'Sign in').click();
}

/** Binds the device that is plugged in, on the way in. */
async function enrol(page: Page, email: string): Promise<void> {
  await start(page, { acr_values: '2fa' });
  await enter(page, email);
  await page.getByRole('link', { name: 'Use a passkey or security key instead' }).click();
  await button(page, 'Set up a passkey or security key').click();
  await button(page, 'I have kept them, continue').click();
  assert.equal(await arrived(page), 'code');
  await page.context().clearCookies();
}

describe('a security key in Chromium', () => {
  it('is set up on the way in, and used as a second factor', async () => {
    const id = await somebody(app, 'usb@x.test');
    const complaints = await visit(async (page) => {
      await Device.plugIn(page, 'security key');
      await enrol(page, 'usb@x.test');
      await start(page);
      await enter(page, 'usb@x.test');
      assert.equal(await heading(page), 'Confirm that it is you');
      await button(page, 'Use passkey or security key').click();
      assert.equal(await arrived(page), 'code');
    });
    assert.deepEqual(complaints, []);
    const events = await app.parts.trail.search({ type: 'signin.succeeded', target: `user:${id}` });
    assert.deepEqual(
      events.map(({ detail }) => [detail?.method, detail?.factor, detail?.acr]),
      [
        ['password', 'webauthn', 'phr'],
        ['password', 'webauthn', 'phr'],
      ],
    );
  });

  it('sec-149 that verifies nobody is a second factor, and not enough where more is asked', async () => {
    const id = await somebody(app, 'touch@x.test');
    await visit(async (page) => {
      await Device.plugIn(page, 'security key without PIN');
      await enrol(page, 'touch@x.test');
      await start(page);
      await enter(page, 'touch@x.test');
      await button(page, 'Use passkey or security key').click();
      assert.equal(await arrived(page), 'code');
      await start(page, { acr_values: 'phr' });
      await button(page, 'Use passkey or security key').click();
      await page.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
    });
    const events = await app.parts.trail.search({ type: 'signin.succeeded', target: `user:${id}` });
    assert.deepEqual(
      events.map(({ detail }) => detail?.acr),
      ['2fa', '2fa'],
    );
  });

  it('sec-150 that is behind its own counter was copied, and is refused', async () => {
    await somebody(app, 'copy@x.test');
    await visit(async (page) => {
      const device = await Device.plugIn(page, 'security key');
      await enrol(page, 'copy@x.test');
      for (let times = 0; times < 2; times += 1) {
        await start(page, { prompt: 'login' });
        await enter(page, 'copy@x.test');
        await button(page, 'Use passkey or security key').click();
        assert.equal(await arrived(page), 'code');
      }
      await device.fallBack();
      await start(page, { prompt: 'login' });
      await enter(page, 'copy@x.test');
      await button(page, 'Use passkey or security key').click();
      await page.getByText('This passkey or security key was not accepted').waitFor();
    });
  });

  it('says what to do when the request is cancelled, and the other ways stay', async () => {
    const id = await somebody(app, 'late@x.test');
    await visit(async (page) => {
      const device = await Device.plugIn(page, 'security key');
      await enrol(page, 'late@x.test');
      await addTotp(app, id);
      await device.unplug();
      await Device.plugIn(page, 'security key', { automaticPresenceSimulation: true });
      await start(page);
      await enter(page, 'late@x.test');
      await button(page, 'Use passkey or security key').click();
      await page.getByText('The request was cancelled or took too long').waitFor();
      assert.ok(await page.getByRole('link', { name: 'Use an authenticator app' }).isVisible());
    });
  });
});

describe('a passkey in Chromium', () => {
  it('signs in by the button: one page, one touch', async () => {
    await somebody(app, 'button@x.test');
    const complaints = await visit(async (page) => {
      const device = await Device.plugIn(page, 'passkey');
      await enrol(page, 'button@x.test');
      await device.touched(false);
      await start(page);
      await button(page, 'Use a passkey').click();
      await device.touched(true);
      assert.equal(await arrived(page), 'code');
    });
    assert.deepEqual(complaints, []);
  });

  it('signs in from the list of the first field (conditional UI)', async () => {
    const id = await somebody(app, 'listed@x.test');
    await visit(async (page) => {
      const device = await Device.plugIn(page, 'passkey');
      await enrol(page, 'listed@x.test');
      assert.equal((await device.credential()).isResidentCredential, true);
      // The virtual device answers as soon as it is asked: nothing is clicked.
      await start(page);
      assert.equal(await arrived(page), 'code');
    });
    const [, second] = await app.parts.trail.search({ type: 'signin.succeeded', target: `user:${id}` });
    assert.equal(second?.detail?.method, 'passkey');
  });

  it('sec-149 does not sign in when it has verified nobody', async () => {
    await somebody(app, 'unverified@x.test');
    await visit(async (page) => {
      const device = await Device.plugIn(page, 'passkey');
      await enrol(page, 'unverified@x.test');
      await device.verifies(false);
      await start(page);
      await button(page, 'Use a passkey').click();
      await page.getByRole('alert').filter({ hasText: /\w/ }).waitFor();
      assert.equal(new URL(page.url()).origin, app.issuer);
    });
  });

  it('sec-148 is asked for by its own site only: another origin gets no answer', async () => {
    await somebody(app, 'origin@x.test');
    await visit(async (page) => {
      await Device.plugIn(page, 'passkey');
      await enrol(page, 'origin@x.test');
      const answer = await fetch(app.issuer);
      assert.equal(answer.status, 200);
      await page.goto(`${origin}/evil`);
      const said = await page.evaluate(
        (rpId) =>
          navigator.credentials.get({ publicKey: { challenge: new Uint8Array(32), rpId } }).then(
            () => 'answered',
            (error: Error) => error.name,
          ),
        new URL(app.issuer).hostname,
      );
      assert.equal(said, 'SecurityError');
    });
  });
});

describe('the pages of second factors', () => {
  it('work without JavaScript, and then offer no passkey', async () => {
    const id = await somebody(app, 'plain@x.test');
    const secret = await addTotp(app, id);
    await visit(
      async (page) => {
        await start(page);
        assert.equal(await button(page, 'Use a passkey').isVisible(), false);
        await enter(page, 'plain@x.test');
        await page.getByLabel('Code from your authenticator app').fill(codeOf(secret));
        await button(page, 'Continue').click();
        assert.equal(await arrived(page), 'code');
      },
      { javaScriptEnabled: false },
    );
  });

  it('work by keyboard alone, and show where one is', async () => {
    const id = await somebody(app, 'keys@x.test');
    const secret = await addTotp(app, id);
    await visit(async (page) => {
      await start(page);
      await enter(page, 'keys@x.test');
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
      assert.equal(await arrived(page), 'code');
    });
    assert.equal((await app.parts.devices.list(id)).length, 1);
  });

  const lookAt = async (page: Page) => {
    for (const setting of settings) await checkPage(page, setting);
  };

  it('break no rule of accessibility when a factor is proven, on a phone and a desk, in the light and the dark', async () => {
    const id = await somebody(app, 'axe@x.test');
    await addTotp(app, id);
    await app.parts.enrolments.renewRecoveryCodes({ id }, { ip: '::1', requestId: 'r' });
    await visit(async (page) => {
      await start(page);
      await enter(page, 'axe@x.test');
      await page.getByLabel('Code from your authenticator app').fill('000000');
      await button(page, 'Continue').click();
      await page.getByRole('alert').waitFor();
      await lookAt(page);
      await page.getByRole('link', { name: 'Use a recovery code' }).click();
      await lookAt(page);
    });
  });

  it('nor when one is set up', async () => {
    await somebody(app, 'axe-new@x.test');
    await visit(async (page) => {
      await start(page, { acr_values: '2fa' });
      await enter(page, 'axe-new@x.test');
      await page.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
      await lookAt(page);
      await page.getByRole('link', { name: 'Use a passkey or security key instead' }).click();
      await lookAt(page);
    });
  });

  it('nor when recovery codes are shown', async () => {
    await somebody(app, 'axe-codes@x.test');
    await visit(async (page) => {
      await start(page, { acr_values: '2fa' });
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
    await app.parts.mfaPolicies.change('client:portal', { secondFactor: 'required' }, 'cli');
    await somebody(app, 'code@x.test');
    await visit(async (page) => {
      await start(page);
      await enter(page, 'code@x.test');
      for (const setting of settings) await checkPage(page, setting);
      await button(page, 'Send me the code').click();
      await page.getByText('The code was sent to your e-mail address').waitFor();
      for (const setting of settings) await checkPage(page, setting);
    });
    await app.parts.mfaPolicies.remove('client:portal', 'cli');
  });

  it('are there in German', async () => {
    const id = await somebody(app, 'deutsch@x.test');
    await addTotp(app, id);
    await visit(async (page) => {
      await start(page, { ui_locales: 'de' });
      await page.locator('[name=identifier]').fill('deutsch@x.test');
      await page.locator('[name=password]').fill(password);
      await page.locator('button.primary').click();
      assert.equal(await heading(page), 'Bestätigen Sie, dass Sie es sind');
    });
  });
});
