import type { ParsedUrlQuery } from 'node:querystring';
import type { Client, Clients } from '../clients/clients.ts';
import { randomToken } from '../kernel/crypto.ts';
import { plainCaller } from './caller.ts';
import type { Records } from './records.ts';
import type { Resources } from './resources.ts';

interface Parts {
  clients: Clients;
  records: Records;
  resources: Resources;
  /** How long an access token lives where its API says nothing, in seconds. */
  lifetime: number;
}

const plainFields = new Set(['grant_type', 'scope', 'client_id', 'client_secret']);
const scopeSyntax = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;
const secretMethods = new Set(['client_secret_basic', 'client_secret_post']);

/**
 * Client credentials (RFC 6749 §4.4) as nearly every program asks for them: a secret, no other parameter than `scope`, an
 * opaque token. All else, and all that is refused, is the library's to answer: the records are the same.
 */
export class MachineTokens {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The answer of RFC 6749 §5.1; undefined, or an error, where the library has to decide. */
  async issue(form: ParsedUrlQuery, authorization: string | undefined) {
    const { clients, resources, lifetime } = this.#parts;
    if (form.grant_type !== 'client_credentials' || !isPlain(form)) return undefined;
    const client = await plainCaller(clients, authorization, form);
    if (!client || !mayHaveOpaque(client)) return undefined;
    const asked = typeof form.scope === 'string' ? form.scope : undefined;
    const target = await resources.forMachine(client.id, { scope: asked, registered: client.metadata.scope });
    if (target?.api.tokenFormat !== 'opaque') return undefined;
    const scope = target.scope === '' ? {} : { scope: target.scope };
    const expiresIn = target.api.tokenTtl ?? lifetime;
    const token = await this.#kept({ clientId: client.id, aud: target.api.id, ...scope }, expiresIn);
    return { access_token: token, expires_in: expiresIn, token_type: 'Bearer', ...scope };
  }

  async #kept(facts: { clientId: string; aud: string; scope?: string }, expiresIn: number): Promise<string> {
    const { records } = this.#parts;
    const value = randomToken();
    const iat = Math.floor(Date.now() / 1000);
    const payload = { iat, exp: iat + expiresIn, ...facts, kind: 'ClientCredentials', jti: randomToken(16) };
    await records.tokens.insert({ id: records.tokenId(value), payload }, expiresIn);
    return value;
  }
}

const isPlain = (form: ParsedUrlQuery): boolean =>
  Object.entries(form).every(([name, value]) => plainFields.has(name) && typeof value === 'string') &&
  (form.scope === undefined || scopeSyntax.test(String(form.scope)));

/** Registered for this grant and a secret, and for no token that is bound to a certificate (RFC 8705 §3). */
const mayHaveOpaque = ({ metadata }: Client): boolean =>
  metadata.grant_types?.includes('client_credentials') === true &&
  secretMethods.has(metadata.token_endpoint_auth_method ?? '') &&
  metadata.tls_client_certificate_bound_access_tokens !== true;
