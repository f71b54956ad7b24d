import assert from 'node:assert/strict';
import type { CDPSession, Page } from 'playwright-core';

type Kind = 'security key' | 'security key without PIN' | 'passkey';

const devices: Record<Kind, object> = {
  'security key': { transport: 'usb', hasResidentKey: false, hasUserVerification: true, isUserVerified: true },
  'security key without PIN': { transport: 'usb', hasResidentKey: false, hasUserVerification: false },
  passkey: { transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
};

/** A virtual authenticator of a page in Chromium (DevTools protocol). */
export class Device {
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

/** The browser offers no passkey by itself from now on, as older ones do not: a virtual device would say yes at once. */
export const offersNone = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });
