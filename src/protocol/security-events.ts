import { SignJWT } from 'jose';
import type { SigningKeys } from './keys.ts';
import { Signer } from './signer.ts';

/** What a security event token says. */
export interface SecurityEvent {
  jti: string;
  audience: string;
  /** A person or client by its `sub`, or a stream itself. */
  subject: { sub: string } | { stream: string };
  txn?: string;
  uri: string;
  members: Readonly<Record<string, unknown>>;
}

/**
 * Security event tokens (RFC 8417) as SSF 1.0 §4.1 wants them: typed, RS256, one event, `sub_id` instead of `sub`, and
 * without `exp`, so that nobody takes one for another kind of token.
 */
export class SecurityEvents {
  readonly #signer: Signer;
  readonly #issuer: string;

  constructor(keys: SigningKeys, issuer: string) {
    this.#signer = new Signer(keys);
    this.#issuer = issuer;
  }

  /** The event, signed. */
  sign({ jti, audience, subject, txn, uri, members }: SecurityEvent): Promise<string> {
    const named =
      'sub' in subject
        ? { format: 'iss_sub', iss: this.#issuer, sub: subject.sub }
        : { format: 'opaque', id: subject.stream };
    const jwt = new SignJWT({ sub_id: named, ...(txn === undefined ? {} : { txn }), events: { [uri]: members } })
      .setJti(jti)
      .setIssuer(this.#issuer)
      .setAudience(audience)
      .setIssuedAt();
    return this.#signer.sign(jwt, 'secevent+jwt', 'RS256');
  }
}
