import type { Trail } from '../audit/trail.ts';
import { randomToken } from '../kernel/crypto.ts';
import { Problem, problem } from '../kernel/errors.ts';
import type { Client, Clients } from './clients.ts';
import { invalidMetadata, needsSecret } from './metadata.ts';
import type { Registrar, Registrars } from './registrars.ts';
import { type Permitted, permitted, type Terms } from './registration.ts';

/** A client that registers others with its own access token, which has the scope `dcr`. */
export interface RegisteringClient {
  kind: 'client';
  clientId: string;
}

/** What the desk works with. */
export interface DeskParts {
  clients: Clients;
  registrars: Registrars;
  trail: Trail;
  /** The terms of clients that register with an access token, and of clients whose registrar is gone. */
  usual: Pick<Terms, 'approve' | 'limit'>;
  /** Scopes that only a registrar which names them can give. */
  reserved: readonly string[];
  /** Who an access token with scope `dcr` belongs to. */
  whoMayRegister(token: string): Promise<RegisteringClient | undefined>;
  /** What the protocol library has against the metadata, if anything: throws. */
  checkMetadata(metadata: Record<string, unknown>): Promise<void>;
  /** Takes away what was assigned to a client that is removed. */
  forget(clientId: string): Promise<unknown>;
}

/** A client and, where one was just made or proven, its secret and registration access token. */
export interface Registered {
  client: Client;
  secret?: string;
  token?: string;
}

interface Caller {
  /** As `client.registrar` says it. */
  owner: string;
  actor: string;
  terms: Terms;
}

/** RFC 6750 §3.1; the same for a credential that is wrong, too old, or good for other clients only. */
export const invalidToken = problem(
  'invalid_token',
  401,
  () => 'Send the credential of a registrar, or the registration access token of this client, as Bearer',
);
const invalidRequest = problem('invalid_request', 400, (sentence: string) => sentence);
const notNow = problem('access_denied', 403, (state: string) => `The client is ${state}, so it cannot be changed`);

const forbiddenMembers = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
];

