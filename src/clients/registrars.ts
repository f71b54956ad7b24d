import type { Trail } from '../audit/trail.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import { invalid, missing, Problem } from '../kernel/errors.ts';
import { type Collection, type Entity, type Page, type Store, taken } from '../store/port.ts';
import { grantTypes } from './members.ts';

/** Somebody who may register clients, and what those may be; empty lists mean no restriction. Times in seconds. */
export interface Registrar extends Entity {
  /** Of its credential. */
  fingerprint: string;
  /** Whether its clients may get tokens at once, or wait for an administrator. */
  approve: 'at-once' | 'pending';
  grants: string[];
  scopes: string[];
  /** `app.example` or `*.example`; empty: any public host, over https. Naming `localhost` allows it, over http too. */
  redirectHosts: string[];
  pkce: 'required' | 'optional';
  /** From then on the credential counts no more. */
  expires?: number;
  /** The most clients it may have at a time. */
  limit: number;
  created: number;
}

/** What may be said of a registrar; `expires` is a year from now unless it is said. */
export type RegistrarTerms = Partial<Omit<Registrar, 'id' | 'fingerprint' | 'created'>>;
/** What a registrar is made of; `id` is its name. */
/** What may be said of a registrar when it is made; what is not said has the usual value. */
export type NewRegistrar = { id: string } & RegistrarTerms & {
    /** A credential made elsewhere by `randomToken()`, instead of a fresh one. */
    token?: string;
  };

const seconds = (): number => Math.floor(Date.now() / 1000);
const year = 365 * 24 * 60 * 60;

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

  /** Makes one; the credential (43 characters) is shown here and never again. Throws `taken`, `invalid`. */
  async add(input: NewRegistrar, actor: string): Promise<{ registrar: Registrar; token: string }> {
    const { token = randomToken(), id, ...terms } = input;
    const registrar = checkedRegistrar({
      approve: 'pending',
      grants: [],
      scopes: [],
      redirectHosts: [],
      pkce: 'required',
      limit: 1000,
      expires: seconds() + year,
      ...terms,
      id,
      fingerprint: this.#fingerprint(token),
      created: seconds(),
    });
    await this.#insert(registrar);
    const { approve, grants, scopes, redirectHosts, pkce, limit, expires } = registrar;
    const lists = { grants: grants.join(' '), scopes: scopes.join(' '), redirectHosts: redirectHosts.join(' ') };
    const detail = { approve, ...lists, pkce, limit, expires };
    await this.#trail.record({ type: 'registrar.created', actor, target: `registrar:${id}`, detail });
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

  /** Counts for what it registers or updates from now on. `look` sees it before, and may throw. Throws `missing`, `invalid`. */
  async change(
    id: string,
    terms: RegistrarTerms,
    actor: string,
    look: (now: Registrar) => void = () => {},
  ): Promise<Registrar> {
    const registrar = await this.#all.change(id, (now) => {
      look(now);
      return checkedRegistrar({ ...now, ...terms });
    });
    if (!registrar) throw missing(`The registrar ${id}`);
    const detail = { changed: Object.keys(terms).join(' ') };
    await this.#trail.record({ type: 'registrar.changed', actor, target: `registrar:${id}`, detail });
    return registrar;
  }

  /** A new credential, for another year or until `expires`; the old one ends at once. Throws `missing`. */
  async rotateToken(
    id: string,
    actor: string,
    expires = seconds() + year,
  ): Promise<{ registrar: Registrar; token: string }> {
    const token = randomToken();
    const fingerprint = this.#fingerprint(token);
    const registrar = await this.#all.change(id, (now) => checkedRegistrar({ ...now, fingerprint, expires }));
    if (!registrar) throw missing(`The registrar ${id}`);
    await this.#trail.record({ type: 'registrar.token-rotated', actor, target: `registrar:${id}` });
    return { registrar, token };
  }

  /** Its credential ends at once; its clients stay. Throws `missing`. */
  async remove(id: string, actor: string): Promise<void> {
    if (!(await this.#all.take(id))) throw missing(`The registrar ${id}`);
    await this.#trail.record({ type: 'registrar.removed', actor, target: `registrar:${id}` });
  }

  async #insert(registrar: Registrar): Promise<void> {
    try {
      await this.#all.insert(registrar);
    } catch (error) {
      throw error instanceof Problem && error.code === 'taken' ? taken(`The registrar ${registrar.id}`) : error;
    }
  }

  #fingerprint(token: string): string {
    return this.#vault.fingerprint('registrar', token);
  }
}

const host = /^(?:\*\.)?(?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)*[a-z\d](?:[a-z\d-]*[a-z\d])?$|^[\da-f:]*:[\da-f:]*$/;

function checkedRegistrar(registrar: Registrar): Registrar {
  const { id, grants, scopes, redirectHosts, limit } = registrar;
  if (!/^[A-Za-z\d](?:[A-Za-z\d._-]{0,98}[A-Za-z\d])?$/.test(id)) {
    throw invalid('The name of a registrar has 1 to 100 letters and digits, with . _ - between them');
  }
  const grant = grants.find((one) => !grantTypes.some((known) => known === one));
  if (grant !== undefined)
    throw invalid(`${grant} is not a grant that clients can have; there are ${grantTypes.join(', ')}`);
  const scope = scopes.find((one) => !/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(one));
  if (scope !== undefined) throw invalid(`"${scope.slice(0, 110)}" is not a scope value (RFC 6749 §3.3)`);
  const odd = redirectHosts.find((one) => !host.test(one));
  if (odd !== undefined)
    throw invalid(`"${odd.slice(0, 110)}" must be a host such as app.example or *.example, in lower case`);
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw invalid('The limit of a registrar is a whole number of clients from 1');
  return registrar;
}
