import { importJWK, type JWK, type SignJWT } from 'jose';
import type { SigningAlgorithm, SigningKeys } from './keys.ts';

/** Signs what this server says with the key that signs now. */
export class Signer {
  readonly #keys: SigningKeys;
  readonly #imported = new Map<string, Promise<CryptoKey | Uint8Array>>();

  constructor(keys: SigningKeys) {
    this.#keys = keys;
  }

  /** The JWT with its type (RFC 8725 §3.11), signed. */
  async sign(jwt: SignJWT, typ: string, alg: SigningAlgorithm): Promise<string> {
    const { keys } = await this.#keys.signing();
    const jwk = keys.find((key) => key.alg === alg);
    if (!jwk) throw new Error(`no signing key for ${alg}`);
    jwt.setProtectedHeader({ typ, alg, ...(jwk.kid ? { kid: jwk.kid } : {}) });
    return jwt.sign(await this.#key(jwk, alg));
  }

  #key(jwk: JWK, alg: string): Promise<CryptoKey | Uint8Array> {
    const kid = jwk.kid ?? alg;
    const key = this.#imported.get(kid) ?? importJWK(jwk, alg);
    this.#imported.set(kid, key);
    return key;
  }
}
