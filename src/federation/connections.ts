import type { Trail } from '../audit/trail.ts';
import { same, type Vault } from '../kernel/crypto.ts';
import { missing, Problem, problem } from '../kernel/errors.ts';
import type { FetchLimits } from '../kernel/fetch.ts';
import { type Collection, type Page, type Store, taken } from '../store/port.ts';
import type { Connection, Surroundings } from './connection.ts';
import type { Connector } from './connector.ts';
import { Domains, type ResolveTxt } from './domains.ts';
import { drafted } from './draft.ts';
import type { ReadMetadata } from './importing.ts';
import type { ConnectionChange, ConnectionInput } from './input.ts';
import { type Kinds, OpenConnectors } from './opening.ts';
import { type MakeKey, OwnKeys } from './own-keys.ts';
import { prepared, preparedChange } from './preparing.ts';

export type { Connection } from './connection.ts';

/** What connections are built on. */
export interface Parts {
  store: Store;
  vault: Vault;
  trail: Trail;
  issuer: string;
  outgoing: Partial<FetchLimits>;
  kinds: Kinds;
  readMetadata: ReadMetadata;
  makeKey: MakeKey;
  resolveTxt: ResolveTxt;
  /** Why no provider may give this role; undefined when one may. */
  refuseRole(role: string): Promise<string | undefined>;
  /** Forgets who came through a connection that is being removed, and what it gave them. */
  forget?(id: string, actor: string): Promise<void>;
}

const declaredElsewhere = problem(
  'declared',
  409,
  (id: string) => `The connection ${id} is declared in the configuration file; change it there, and start again`,
);

const otherKind = problem(
  'invalid',
  400,
  (id: string) => `The connection ${id} is of another kind; remove it first, or declare this one under another id`,
);

const seconds = (): number => Math.floor(Date.now() / 1000);

/** The providers that people sign in at. Secrets in what it hands out are sealed; only connectors get them in clear. */
export class Connections {
  readonly domains: Domains;
  readonly keys: OwnKeys;
  readonly #all: Collection<Connection, 'state'>;
  readonly #parts: Parts;
  readonly #open: OpenConnectors;

