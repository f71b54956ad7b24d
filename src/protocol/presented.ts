import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose';
import type { Trail } from '../audit/trail.ts';
import { same } from '../kernel/crypto.ts';
import { certificateIn } from './certificates.ts';
import { isFirst, tellAgain } from './once.ts';
import type { Payload, Records } from './records.ts';
import type { LiveToken, TokenStatus } from './token-status.ts';

/** With which algorithms a proof may be signed (RFC 9449 §4.3), here and at the library's endpoints. */
export const proofAlgorithms = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const;

/** The request that a token came with, as the client sent it. */
export interface Request {
  method: string;
  host: string | undefined;
  /** Undefined where nobody tells it. */
  scheme: string | undefined;
  /** Without the query. */
  path: string;
}

/** Why a request brings no token that counts, in the words of RFC 6750 §3.1 and RFC 9449 §7.1; no code: it brings none. */
export interface NotPresented {
  scheme: 'Bearer' | 'DPoP';
  code?: 'invalid_token' | 'invalid_dpop_proof';
  sentence: string;
}

interface Parts {
  status: TokenStatus;
  records: Records;
  trail: Trail;
  /** The header in which trusted proxies hand on client certificates; the edge removes it from all other requests. */
  clientCertificateHeader?: string | undefined;
}

/** How far the time of a proof may be from ours (seconds); for so long its id is remembered. */
const proofWindow = 60;
const authorization = /^(bearer|dpop) +([\w.~+/-]+=*) *$/i;

const dead: NotPresented = {
  scheme: 'Bearer',
  code: 'invalid_token',
  sentence: 'The access token is unknown, expired or revoked; get a new one',
};
const refused = (code: 'invalid_token' | 'invalid_dpop_proof', sentence: string): NotPresented => ({
  scheme: 'DPoP',
  code,
  sentence,
});

/** The access token that a request to an API brings, and the proof that whoever sends it may use it. */
export class Presented {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The live token behind the Authorization header: as Bearer only when it is bound to no key, by DPoP with a proof for
   * this request (RFC 9449 §4.3), which counts once in all processes; one that is bound to a certificate only together
   * with it (RFC 8705 §3). Never a refresh token.
   */
  async read(headers: IncomingHttpHeaders, request: Request): Promise<LiveToken | NotPresented> {
    const [, scheme = '', value = ''] = authorization.exec(headers.authorization ?? '') ?? [];
    if (value === '') return { scheme: 'Bearer', sentence: 'Send an access token: Authorization: Bearer …' };
    const token = await this.#parts.status.live(value);
    if (!token || token.payload.kind === 'RefreshToken') return dead;
    const { payload } = token;
    if (!this.#hasCertificate(headers, payload)) {
      return { ...dead, sentence: 'This access token is bound to a client certificate, which did not come with it' };
    }
    if (/^bearer$/i.test(scheme)) {
      if (payload.jkt === undefined) return token;
      return refused('invalid_token', 'This access token is bound to a key; send it as DPoP, with a proof');
    }
    if (payload.jkt === undefined)
      return refused('invalid_token', 'This access token is not bound to a key; send it as Bearer');
    return (await this.#proofFails(headers.dpop, { value, payload, request })) ?? token;
  }

  #hasCertificate(headers: IncomingHttpHeaders, payload: Payload): boolean {
    const bound = payload['x5t#S256'];
    if (bound === undefined) return true;
    const header = this.#parts.clientCertificateHeader?.toLowerCase();
    const shown = header === undefined ? undefined : certificateIn(String(headers[header] ?? ''));
    return shown !== undefined && same(createHash('sha256').update(shown.raw).digest('base64url'), String(bound));
  }

  async #proofFails(
    proof: string | string[] | undefined,
    { value, payload, request }: { value: string; payload: Payload; request: Request },
  ): Promise<NotPresented | undefined> {
    if (typeof proof !== 'string') return refused('invalid_dpop_proof', 'Send a proof in the header DPoP, once');
    const read = await verified(proof);
    if (!read)
      return refused(
        'invalid_dpop_proof',
        `The proof must be a JWT of type dpop+jwt with its public key, signed by ${proofAlgorithms.join(', ')}`,
      );
    const wrong = wrongAbout(read.claims, request, value);
    if (wrong !== undefined) return refused('invalid_dpop_proof', wrong);
    if (!same(await calculateJwkThumbprint(read.key), String(payload.jkt))) {
      return refused('invalid_token', 'The access token is bound to another key than that of the proof');
    }
    return this.#cameAgain(payload, String(read.claims.jti));
  }

  async #cameAgain(payload: Payload, jti: string): Promise<NotPresented | undefined> {
    const { records } = this.#parts;
    if (await isFirst(records, 'Proof at a gateway', `${payload.jkt} ${jti}`, proofWindow * 2 + 1)) return undefined;
    const { clientId: client = '', accountId: subject } = payload;
    await tellAgain(this.#parts, { what: 'proof', client, subject, at: 'gateway' });
    return refused('invalid_dpop_proof', 'The proof was used already; make a new one for each request');
  }
}

interface Proof {
  key: JWK;
  claims: { jti?: unknown; htm?: unknown; htu?: unknown; iat?: unknown; ath?: unknown };
}

async function verified(proof: string): Promise<Proof | undefined> {
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      algorithms: [...proofAlgorithms],
      typ: 'dpop+jwt',
      clockTolerance: proofWindow,
    });
    return protectedHeader.jwk && { key: protectedHeader.jwk, claims: payload };
  } catch {
    return undefined;
  }
}

/** The checks of RFC 9449 §4.3 that are about this request; a sentence about the first that fails. */
function wrongAbout({ jti, htm, htu, iat, ath }: Proof['claims'], request: Request, token: string): string | undefined {
  if (typeof jti !== 'string' || jti === '') return 'The proof must have an id (jti)';
  if (typeof iat !== 'number' || Math.abs(Date.now() / 1000 - iat) > proofWindow) {
    return `The proof must have been made within the last ${proofWindow} s (iat)`;
  }
  if (htm !== request.method) return `The proof must be for the method ${request.method} (htm)`;
  if (typeof htu !== 'string' || !isFor(htu, request))
    return 'The proof must be for the address of this request, without its query (htu)';
  const hash = createHash('sha256').update(token).digest('base64url');
  return typeof ath === 'string' && same(ath, hash)
    ? undefined
    : 'The proof must carry the hash of this access token (ath)';
}

/**
 * Where TLS ends before the gateway, that one may see http where the client used https: so https always fits, and http
 * unless the gateway says https. A gateway that does not tell the host cannot have proofs checked.
 */
function isFor(htu: string, { host, scheme, path }: Request): boolean {
  const said = URL.parse(htu);
  const meant = said && host !== undefined ? URL.parse(`${said.protocol}//${host}${path}`) : null;
  if (!said || !meant || said.username !== '' || said.password !== '') return false;
  if (said.protocol !== 'https:' && (said.protocol !== 'http:' || scheme === 'https')) return false;
  return said.host === meant.host && samePath(said.pathname, meant.pathname);
}

/** RFC 9449 §4.3: normalised (RFC 3986 §6.2.2). The path of the request has nothing in it that could be read twice. */
function samePath(one: string, other: string): boolean {
  try {
    return decodeURIComponent(one) === decodeURIComponent(other);
  } catch {
    return false;
  }
}
