import type { Trail } from '../audit/trail.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import { invalid, missing, problem } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';

/** Client metadata under the names of RFC 7591 §2 and OIDC Registration §2; never an id or a secret. */
export type Metadata = Record<string, unknown>;

/** A live secret, known by its fingerprint; `expires` in seconds, when another has taken over. */
export interface Secret {
  fingerprint: string;
  created: number;
  expires?: number;
}

export type State = 'pending' | 'approved' | 'rejected' | 'suspended' | 'revoked';

/** An application that gets tokens, or a gateway that asks about them. Times in seconds. */
export interface Client extends Entity {
  name: string;
  state: State;
  reason?: string;
  tier?: string;
  metadata: Metadata;
  secrets: Secret[];
  /** Ours: people are not asked for their consent. */
  firstParty: boolean;
  /** The audiences whose tokens it may introspect. */
  introspects: 'all' | string[];
  pkce: 'required' | 'optional';
  registrar?: string;
  /** Fingerprint of the RFC 7592 registration access token. */
  registrationToken?: string;
  created: number;
  updated: number;
}

/** The life of a registration: what a move needs and where it leads; what is not here is forbidden. */
const transitions = {
  approve: { from: ['pending', 'suspended'], to: 'approved', event: 'client.approved' },
  reject: { from: ['pending'], to: 'rejected', event: 'client.rejected' },
  suspend: { from: ['approved'], to: 'suspended', event: 'client.suspended' },
  resume: { from: ['suspended'], to: 'approved', event: 'client.resumed' },
  revoke: { from: ['approved', 'suspended'], to: 'revoked', event: 'client.revoked' },
} as const satisfies Record<string, { from: readonly State[]; to: State; event: `client.${string}` }>;

export type Move = keyof typeof transitions;

const forbidden = problem('forbidden_move', 409, (move: Move, state: State) => {
  const possible = Object.entries(transitions).filter(([, { from }]) => from.some((one) => one === state));
  const moves = possible.map(([name]) => name).join(' or ');
  return `A client that is ${state} cannot be ${transitions[move].to}${moves ? `; possible now: ${moves}` : ''}`;
});

const seconds = (): number => Math.floor(Date.now() / 1000);
const needsSecret = (metadata: Metadata): boolean =>
  String(metadata.token_endpoint_auth_method ?? 'client_secret_basic').startsWith('client_secret');
const usualOverlap = 24 * 60 * 60;

/** What may be said of a client when it is made. */
export interface NewClient {
  id?: string;
  name?: string;
  metadata: Metadata;
  firstParty?: boolean;
  introspects?: 'all' | string[];
  pkce?: 'required' | 'optional';
  registrar?: string;
  registrationToken?: string;
  state?: State;
  tier?: string;
}

/** The clients of this installation. */
export class Clients {
  readonly #all: Collection<Client, 'state' | 'registrar'>;
  readonly #vault: Vault;
  readonly #trail: Trail;

