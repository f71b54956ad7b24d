import { setTimeout } from 'node:timers/promises';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';
import type { Person } from './factor.ts';
import { ListedAuthenticators } from './webauthn-metadata.ts';
import type { Handed } from './webauthn-response.ts';

/** What is kept of a security key or passkey. Bytes in base64url. */
export interface Credential {
  id: string;
  publicKey: string;
  transports: readonly string[];
  /** It is copied to the other devices of its person, so it is no piece of hardware (RFC 8176: swk). */
  synced: boolean;
}

/** What came of a new one: what to keep, or that nothing was proven, or that this kind of authenticator may not be used. */
export type Enrolling =
  | { ok: true; credential: Credential; counter: number; verified: boolean; passkey: boolean }
  | { ok: false; reason: 'wrong' | 'not-allowed' };

/** What a known one has proven: its counter, and whether it has verified its user. */
export interface Assertion {
  counter: number;
  verified: boolean;
}

/** ES256, EdDSA and RS256 (RFC 9053, RFC 8812), and nothing that this library version may add. */
const algorithms = [-7, -8, -257];
/** Browsers wait so long (milliseconds); the challenge is good for as long. */
const timeout = 5 * 60 * 1000;
/** An attestation is checked for so long (milliseconds). */
const patience = 10_000;

interface Parts {
  issuer: string;
  /** The file of the FIDO Metadata Service, where only listed authenticators may be used. */
  mdsFile: string | undefined;
}

/** This installation as a relying party (WebAuthn L3 §5): one origin and one domain, both of the issuer. */
export class RelyingParty {
  readonly #origin: string;
  readonly #id: string;
  readonly #listed: ListedAuthenticators | undefined;

  constructor({ issuer, mdsFile }: Parts) {
    const { hostname, origin, port, protocol } = new URL(issuer);
    // A domain is wanted, and an address is none: on a developer's machine the browser has to come by its name.
    const byAddress = hostname === '127.0.0.1' || hostname === '[::1]';
    this.#id = byAddress ? 'localhost' : hostname;
    this.#origin = byAddress ? `${protocol}//localhost${port && `:${port}`}` : origin;
    this.#listed = mdsFile === undefined ? undefined : new ListedAuthenticators(mdsFile);
  }

