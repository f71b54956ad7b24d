import { createHash } from 'node:crypto';
import type { Vault } from '../kernel/crypto.ts';
import { missing, Problem, problem } from '../kernel/errors.ts';
import type { FetchLimits } from '../kernel/fetch.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Connection, LdapConnection, OidcConnection, SamlConnection, Surroundings } from './connection.ts';
import type { Connector } from './connector.ts';
import type { OwnKeys } from './own-keys.ts';
import { namedHosts, providerFetch } from './surroundings.ts';

/** How each kind is opened; the secrets in the settings are in clear. */
export interface Kinds {
  oidc(settings: OidcConnection, around: Surroundings): Connector | Promise<Connector>;
  saml(settings: SamlConnection, around: Surroundings): Connector | Promise<Connector>;
  ldap(settings: LdapConnection, around: Surroundings): Connector | Promise<Connector>;
}

interface Parts {
  store: Store;
  vault: Vault;
  issuer: string;
  outgoing: Partial<FetchLimits>;
  kinds: Kinds;
  keys: OwnKeys;
}

const disabled = problem(
  'connection_disabled',
  403,
  () => 'This way to sign in is switched off at the moment; sign in another way, or ask your administrator',
);

/** The settings that are sealed at rest. */
export const secretSettings = ['clientSecret', 'bindPassword'] as const;

/** What a sealed setting is bound to. */
export const boundTo = (id: string, name: string): string => `connection ${id} ${name}`;

const seconds = (): number => Math.floor(Date.now() / 1000);

/** The connectors that this process has opened, each until its settings change. */
export class OpenConnectors {
  readonly #parts: Parts;
  readonly #seen: Collection<Entity>;
  readonly #open = new Map<string, { of: string; connector: Promise<Connector> }>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#seen = parts.store.collection<Entity>({ name: 'federation-seen', indexes: {} });
  }

  /** The connector of this record, as it is stored now. Throws `connection_disabled`, `missing`. */
  async get(id: string, record: Connection | undefined): Promise<Connector> {
    if (record?.state !== 'enabled') this.#open.delete(id);
    if (!record) throw missing(`The connection ${id}`);
    if (record.state !== 'enabled') throw disabled();
    const of = JSON.stringify(record);
    const known = this.#open.get(id);
    if (known?.of === of) return known.connector;
    const connector = this.anew(record);
    this.#open.set(id, { of, connector });
    // One that could not be opened is tried again by whoever comes next.
    connector.catch(() => this.#open.get(id)?.connector === connector && this.#open.delete(id));
    return connector;
  }

  around(settings: Connection): Surroundings {
    const { issuer, outgoing, keys } = this.#parts;
    const { id } = settings;
    return {
      issuer,
      fetch: providerFetch(namedHosts(settings), outgoing, settings.confined),
      keys: (use) => keys.of(id, use),
      once: (name, until) => this.#once(id, name, until),
      now: seconds,
    };
  }

  clear<C extends Connection>(settings: C): C {
    const open: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(settings)) {
      const sealed = secretSettings.some((one) => one === name) && typeof value === 'string';
      open[name] = sealed ? this.#parts.vault.open(value, boundTo(settings.id, name)) : value;
    }
    return open as C;
  }

  /** A connector of its own, with nothing remembered; for a test, which a connection takes in any state. */
  async anew(record: Connection): Promise<Connector> {
    const settings = this.clear(record);
    const around = this.around(record);
    const { kinds } = this.#parts;
    if (settings.kind === 'oidc') return kinds.oidc(settings, around);
    return settings.kind === 'saml' ? kinds.saml(settings, around) : kinds.ldap(settings, around);
  }

  async #once(id: string, name: string, until: number): Promise<boolean> {
    const mark = createHash('sha256').update(`${id} ${name}`).digest('base64url');
    try {
      await this.#seen.insert({ id: mark }, Math.max(1, until - seconds()));
      return true;
    } catch (error) {
      if (error instanceof Problem && error.code === 'taken') return false;
      throw error;
    }
  }
}
