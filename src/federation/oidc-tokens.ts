import { compactVerify, createLocalJWKSet, errors, type JWSHeaderParameters } from 'jose';
import type { Keys, Provider } from './oidc-discovery.ts';
import { refusal, shown } from './oidc-refusals.ts';

/** A token whose signature was good; nothing else of it has been looked at but its type. */
export interface Signed {
  header: Readonly<Record<string, unknown>>;
  claims: Readonly<Record<string, unknown>>;
}

/** Nothing that a provider sends about a session is longer. */
const longest = 16 * 1024;

/** The key that a token names; when the provider's keys that we hold lack it, they are asked for again. */
async function keyFor(provider: Provider, header: JWSHeaderParameters) {
  const find = async (keys: Keys) => createLocalJWKSet(keys)(header);
  try {
    return await find(await provider.keys());
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    return find(await provider.keysAgain());
  }
}

/** Reads the type that a token says it is of: lower case, without `application/`; undefined when it says nothing. */
const typeOf = (typ: unknown): string | undefined =>
  typ === undefined
    ? undefined
    : String(typ)
        .toLowerCase()
        .replace(/^application\//, '');

/**
 * Verifies the signature of a JWT with the provider's keys, by an algorithm that it uses for ID tokens: never a symmetric one,
 * never none. `types` are what the header may call it; undefined stands for saying nothing. Throws `refused`.
 */
export async function signedBy(
  provider: Provider,
  token: string,
  types: readonly (string | undefined)[],
): Promise<Signed> {
  const { id_token_signing_alg_values_supported: algorithms = [] } = await provider.metadata();
  if (token.length > longest) throw refusal('malformed', { came: 'a token of more than 16 KiB' });
  try {
    const { payload, protectedHeader } = await compactVerify(token, (header) => keyFor(provider, header), {
      algorithms: [...algorithms],
    });
    // The library knows how to leave payloads unencoded (RFC 7797); a JWT never does (RFC 7797 §7).
    if (protectedHeader.crit !== undefined) throw refusal('malformed', { came: 'a critical header' });
    if (!types.includes(typeOf(protectedHeader.typ))) {
      throw refusal('wrong_type', { came: shown(protectedHeader.typ ?? 'nothing'), wanted: types.join(', ') });
    }
    const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
    if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) throw refusal('malformed');
    return { header: { ...protectedHeader }, claims: { ...claims } };
  } catch (cause) {
    if (cause instanceof errors.JOSEAlgNotAllowed) {
      throw refusal('wrong_algorithm', { wanted: algorithms.join(' '), cause });
    }
    if (cause instanceof errors.JWSSignatureVerificationFailed) throw refusal('wrong_signature', { cause });
    if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys) {
      throw refusal('unknown_key', { cause });
    }
    // Some other finding of the library, or a payload that is no JSON.
    if (cause instanceof errors.JOSEError || cause instanceof SyntaxError || cause instanceof TypeError) {
      throw refusal('malformed', { cause });
    }
    throw cause;
  }
}

/** A claim that has to be a number of seconds. Throws `refused`. */
export function secondsIn({ claims }: Signed, name: string): number {
  const value = claims[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw refusal('missing_claim', { came: `${name}: ${shown(value)}`, wanted: 'a number of seconds' });
  }
  return value;
}

/** A claim that has to be a text. Throws `refused`. */
export function textIn({ claims }: Signed, name: string): string {
  const value = claims[name];
  if (typeof value !== 'string' || value === '' || value.length > 1000) {
    throw refusal('missing_claim', { came: `${name}: ${shown(value)}`, wanted: 'a text' });
  }
  return value;
}

/** What the times of a token may be, in seconds: its age, and how long it may live; `skew` is the difference of clocks. */
export interface Times {
  now: number;
  skew: number;
  age: number;
  longest?: number;
}

/** Checks that a token is of now. Says until when it would be taken, so long its `jti` must be remembered. Throws `refused`. */
export function checkTimes(signed: Signed, { now, skew, age, longest = Number.POSITIVE_INFINITY }: Times): number {
  const [iat, exp] = [secondsIn(signed, 'iat'), secondsIn(signed, 'exp')];
  const { nbf } = signed.claims;
  if (exp <= now - skew) throw refusal('expired', { came: String(exp), wanted: `later than ${now}` });
  if (iat > now + skew) throw refusal('issued_in_future', { came: String(iat), wanted: `${now} or before` });
  if (nbf !== undefined && secondsIn(signed, 'nbf') > now + skew) {
    throw refusal('not_yet_valid', { came: shown(nbf), wanted: `${now} or before` });
  }
  if (iat < now - age - skew || exp > iat + longest) {
    throw refusal('stale_token', { came: `iat ${iat}, exp ${exp}`, wanted: `made and used within ${age} s` });
  }
  return Math.ceil(Math.min(exp, iat + age) + skew);
}

/** Checks that a token is meant for one of these. Throws `refused`. */
export function checkAudience({ claims }: Signed, wanted: string): void {
  const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  if (!audiences.includes(wanted)) throw refusal('wrong_audience', { came: shown(claims.aud), wanted });
}