  constructor(store: Store, vault: Vault, trail: Trail) {
    this.#vault = vault;
    this.#trail = trail;
    this.#all = store.collection<Client, 'state' | 'registrar'>({
      name: 'clients',
      indexes: { state: { key: (client) => client.state }, registrar: { key: (client) => client.registrar } },
      cached: true,
    });
  }

  /** Makes a client; the secret, where its way of authentication needs one, is shown here and never again. Throws `taken`. */
  async add(input: NewClient, actor: string): Promise<{ client: Client; secret?: string }> {
    const { id = randomToken(16), name = id, ...rest } = input;
    if (!/^[\x21-\x39\x3b-\x7e]{1,200}$/.test(id)) {
      throw invalid('A client id has 1 to 200 printable ASCII characters without space or colon');
    }
    this.#refuseWaiver(rest.pkce ?? 'required', rest.metadata);
    const secret = needsSecret(rest.metadata) ? randomToken() : undefined;
    const client: Client = {
      state: 'approved',
      firstParty: false,
      introspects: [],
      pkce: 'required',
      ...rest,
      id,
      name,
      secrets: secret === undefined ? [] : [this.#kept(secret)],
      created: seconds(),
      updated: seconds(),
    };
    await this.#all.insert(client);
    await this.#trail.record({ type: 'client.created', actor, target: `client:${id}`, detail: { state: client.state } });
    return secret === undefined ? { client } : { client, secret };
  }

  get(id: string): Promise<Client | undefined> {
    return this.#all.get(id);
  }
  list(where: { state?: State; registrar?: string } = {}, page?: Page): Promise<Client[]> {
    return this.#all.find(where, page);
  }

  async change(
    id: string,
    patch: Partial<Pick<Client, 'name' | 'metadata' | 'firstParty' | 'introspects' | 'pkce' | 'tier' | 'registrationToken'>>,
    actor: string,
  ): Promise<Client> {
    const client = await this.#edit(id, (now) => {
      const next = { ...now, ...patch };
      this.#refuseWaiver(next.pkce, next.metadata);
      return next;
    });
    const detail = { changed: Object.keys(patch).join(' '), ...(patch.pkce === undefined ? {} : { pkce: patch.pkce }) };
    await this.#trail.record({ type: 'client.changed', actor, target: `client:${id}`, detail });
    return client;
  }

  /** Moves a registration along; throws 409 with the moves that are possible. */
  async decide(id: string, move: Move, actor: string, detail: { tier?: string; reason?: string } = {}): Promise<Client> {
    const { from, to, event } = transitions[move];
    const client = await this.#edit(id, (now) => {
      if (!from.some((state) => state === now.state)) throw forbidden(move, now.state);
      return { ...now, ...detail, state: to };
    });
    await this.#trail.record({ type: event, actor, target: `client:${id}`, detail });
    return client;
  }

  /** Gives a second secret; the older one ends after the overlap (seconds). At most two live at a time. */
  async rotateSecret(id: string, actor: string, overlap = usualOverlap): Promise<{ client: Client; secret: string }> {
    const secret = randomToken();
    const client = await this.#edit(id, (now) => {
      if (!needsSecret(now.metadata)) throw invalid('This client does not authenticate with a secret');
      const live = now.secrets.filter((one) => one.expires === undefined || one.expires > seconds());
      const end = seconds() + overlap;
      const older = live.slice(-1).map((one) => ({ ...one, expires: Math.min(one.expires ?? end, end) }));
      return { ...now, secrets: [...(overlap > 0 ? older : []), this.#kept(secret)] };
    });
    await this.#trail.record({ type: 'client.secret-rotated', actor, target: `client:${id}`, detail: { overlap } });
    return { client, secret };
  }

  /** Removes it; its tokens are inactive from then on. */
  async remove(id: string, actor: string): Promise<void> {
    if (!(await this.#all.take(id))) throw missing(`The client ${id}`);
    await this.#trail.record({ type: 'client.removed', actor, target: `client:${id}` });
  }

  /** Whether this is a live secret of the client. Fingerprints are keyed, so comparing them tells nothing about secrets. */
  secretFits(client: Client, secret: string): boolean {
    const fingerprint = this.#vault.fingerprint('client-secret', secret);
    const now = seconds();
    return client.secrets.some(
      (one) => one.fingerprint === fingerprint && (one.expires === undefined || one.expires > now),
    );
  }

  #kept(secret: string): Secret {
    return { fingerprint: this.#vault.fingerprint('client-secret', secret), created: seconds() };
  }

  /** RFC 9700 §2.1.1: only a confidential client can do without PKCE, protected by the nonce instead. */
  #refuseWaiver(pkce: Client['pkce'], metadata: Metadata): void {
    if (pkce === 'optional' && metadata.token_endpoint_auth_method === 'none') {
      throw invalid('PKCE cannot be lifted for a public client; give it a secret or a key first');
    }
  }

  async #edit(id: string, edit: (now: Client) => Client): Promise<Client> {
    const client = await this.#all.change(id, (now) => ({ ...edit(now), updated: seconds() }));
    if (!client) throw missing(`The client ${id}`);
    return client;
  }
}
