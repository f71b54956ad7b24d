import type { Trail } from '../audit/trail.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import { missing } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';

/** Somebody who may register clients, and what those may be; empty lists mean no restriction. Times in seconds. */
export interface Registrar extends Entity {
  fingerprint: string;
  approve: 'at-once' | 'pending';
  grants: string[];
  scopes: string[];
  /** `app.example` or `*.example`. */
  redirectHosts: string[];
  pkce: 'required' | 'optional';
  expires?: number;
  /** The most clients it may have at a time. */
  limit: number;
  created: number;
}

export type NewRegistrar = { id: string } & Partial<Omit<Registrar, 'id' | 'fingerprint' | 'created'>>;

const seconds = (): number => Math.floor(Date.now() / 1000);

/** The registrars of this installation, known by the fingerprint of their credential. */
export class Registrars {
  readonly #all: Collection<Registrar, 'fingerprint'>;
  readonly #vault: Vault;
  readonly #trail: Trail;

  constructor(store: Store, vault: Vault, trail: Trail) {
    this.#vault = vault;
    this.#trail = trail;
    this.#all = store.collection<Registrar, 'fingerprint'>({
      name: 'registrars',
      indexes: { fingerprint: { key: (one) => one.fingerprint, unique: true } },
      cached: true,
    });
  }

  /** Makes one; the credential is shown here and never again. Throws `taken`. */
  async add(input: NewRegistrar, actor: string): Promise<{ registrar: Registrar; token: string }> {
    const token = randomToken();
    const registrar: Registrar = {
      approve: 'pending',
      grants: [],
      scopes: [],
      redirectHosts: [],
      pkce: 'required',
      limit: 1000,
      ...input,
      fingerprint: this.#fingerprint(token),
      created: seconds(),
    };
    await this.#all.insert(registrar);
    await this.#trail.record({ type: 'registrar.created', actor, target: `registrar:${registrar.id}` });
    return { registrar, token };
  }

  /** The registrar behind a credential, unless it has expired. */
  async byToken(token: string): Promise<Registrar | undefined> {
    const [registrar] = await this.#all.find({ fingerprint: this.#fingerprint(token) }, { limit: 1 });
    return registrar?.expires !== undefined && registrar.expires <= seconds() ? undefined : registrar;
  }
  get(id: string): Promise<Registrar | undefined> {
    return this.#all.get(id);
  }
  list(page?: Page): Promise<Registrar[]> {
    return this.#all.find({}, page);
  }
  async remove(id: string, actor: string): Promise<void> {
    if (!(await this.#all.take(id))) throw missing(`The registrar ${id}`);
    await this.#trail.record({ type: 'registrar.removed', actor, target: `registrar:${id}` });
  }

  #fingerprint(token: string): string {
    return this.#vault.fingerprint('registrar', token);
  }
}
