import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { somebody } from '../support/account.ts';
import { button, enter, heading, Portal } from '../support/portal.ts';
import { addTotp } from '../support/second-factor.ts';
import { Device, offersNone } from '../support/virtual-authenticator.ts';

let portal: Portal;
before(async () => {
  portal = await Portal.open();
});
after(() => portal.close());

describe('a security key in Chromium', () => {
  it('is set up on the way in, and used as a second factor', async () => {
    const id = await somebody(portal.app, 'usb@x.test');
    const complaints = await portal.visit(async (page) => {
      await Device.plugIn(page, 'security key');
      await portal.enrol(page, 'usb@x.test');
      await portal.start(page);
      await enter(page, 'usb@x.test');
      assert.equal(await heading(page), 'Confirm that it is you');
      await button(page, 'Use passkey or security key').click();
      assert.equal(await portal.arrived(page), 'code');
    });
    assert.deepEqual(complaints, []);
    const events = await portal.app.parts.trail.search({ type: 'signin.succeeded', target: `user:${id}` });
    assert.deepEqual(
      events.map(({ detail }) => [detail?.method, detail?.factor, detail?.acr]),
      [
        ['password', 'webauthn', 'phr'],
        ['password', 'webauthn', 'phr'],
      ],
    );
  });

  it('sec-149 that verifies nobody is a second factor, and not enough where more is asked', async () => {
    const id = await somebody(portal.app, 'touch@x.test');
    await portal.visit(async (page) => {
      await Device.plugIn(page, 'security key without PIN');
      await portal.enrol(page, 'touch@x.test');
      await portal.start(page);
      await enter(page, 'touch@x.test');
      await button(page, 'Use passkey or security key').click();
      assert.equal(await portal.arrived(page), 'code');
      await portal.start(page, { acr_values: 'phr' });
      await button(page, 'Use passkey or security key').click();
      await page.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
    });
    const events = await portal.app.parts.trail.search({ type: 'signin.succeeded', target: `user:${id}` });
    assert.deepEqual(
      events.map(({ detail }) => detail?.acr),
      ['2fa', '2fa'],
    );
  });

  it('cannot be asked for before the page is ready, which would send nothing', async () => {
    await somebody(portal.app, 'quick@x.test');
    await portal.visit(async (page) => {
      await Device.plugIn(page, 'security key');
      await portal.enrol(page, 'quick@x.test');
      const { promise: slowly, resolve } = Promise.withResolvers<void>();
      await portal.start(page);
      await page.route('**/assets/webauthn*', (route) => slowly.then(() => route.continue()));
      await enter(page, 'quick@x.test');
      const go = button(page, 'Use passkey or security key');
      await go.waitFor();
      assert.equal(await go.isEnabled(), false);
      resolve();
      await go.click();
      assert.equal(await portal.arrived(page), 'code');
    });
  });

  it('sec-150 that is behind its own counter was copied, and is refused', async () => {
    await somebody(portal.app, 'copy@x.test');
    await portal.visit(async (page) => {
      const device = await Device.plugIn(page, 'security key');
      await portal.enrol(page, 'copy@x.test');
      for (let times = 0; times < 2; times += 1) {
        await portal.start(page, { prompt: 'login' });
        await enter(page, 'copy@x.test');
        await button(page, 'Use passkey or security key').click();
        assert.equal(await portal.arrived(page), 'code');
      }
      await device.fallBack();
      await portal.start(page, { prompt: 'login' });
      await enter(page, 'copy@x.test');
      await button(page, 'Use passkey or security key').click();
      await page.getByText('This passkey or security key was not accepted').waitFor();
    });
  });

  it('says what to do when the request is cancelled, and the other ways stay', async () => {
    const id = await somebody(portal.app, 'late@x.test');
    await portal.visit(async (page) => {
      const device = await Device.plugIn(page, 'security key');
      await portal.enrol(page, 'late@x.test');
      await addTotp(portal.app, id);
      await device.unplug();
      await Device.plugIn(page, 'security key', { automaticPresenceSimulation: true });
      await portal.start(page);
      await enter(page, 'late@x.test');
      await button(page, 'Use passkey or security key').click();
      await page.getByText('The request was cancelled or took too long').waitFor();
      assert.ok(await page.getByRole('link', { name: 'Use an authenticator app' }).isVisible());
    });
  });
});

describe('a passkey in Chromium', () => {
  it('signs in by the button: one page, one touch', async () => {
    await somebody(portal.app, 'button@x.test');
    const complaints = await portal.visit(async (page) => {
      await offersNone(page);
      await Device.plugIn(page, 'passkey');
      await portal.enrol(page, 'button@x.test');
      await portal.start(page);
      await button(page, 'Use a passkey').click();
      assert.equal(await portal.arrived(page), 'code');
    });
    assert.deepEqual(complaints, []);
  });

  it('signs in from the list of the first field (conditional UI)', async () => {
    const id = await somebody(portal.app, 'listed@x.test');
    await portal.visit(async (page) => {
      const device = await Device.plugIn(page, 'passkey');
      await portal.enrol(page, 'listed@x.test');
      assert.equal((await device.credential()).isResidentCredential, true);
      // The virtual device answers as soon as it is asked, maybe before the page is there as a whole: nothing is clicked.
      await portal.start(page, {}, 'commit');
      assert.equal(await portal.arrived(page), 'code');
    });
    const [, second] = await portal.app.parts.trail.search({ type: 'signin.succeeded', target: `user:${id}` });
    assert.equal(second?.detail?.method, 'passkey');
  });

  it('sec-149 does not sign in when it has verified nobody', async () => {
    await somebody(portal.app, 'unverified@x.test');
    await portal.visit(async (page) => {
      const device = await Device.plugIn(page, 'passkey');
      await portal.enrol(page, 'unverified@x.test');
      await device.verifies(false);
      await portal.start(page);
      await button(page, 'Use a passkey').click();
      await page.getByRole('alert').filter({ hasText: /\w/ }).waitFor();
      assert.equal(new URL(page.url()).origin, portal.app.issuer);
    });
  });

  it('sec-148 is asked for by its own site only: another origin gets no answer', async () => {
    await somebody(portal.app, 'origin@x.test');
    await portal.visit(async (page) => {
      await Device.plugIn(page, 'passkey');
      await portal.enrol(page, 'origin@x.test');
      const answer = await fetch(portal.app.issuer);
      assert.equal(answer.status, 200);
      await page.goto(`${portal.origin}/evil`);
      const said = await page.evaluate(
        (rpId) =>
          navigator.credentials.get({ publicKey: { challenge: new Uint8Array(32), rpId } }).then(
            () => 'answered',
            (error: Error) => error.name,
          ),
        new URL(portal.app.issuer).hostname,
      );
      assert.equal(said, 'SecurityError');
    });
  });
});