  constructor(parts: Parts) {
    const { store, trail } = parts;
    this.#parts = parts;
    this.domains = new Domains(store, trail, parts.resolveTxt);
    this.keys = new OwnKeys(store, parts);
    this.#all = store.collection<Connection, 'state'>({
      name: 'connections',
      indexes: { state: { key: ({ state }) => state } },
      cached: true,
    });
    this.#open = new OpenConnectors({ ...parts, keys: this.keys });
  }

  /** Makes a connection from its preset, what the provider says of itself, and what is said here. Throws `invalid`, `taken`. */
  async add(input: ConnectionInput, actor: string, declared?: string): Promise<Connection> {
    const { id, domains = [], ...said } = input;
    if (await this.#all.get(id)) throw taken(`The connection ${id}`);
    for (const domain of domains) await this.domains.refuseTaken(id, domain);
    const { preset: named, ...settings } = said;
    const next = await prepared(id, named, settings, this.#parts);
    const record = { ...next, ...(declared === undefined ? {} : { declared }) };
    try {
      await this.#all.insert(record);
    } catch (error) {
      throw error instanceof Problem && error.code === 'taken' ? taken(`The connection ${id}`) : error;
    }
    const { kind, preset, mfa, provision } = record;
    const detail = { kind, preset, mfa, provision, declared: declared !== undefined };
    await this.#record('connection.created', id, actor, detail);
    for (const domain of domains) await this.domains.add(id, domain, actor);
    return this.#whole(record);
  }

  async get(id: string): Promise<Connection | undefined> {
    const record = await this.#all.get(id);
    return record && this.#whole(record);
  }

  async list(page?: Page): Promise<Connection[]> {
    return Promise.all((await this.#all.find({}, page)).map((record) => this.#whole(record)));
  }

  /** For the chooser. */
  async shown(): Promise<Connection[]> {
    const enabled = await this.#all.find({ state: 'enabled' }, { limit: 1000 });
    return Promise.all(enabled.filter(({ shown }) => shown).map((record) => this.#whole(record)));
  }

  /** The connection that speaks for a domain, in whatever spelling: it is enabled, and the domain is verified. */
  async forDomain(domain: string): Promise<Connection | undefined> {
    const id = await this.domains.speaker(domain);
    const found = id === undefined ? undefined : await this.get(id);
    return found?.state === 'enabled' ? found : undefined;
  }

  /**
   * What is not named stays, null goes back to the preset (RFC 7396). `look` sees the connection inside the atomic step and
   * may throw. Throws `missing`, `invalid`, `declared`.
   */
  async change(
    id: string,
    change: ConnectionChange,
    actor: string,
    look: (now: Connection) => void = () => {},
  ): Promise<Connection> {
    const before = await this.#known(id);
    if (before.declared !== undefined) throw declaredElsewhere(id);
    const settle = await preparedChange(before, change, this.#parts);
    const domains = await this.domains.of(id);
    let changed = '';
    const record = await this.#edit(id, (now) => {
      look({ ...now, domains });
      if (now.declared !== undefined) throw declaredElsewhere(id);
      const next = settle(now);
      changed = differences(now, next);
      return next;
    });
    await this.#recordChange(record, changed, actor);
    return this.#whole(record);
  }

  /** Makes it what the configuration file says, and nothing else; `declared` is the fingerprint of that. Throws `invalid`. */
  async redeclare(input: ConnectionInput, declared: string, actor: string): Promise<Connection> {
    const { id, preset, domains = [], ...settings } = input;
    for (const domain of domains) await this.domains.refuseTaken(id, domain);
    const next = await prepared(id, preset, settings, this.#parts);
    let changed = '';
    const record = await this.#edit(id, (now) => {
      if (now.kind !== next.kind) throw otherKind(id);
      const after = { ...next, created: now.created, declared };
      changed = differences(now, after);
      return after;
    });
    await this.#recordChange(record, changed, actor);
    for (const domain of domains) await this.domains.add(id, domain, actor);
    return this.#whole(record);
  }

  /** The file no longer speaks of it: it stays, with the people who came through it, but lets nobody in. */
  async release(id: string, actor: string): Promise<void> {
    await this.#edit(id, ({ declared: _gone, ...now }) => ({ ...now, state: 'disabled' }));
    await this.#record('connection.disabled', id, actor, { reason: 'no longer declared' });
  }

  /** Lets people in, or keeps them out. Throws `missing`, `declared`. */
  async setState(
    id: string,
    state: Connection['state'],
    actor: string,
    look: (now: Connection) => void = () => {},
  ): Promise<Connection> {
    const domains = await this.domains.of(id);
    const record = await this.#edit(id, (now) => {
      look({ ...now, domains });
      if (now.declared !== undefined) throw declaredElsewhere(id);
      return { ...now, state };
    });
    await this.#record(`connection.${state}`, id, actor);
    return this.#whole(record);
  }

  /** Makes the next keys of ours for this connection (own-keys.ts). Throws `missing`. */
  async rotateKeys(id: string, actor: string, atOnce: boolean): Promise<void> {
    await this.#known(id);
    await this.keys.rotate(id, actor, atOnce);
  }

  /** Takes the connection away with its keys and domains. Throws `missing`, `declared`. */
  async remove(id: string, actor: string): Promise<void> {
    const { declared } = await this.#known(id);
    if (declared !== undefined) throw declaredElsewhere(id);
    // First what speaks for people: a crash in between leaves a connection that speaks for nobody.
    await this.domains.forget(id);
    await this.keys.forget(id);
    await this.#parts.forget?.(id, actor);
    if (!(await this.#all.take(id))) throw missing(`The connection ${id}`);
    await this.#record('connection.removed', id, actor);
  }

  /** What the provider says of itself by now (refreshing.ts); only these facts change. */
  async learn(id: string, learn: (now: Connection) => Readonly<Record<string, unknown>>): Promise<Connection> {
    return this.#whole(await this.#edit(id, (now) => drafted(now.kind, { ...now, ...learn(now) })));
  }

  /** The connector, opened with secrets in clear, and anew when its settings changed. Throws `connection_disabled`, `missing`. */
  async connector(id: string): Promise<Connector> {
    return this.#open.get(id, await this.#all.get(id));
  }

  /** The connector for a test: opened anew, also while the connection lets nobody in. Throws `missing`. */
  async connectorForTest(id: string): Promise<Connector> {
    return this.#open.anew(await this.#known(id));
  }

  /** What a connector, and whoever acts for the connection, works with. */
  around(settings: Connection): Surroundings {
    return this.#open.around(settings);
  }

  /** The settings with the secrets in clear, as connectors and the doctor need them. Never shown, never logged. */
  clear<C extends Connection>(settings: C): C {
    return this.#open.clear(settings);
  }

  /** Whether this is the secret that the connection has under this name. Throws `missing`. */
  async secretFits(id: string, name: 'clientSecret' | 'bindPassword', secret: string): Promise<boolean> {
    const settings: Partial<Record<string, unknown>> = { ...this.clear(await this.#known(id)) };
    const kept = settings[name];
    return typeof kept === 'string' && same(kept, secret);
  }

  #recordChange({ id, mfa, provision, declared }: Connection, changed: string, actor: string): Promise<void> {
    const detail = { changed, mfa, provision, declared: declared !== undefined };
    return this.#record('connection.changed', id, actor, detail);
  }

  async #known(id: string): Promise<Connection> {
    const record = await this.#all.get(id);
    if (!record) throw missing(`The connection ${id}`);
    return record;
  }

  async #whole(record: Connection): Promise<Connection> {
    return { ...record, domains: await this.domains.of(record.id) };
  }

  async #edit(id: string, edit: (now: Connection) => Connection): Promise<Connection> {
    const record = await this.#all.change(id, (now) => ({ ...edit(now), domains: [], updated: seconds() }));
    if (!record) throw missing(`The connection ${id}`);
    return record;
  }

  #record(
    type: Extract<Parameters<Trail['record']>[0]['type'], `connection.${string}`>,
    id: string,
    actor: string,
    detail: Record<string, string | number | boolean> = {},
  ): Promise<void> {
    return this.#parts.trail.record({ type, actor, target: `connection:${id}`, detail } as Parameters<
      Trail['record']
    >[0]);
  }
}

/** The names of the settings that differ, for the audit trail; no values, since some are secrets. */
const differences = (before: object, after: object): string => {
  const [a, b]: Record<string, unknown>[] = [{ ...before }, { ...after }];
  const names = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  names.delete('updated');
  return [...names].filter((name) => JSON.stringify(a?.[name]) !== JSON.stringify(b?.[name])).join(' ');
};