/** Where clients are registered and looked after by whoever registered them (RFC 7591, RFC 7592). */
export class RegistrationDesk {
  readonly #parts: DeskParts;
  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** Throws `invalid_token`, `invalid_client_metadata`, `invalid_redirect_uri`, `too_many_clients`. */
  async register(credential: string, request: object): Promise<Registered> {
    const caller = await this.#caller(credential);
    if (!caller) throw invalidToken();
    return this.#audited(caller, async () => {
      const { name, metadata, pkce } = await this.#checked(caller.terms, request);
      const token = randomToken();
      const { approve, limit } = caller.terms;
      await this.#asked(caller, 'register');
      const made = await this.#parts.clients.add(
        {
          ...(name === undefined ? {} : { name }),
          metadata,
          pkce,
          state: approve === 'at-once' ? 'approved' : 'pending',
          registrar: caller.owner,
          limit,
          registrationToken: token,
        },
        caller.actor,
      );
      return { ...made, token };
    });
  }

  /** Throws `invalid_token`. */
  async read(id: string, credential: string): Promise<Registered> {
    const { client, own } = await this.#allowed(id, credential);
    return own ? { client, token: credential } : { client };
  }

  /**
   * Replaces the whole registration under the same terms (RFC 7592 §2.2); the secret stays. The registration access token
   * is changed when it was used. Throws what `register` throws, and `invalid_request`.
   */
  async update(id: string, credential: string, request: object): Promise<Registered> {
    const { client, own, caller } = await this.#allowed(id, credential);
    return this.#audited(caller, async () => {
      const members = new Map<string, unknown>(Object.entries(request));
      const secret = this.#checkIdentity(client, members);
      if (client.state !== 'pending' && client.state !== 'approved') throw notNow(client.state);
      const { name = id, metadata } = await this.#checked(caller.terms, request, client);
      const token = randomToken();
      await this.#asked(caller, 'update', id);
      const next = await this.#parts.clients.change(
        id,
        (now) => {
          // Of two updates with one registration access token, the second comes too late.
          if (own && !this.#parts.clients.registrationTokenFits(now, credential)) throw invalidToken();
          const pkce = metadata.token_endpoint_auth_method === 'none' ? 'required' : now.pkce;
          return { name, metadata, pkce, ...(own ? { registrationToken: token } : {}) };
        },
        caller.actor,
      );
      const shown = own ? { token } : {};
      if (!needsSecret(next.metadata)) return { client: next, ...shown };
      if (next.secrets.length > 0) return { client: next, ...shown, ...(secret === undefined ? {} : { secret }) };
      return { ...(await this.#parts.clients.rotateSecret(id, caller.actor, 0)), ...shown };
    });
  }

  /** Its tokens are inactive from then on. Throws `invalid_token`, and what `Clients.remove` throws. */
  async remove(id: string, credential: string): Promise<void> {
    const { caller } = await this.#allowed(id, credential);
    await this.#asked(caller, 'remove', id);
    await this.#parts.clients.remove(id, caller.actor, () => this.#parts.forget(id));
  }

  /** Before it is done: when the trail does not take it, it is not. */
  async #asked({ actor }: Caller, operation: string, on?: string): Promise<void> {
    await this.#parts.trail.record({ type: 'registration.asked', actor, detail: { operation, on } });
  }

  async #caller(credential: string): Promise<Caller | undefined> {
    const registrar = await this.#parts.registrars.byToken(credential);
    if (registrar) return { owner: registrar.id, actor: `registrar:${registrar.id}`, terms: registrar };
    const found = await this.#parts.whoMayRegister(credential);
    if (!found) return undefined;
    const owner = `client:${found.clientId}`;
    return { owner, actor: owner, terms: this.#termsOf(undefined) };
  }

  /** By the registration access token of this client (`own`), or by whoever registered it. */
  async #allowed(id: string, credential: string): Promise<{ client: Client; own: boolean; caller: Caller }> {
    const client = await this.#parts.clients.get(id);
    if (client && this.#parts.clients.registrationTokenFits(client, credential)) {
      const owner = client.registrar ?? '';
      const terms = this.#termsOf(await this.#parts.registrars.get(owner));
      return { client, own: true, caller: { owner, actor: `client:${id}`, terms } };
    }
    const caller = await this.#caller(credential);
    if (!client || caller === undefined || caller.owner !== client.registrar) throw invalidToken();
    return { client, own: false, caller };
  }

  #termsOf(registrar: Registrar | undefined): Terms {
    return registrar ?? { ...this.#parts.usual, grants: [], scopes: [], redirectHosts: [], pkce: 'required' };
  }

  async #checked(terms: Terms, request: object, before?: Client): Promise<Permitted> {
    const asked = permitted(terms, request, this.#parts.reserved);
    const { name, metadata } = asked;
    if (name !== undefined && name !== before?.name && (await this.#parts.clients.isReserved(name))) {
      throw invalidMetadata(`client_name: ${name} is the name of another client of this server; choose another`);
    }
    // Scopes of APIs are ours; the library knows those of OpenID Connect only.
    const { scope: _ours, ...known } = metadata;
    const identity = { client_id: before?.id ?? 'new', ...(needsSecret(metadata) ? { client_secret: 'kept' } : {}) };
    await this.#parts.checkMetadata({ ...known, ...identity }).catch(retold);
    return asked;
  }

  /** RFC 7592 §2.2: the id must be named, a secret may be, and neither can be chosen. Answers the proven secret. */
  #checkIdentity(client: Client, members: Map<string, unknown>): string | undefined {
    const forbidden = forbiddenMembers.find((name) => members.has(name));
    if (forbidden !== undefined) throw invalidRequest(`${forbidden} must not be in an update (RFC 7592 §2.2)`);
    if (members.get('client_id') !== client.id) throw invalidRequest('client_id must be the id of this client');
    const secret = members.get('client_secret') ?? undefined;
    if (secret === undefined) return undefined;
    if (typeof secret === 'string' && this.#parts.clients.secretFits(client, secret)) return secret;
    throw invalidRequest('client_secret must be the present secret, or left out; it cannot be chosen');
  }

  /** What a known caller asked for and did not get is for the administrator to see. */
  async #audited<R>({ actor }: Caller, run: () => Promise<R>): Promise<R> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof Problem && error.status < 500) {
        const detail = { code: error.code, reason: error.message };
        await this.#parts.trail.record({ type: 'registration.refused', actor, outcome: 'failure', detail });
      }
      throw error;
    }
  }
}

/** The library's errors carry the code of RFC 7591 as their message. */
function retold(error: unknown): never {
  if (!(error instanceof Error) || !('error_description' in error)) throw error;
  const code = error.message === 'invalid_redirect_uri' ? error.message : 'invalid_client_metadata';
  throw new Problem({ code, status: 400, sentence: String(error.error_description), cause: error });
}
