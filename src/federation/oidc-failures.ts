import { Problem } from '../kernel/errors.ts';
import { Refused } from './connector.ts';
import { type OidcReason, refusal, shown } from './oidc-refusals.ts';

/** What was being done when it failed. */
export type Step = 'discovery' | 'keys' | 'push' | 'token' | 'userinfo' | 'graph';

type Facts = Readonly<Record<string, unknown>>;

const isFacts = (value: unknown): value is Facts => typeof value === 'object' && value !== null;

/** An error and everything that caused it, outermost first. */
function chain(error: unknown): Facts[] {
  const links: Facts[] = [];
  for (let link = error; isFacts(link) && links.length < 8; link = link.cause) links.push(link);
  return links;
}

/** What our own fetch says of everything that it could not get. */
const unreached = 'not_fetched';

const expiredCertificate = ['CERT_HAS_EXPIRED'];
const untrustedCertificate =
  /^(?:DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** What became of a connection; undefined when the error is of another kind. */
function network(links: readonly Facts[], cause: Error): Refused | undefined {
  for (const { code, name, message } of links) {
    if (expiredCertificate.includes(String(code))) return refusal('certificate_expired', { cause });
    if (untrustedCertificate.test(String(code))) return refusal('certificate_untrusted', { came: shown(code), cause });
    if (message === 'the answer is too large') return refusal('answer_too_large', { cause });
    if (name === 'TimeoutError' || name === 'AbortError' || code === 'OAUTH_TIMEOUT') {
      return refusal('unreachable', { came: 'no answer in time', cause });
    }
  }
  const last = links.at(-1);
  return links.some(({ code }) => code === unreached)
    ? refusal('unreachable', { came: shown(last?.code ?? last?.message), cause })
    : undefined;
}

/** Which check of a claim failed, by the claim's name. */
const byClaim: Readonly<Record<string, OidcReason>> = {
  iss: 'wrong_issuer',
  aud: 'wrong_audience',
  azp: 'wrong_party',
  nonce: 'wrong_nonce',
  exp: 'expired',
  nbf: 'not_yet_valid',
};

const required = ['iss', 'sub', 'aud', 'exp', 'iat', 'nonce'];

/** A claim that is not as it must be. What came is only told where it is no secret. */
function wrongClaim({ claims, claim, expected }: Facts, cause: Error): Refused | undefined {
  if (!isFacts(claims)) return undefined;
  if (typeof claim === 'string') {
    // Several audiences and nobody named as the one it was issued to: that, too, is about azp.
    const reason = claim === 'aud' && expected === undefined ? 'wrong_party' : byClaim[claim];
    const secret = claim === 'nonce';
    return refusal(reason ?? 'malformed', {
      ...(secret ? {} : { came: shown(claims[claim]), wanted: expected === undefined ? undefined : shown(expected) }),
      cause,
    });
  }
  const absent = required.filter((name) => claims[name] === undefined);
  return absent.length > 0 ? refusal('missing_claim', { came: `no ${absent.join(', no ')}`, cause }) : undefined;
}

/** The library's findings by the shape of what it hands over; its sentences may change with any version. */
function found(facts: Facts, code: unknown, cause: Error): Refused | undefined {
  const { header, signature, body, attribute, alg } = facts;
  if (code === 'OAUTH_KEY_SELECTION_FAILED') {
    return refusal('unknown_key', { came: isFacts(header) ? shown(header.kid) : undefined, cause });
  }
  if (signature !== undefined) return refusal('wrong_signature', { cause });
  if (isFacts(header) && 'alg' in header && !('crit' in header)) {
    return refusal('wrong_algorithm', { came: shown(header.alg), wanted: shown(facts.expected), cause });
  }
  if (alg !== undefined) return refusal('wrong_algorithm', { came: shown(alg), cause });
  if (attribute === 'sub') return refusal('wrong_userinfo_subject', { wanted: shown(facts.expected), cause });
  if (isFacts(body) && 'access_token' in body && body.id_token === undefined) return refusal('no_id_token', { cause });
  return wrongClaim(facts, cause);
}

const failedStep: Readonly<Record<Step, OidcReason>> = {
  discovery: 'wrong_discovery',
  keys: 'wrong_discovery',
  push: 'push_refused',
  token: 'token_refused',
  userinfo: 'userinfo_failed',
  graph: 'graph_refused',
};

const errorOf = (facts: Facts): unknown =>
  Array.isArray(facts.cause) ? facts.cause[0]?.parameters?.error : facts.error;

/** What a log may keep of an error: the library hangs whole answers on its errors, tokens and all. */
const withoutSecrets = (links: readonly Facts[]): Error =>
  new Error(links.flatMap(({ message }) => (typeof message === 'string' ? [shown(message)] : [])).join(': '));

const fromLibrary = ({ name, code }: Facts): boolean =>
  name === 'ClientError' || /^(?:OAUTH|ERR)_/.test(typeof code === 'string' ? code : '');

/** The claims of an ID token that was not taken, for the trace; nobody has vouched for them. */
export const claimsIn = (error: unknown): unknown => chain(error).find(({ claims }) => isFacts(claims))?.claims;

/**
 * Makes one refusal of what went wrong while the provider was asked; never with a secret in it. What is not the provider's
 * fault (the store is away, a bug of ours) stays what it is.
 */
export function explained(error: unknown, step: Step): Error {
  const links = chain(error);
  const cause = withoutSecrets(links);
  const decided = links.find((link) => link instanceof Refused || (link instanceof Problem && link.code !== unreached));
  if (decided instanceof Error) return decided;
  const reached = network(links, cause);
  if (reached) return reached;
  if (!links.some(fromLibrary))
    return error instanceof Error ? error : new Error('something was thrown that is no error');
  const { code } = links[0] ?? {};
  if (code === 'OAUTH_RESPONSE_BODY_ERROR' || code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE') {
    const { status, error_description: description } = links[0] ?? {};
    const told = [errorOf(links[0] ?? {}), description].filter((part) => typeof part === 'string');
    return refusal(failedStep[step], { came: shown([`status ${status}`, ...told].join(': ')), cause });
  }
  for (const link of links) {
    if (link instanceof CryptoKey) return refusal('weak_key', { cause });
    if (link instanceof Response) return refusal(failedStep[step], { came: `status ${link.status}`, cause });
    const explanation = found(link, code, cause);
    if (explanation) return explanation;
  }
  const encrypted = links.some(({ cause }) => typeof cause === 'string' && cause.split('.').length === 5);
  if (encrypted) return refusal('encrypted_id_token', { cause });
  return refusal('malformed', { came: shown(links.at(-1)?.message), cause });
}
