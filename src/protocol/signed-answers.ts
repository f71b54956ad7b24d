import { importJWK, type JWK, SignJWT } from 'jose';
import type { Client } from '../clients/clients.ts';
import { type SigningAlgorithm, type SigningKeys, signingAlgorithms } from './keys.ts';
import type { Introspection } from './token-status.ts';

/** RFC 9701 §4. */
export const signedType = 'application/token-introspection+jwt';

const isAlgorithm = (name: unknown): name is SigningAlgorithm => signingAlgorithms.some((alg) => alg === name);

/** Introspection answers as JWTs (RFC 9701): proof, for whoever stores or forwards them, of what we said to whom and when. */
export class SignedAnswers {
  readonly #keys: SigningKeys;
  readonly #issuer: string;
  readonly #imported = new Map<string, Promise<CryptoKey | Uint8Array>>();
  constructor(keys: SigningKeys, issuer: string) {
    this.#keys = keys;
    this.#issuer = issuer;
  }

  /** The answer, signed for this caller and nobody else: the caller is `aud` (RFC 9701 §5). */
  async sign(answer: Introspection, caller: Client): Promise<string> {
    const wanted = caller.metadata.introspection_signed_response_alg;
    const alg = isAlgorithm(wanted) ? wanted : 'RS256';
    const { keys } = await this.#keys.signing();
    const jwk = keys.find((key) => key.alg === alg);
    if (!jwk) throw new Error(`no signing key for ${alg}`);
    return new SignJWT({ token_introspection: answer })
      .setProtectedHeader({ typ: 'token-introspection+jwt', alg, ...(jwk.kid ? { kid: jwk.kid } : {}) })
      .setIssuer(this.#issuer)
      .setAudience(caller.id)
      .setIssuedAt()
      .sign(await this.#key(jwk, alg));
  }

  #key(jwk: JWK, alg: string): Promise<CryptoKey | Uint8Array> {
    const kid = jwk.kid ?? alg;
    const key = this.#imported.get(kid) ?? importJWK(jwk, alg);
    this.#imported.set(kid, key);
    return key;
  }
}