  /** What the browser is asked to make; `known` are those that the person has already. */
  async creation(person: Person, known: readonly Credential[]): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return generateRegistrationOptions({
      rpName: this.#id,
      rpID: this.#id,
      userID: Uint8Array.from(Buffer.from(person.id)),
      userName: person.name,
      userDisplayName: person.name,
      timeout,
      attestationType: this.#listed ? 'direct' : 'none',
      supportedAlgorithmIDs: algorithms,
      excludeCredentials: known.map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    });
  }

  /** What the browser is asked to prove: with one of these, or, without a list, with any that verifies its user. */
  async request(known?: readonly Credential[]): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return generateAuthenticationOptions({
      rpID: this.#id,
      timeout,
      userVerification: known ? 'preferred' : 'required',
      ...(known ? { allowCredentials: known.map(({ id }) => ({ id })) } : {}),
    });
  }

  /** Checks a new one, once its challenge was found to be ours. Throws `fido_metadata`. */
  async enrol(answer: Handed): Promise<Enrolling> {
    const found = await proven(() => this.#registration(answer, bare(answer.attestationObject)));
    const info = found?.verified ? found.registrationInfo : undefined;
    if (!info || answer.foreign || info.credential.id !== answer.id) return { ok: false, reason: 'wrong' };
    if (this.#listed && !(await this.#vouchedFor(this.#listed, answer, info.aaguid))) {
      return { ok: false, reason: 'not-allowed' };
    }
    const { credential, credentialDeviceType, userVerified } = info;
    const synced = credentialDeviceType === 'multiDevice';
    return {
      ok: true,
      credential: {
        id: credential.id,
        publicKey: Buffer.from(credential.publicKey).toString('base64url'),
        transports: answer.transports,
        synced,
      },
      counter: credential.counter,
      verified: userVerified,
      passkey: userVerified && (answer.discoverable ?? synced),
    };
  }

  /** Checks a known one, once its challenge was found to be ours. Its counter is held against the last one by whoever keeps it. */
  async assertion(answer: Handed, { id, publicKey }: Credential, mustVerify: boolean): Promise<Assertion | undefined> {
    if (answer.foreign || answer.id !== id) return undefined;
    const { clientDataJSON, authenticatorData, signature } = answer;
    const found = await proven(() =>
      verifyAuthenticationResponse({
        response: {
          ...credentialOf(answer),
          response: { clientDataJSON, authenticatorData, signature },
        },
        expectedChallenge: answer.challenge,
        expectedOrigin: this.#origin,
        expectedRPID: this.#id,
        // Before every counter there is: it is compared in the step that stores it, since two may come at once.
        credential: { id, publicKey: Uint8Array.from(Buffer.from(publicKey, 'base64url')), counter: -1 },
        requireUserVerification: mustVerify,
      }),
    );
    if (!found?.verified) return undefined;
    const { newCounter, userVerified } = found.authenticationInfo;
    return { counter: newCounter, verified: userVerified };
  }

  #registration(answer: Handed, attestationObject: string) {
    return verifyRegistrationResponse({
      response: { ...credentialOf(answer), response: { clientDataJSON: answer.clientDataJSON, attestationObject } },
      expectedChallenge: answer.challenge,
      expectedOrigin: this.#origin,
      expectedRPID: this.#id,
      requireUserVerification: false,
      supportedAlgorithmIDs: algorithms,
    });
  }

  /** Whether its maker has signed that it is what it says, and the list knows it. */
  async #vouchedFor(listed: ListedAuthenticators, answer: Handed, aaguid: string): Promise<boolean> {
    if (!(await listed.trusts(aaguid))) return false;
    const signed = await proven(async () => decoded(answer.attestationObject).get('attStmt').get('x5c') !== undefined);
    if (!signed) return false;
    // The library asks the makers whom it trusts for revoked certificates; one that does not answer is not waited for.
    const checked = proven(() => this.#registration(answer, answer.attestationObject));
    return (await Promise.race([checked, setTimeout(patience, undefined, { ref: false })]))?.verified === true;
  }
}

const credentialOf = ({ id }: Handed) => ({ id, rawId: id, type: 'public-key', clientExtensionResults: {} }) as const;

const decoded = (attestationObject: string) =>
  decodeAttestationObject(Uint8Array.from(Buffer.from(attestationObject, 'base64url')));

/** The library says most of what is wrong by throwing; here it is one thing: not proven. */
async function proven<R>(check: () => Promise<R>): Promise<R | undefined> {
  try {
    return await check();
  } catch {
    return undefined;
  }
}

/** The CBOR of `{ fmt: 'none', attStmt: {}, authData: …` (WebAuthn L3 §8.7). */
const nobodyVouches = Buffer.concat([
  Buffer.from([0xa3, 0x63, ...Buffer.from('fmt'), 0x64, ...Buffer.from('none')]),
  Buffer.from([0x67, ...Buffer.from('attStmt'), 0xa0, 0x68, ...Buffer.from('authData')]),
]);

/**
 * The same without what a maker says of it: where nobody asks for that, a stranger's certificates are not read, and nothing
 * that they name is fetched. Empty for what cannot be read.
 */
function bare(attestationObject: string): string {
  try {
    const data = decoded(attestationObject).get('authData');
    const length = data.length < 256 ? [0x58, data.length] : [0x59, data.length >> 8, data.length & 0xff];
    return Buffer.concat([nobodyVouches, Buffer.from(length), data]).toString('base64url');
  } catch {
    return '';
  }
}
