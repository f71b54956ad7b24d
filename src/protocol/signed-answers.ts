import { SignJWT } from 'jose';
import type { Client } from '../clients/clients.ts';
import { type SigningAlgorithm, type SigningKeys, signingAlgorithms } from './keys.ts';
import { Signer } from './signer.ts';
import type { Introspection } from './token-status.ts';

/** RFC 9701 §4. */
export const signedType = 'application/token-introspection+jwt';

const isAlgorithm = (name: unknown): name is SigningAlgorithm => signingAlgorithms.some((alg) => alg === name);

/** Introspection answers as JWTs (RFC 9701): proof, for whoever stores or forwards them, of what we said to whom and when. */
export class SignedAnswers {
  readonly #signer: Signer;
  readonly #issuer: string;
  constructor(keys: SigningKeys, issuer: string) {
    this.#signer = new Signer(keys);
    this.#issuer = issuer;
  }

  /** The answer, signed for this caller and nobody else: the caller is `aud` (RFC 9701 §5). */
  async sign(answer: Introspection, caller: Client): Promise<string> {
    const wanted = caller.metadata.introspection_signed_response_alg;
    const jwt = new SignJWT({ token_introspection: answer })
      .setIssuer(this.#issuer)
      .setAudience(caller.id)
      .setIssuedAt();
    return this.#signer.sign(jwt, 'token-introspection+jwt', isAlgorithm(wanted) ? wanted : 'RS256');
  }
}
