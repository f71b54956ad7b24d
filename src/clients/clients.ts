import { hash } from 'node:crypto';
import type { Trail } from '../audit/trail.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import { invalid, missing, Problem } from '../kernel/errors.ts';
import { checkedOverlap } from '../store/overlap.ts';
import { type Collection, type Page, type Store, taken } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import {
  type Around,
  type Client,
  type ClientChange,
  changedFacts,
  checkedClient,
  checkedId,
  createdFacts,
  differences,
  type NewClient,
} from './client.ts';
import { displayName, skeleton } from './display-name.ts';
import { type Move, moved, type State } from './life.ts';
import { needsSecret, normalMetadata } from './metadata.ts';
import { Quota } from './quota.ts';
import { isLive, lasting, matching, rotated, type Secret, sameFingerprint } from './secrets.ts';
import { ClientUses } from './uses.ts';

export type { Client, ClientChange, NewClient } from './client.ts';
export type { Move, State } from './life.ts';

const seconds = (): number => Math.floor(Date.now() / 1000);
const day = 24 * 60 * 60;
/** So long a registered client may wait for approval, or lie rejected, before its place goes to another (seconds). */
const longestWait = 30 * day;
/** An administrator may register this machine for development; registrars have their own rules (registration.ts). */
const ownRules = { hosts: [], loopback: true };

/** The clients of this installation. */
export class Clients {
  readonly #all: Collection<Client, 'state' | 'registrar' | 'firstParty' | 'tier'>;
  readonly #quota: Quota;
  readonly #vault: Vault;
  readonly #trail: Trail;
  readonly #guard: NonNullable<Around['guard']>;
  readonly #builtIn: ReadonlyMap<string, Client>;
  /** When they were last used. */
  readonly uses: ClientUses;

  /**
   * Secrets that were shown last and did fit, as digests, by the client as it was read: a gateway shows the same one
   * some thousand times a second. A client that changes is read anew, so nothing here outlives a change.
   */
  readonly #proven = new WeakMap<Client, { digest: string; secret: Secret }>();

  constructor(store: Store, vault: Vault, trail: Trail, { builtIn = [], guard = (deed) => deed() }: Around = {}) {
    this.#guard = guard;
    this.#builtIn = new Map(builtIn.map((client) => [client.id, client]));
    this.uses = new ClientUses(store);
    this.#vault = vault;
    this.#trail = trail;
    this.#all = store.collection<Client, 'state' | 'registrar' | 'firstParty' | 'tier'>({
      name: 'clients',
      indexes: {
        state: { key: (client) => client.state },
        registrar: { key: (client) => client.registrar },
        firstParty: { key: (client) => (client.firstParty ? 'yes' : undefined) },
        tier: { key: (client) => client.tier },
      },
      cached: true,
    });
    this.#quota = new Quota(store, (owner) => this.#keepFresh(owner));
  }

  /**
   * Makes a client; the secret, where its way of authentication needs one (43 characters), is shown here and never again.
   * Throws `taken`, `invalid`, `invalid_client_metadata`, `invalid_redirect_uri`, `too_many_clients`.
   */
  async add(input: NewClient, actor: string): Promise<{ client: Client; secret?: string }> {
    const { registrar, limit, state = 'approved', secret: given = randomToken() } = input;
    const id = checkedId(input.id ?? `client_${randomToken(16)}`);
    const metadata = normalMetadata(input.metadata, ownRules);
    const secret = needsSecret(metadata) ? given : undefined;
    const { registrationToken, tier, cacheSeconds } = input;
    const client: Client = checkedClient({
      id,
      name: displayName(input.name ?? id),
      state,
      ...(tier === undefined ? {} : { tier }),
      ...(cacheSeconds === undefined ? {} : { cacheSeconds }),
      metadata,
      secrets: secret === undefined ? [] : [this.#kept(id, secret)],
      firstParty: input.firstParty ?? false,
      introspects: input.introspects ?? [],
      pkce: input.pkce ?? 'required',
      ...(registrar === undefined ? {} : { registrar }),
      ...(registrationToken === undefined ? {} : { registrationToken: this.#tokenMark(id, registrationToken) }),
      ...{ created: seconds(), updated: seconds() },
    });
    await this.#insert(client, limit);
    await this.#trail.record({ type: 'client.created', actor, target: `client:${id}`, detail: createdFacts(client) });
    return secret === undefined ? { client } : { client, secret };
  }

  /** From memory where possible: a change by another process is seen within a second. */
  get(id: string): Promise<Client | undefined> {
    const builtIn = this.#builtIn.get(id);
    return builtIn ? Promise.resolve(builtIn) : this.#all.get(id);
  }

  /** Whether it may act; `sure`: as the store itself says, whatever is remembered. */
  async acts(id: string, sure: boolean): Promise<boolean> {
    const client = await (sure ? this.#all.change(id, (now) => now) : this.get(id));
    return client?.state === 'approved';
  }

  list(where: { state?: State; registrar?: string; tier?: string } = {}, page?: Page): Promise<Client[]> {
    return this.#all.find(where, page);
  }

  /** In one atomic step; a function may look at the client as it is now, and throw. Throws what `add` throws, and `missing`. */
  async change(id: string, change: ClientChange | ((now: Client) => ClientChange), actor: string): Promise<Client> {
    const changed = new Set<string>();
    const client = await this.#edit(id, (now) => {
      const next = this.#changed(now, typeof change === 'function' ? change(now) : change);
      changed.clear();
      for (const name of differences(now, next)) changed.add(name);
      return next;
    });
    const [target, detail] = [`client:${id}`, changedFacts(client, changed)];
    await this.#trail.record({ type: 'client.changed', actor, target, detail });
    return client;
  }

  /**
   * Moves a client along its life; throws `forbidden_move` (409) with the moves that are possible, and `last_administrator`
   * when nobody else looks after this server.
   */
  async decide(
    id: string,
    move: Move,
    actor: string,
    detail: { tier?: string | undefined; reason?: string | undefined } = {},
  ): Promise<Client> {
    const { tier, reason } = detail;
    let from: State | undefined;
    const edit = ({ reason: _before, ...now }: Client): Client => {
      from = now.state;
      const { to } = moved(now.state, move);
      const said = { ...(tier === undefined ? {} : { tier }), ...(reason === undefined ? {} : { reason }) };
      return checkedClient({ ...now, ...said, state: to });
    };
    const ends = move === 'suspend' || move === 'revoke';
    const client = await (ends ? this.#guarded(id, edit) : this.#edit(id, edit));
    if (from === undefined) return client;
    const { event } = moved(from, move);
    await this.#trail.record({ type: event, actor, target: `client:${id}`, detail: { from, tier, reason } });
    return client;
  }

  /** Gives a second secret; the older one ends after the overlap (seconds, at most 90 days). At most two live at a time. */
  async rotateSecret(id: string, actor: string, overlap = day, secret = randomToken()) {
    checkedOverlap(overlap);
    const client = await this.#edit(id, (now) => {
      if (!needsSecret(now.metadata))
        throw invalid('This client does not prove itself by a secret, so it has none to rotate');
      return { ...now, secrets: rotated(now.secrets, this.#kept(id, secret), overlap) };
    });
    await this.#trail.record({ type: 'client.secret-rotated', actor, target: `client:${id}`, detail: { overlap } });
    return { client, secret };
  }

  /**
   * Removes it; its tokens are inactive from then on. `forget` is called when that is sure, before it is gone: whoever gets the
   * same id must not find its rights. Throws `missing`, and `last_administrator` when nobody else looks after this server.
   */
  async remove(id: string, actor: string, forget?: () => Promise<unknown>): Promise<void> {
    let state: State | undefined;
    await this.#guarded(id, (now) => {
      state = now.state;
      return now.state === 'approved' ? { ...now, state: 'suspended' } : now;
    });
    await forget?.();
    const client = await this.#all.take(id);
    if (!client) throw missing(`The client ${id}`);
    await this.uses.forget(id);
    if (client.registrar !== undefined) await this.#quota.release(client.registrar);
    await this.#trail.record({ type: 'client.removed', actor, target: `client:${id}`, detail: { state } });
  }

  /** Whether this is a live secret of the client. */
  secretFits(client: Client, secret: string): boolean {
    const digest = hash('sha256', secret, 'base64');
    const known = this.#proven.get(client);
    const proven = known?.digest === digest && isLive(known.secret, seconds()) ? known.secret : undefined;
    const fitting = proven ?? matching(client.secrets, this.#secretMark(client.id, secret), seconds());
    if (!fitting) return false;
    if (!proven) this.#proven.set(client, { digest, secret: fitting });
    this.uses.note(client.id, fitting.created);
    return true;
  }

  /** Whether this is one of these secrets of the client (usually the one that lasts) and counts; to ask is no use of it. */
  hasSecret(client: Client, secret: string, among = lasting(client.secrets)): boolean {
    return matching(among, this.#secretMark(client.id, secret), seconds()) !== undefined;
  }

  /** Whether this is the registration access token of the client (RFC 7592 §3). */
  registrationTokenFits(client: Client, token: string): boolean {
    return (
      client.registrationToken !== undefined &&
      sameFingerprint(client.registrationToken, this.#tokenMark(client.id, token))
    );
  }

  /** Whether a name passes for the name of a first-party client, which others must not bear. */
  async isReserved(name: string): Promise<boolean> {
    const wanted = skeleton(name);
    const known = [...this.#builtIn.values(), ...(await this.#every({ firstParty: 'yes' }))];
    return known.some((client) => skeleton(client.name) === wanted);
  }

  #changed(now: Client, change: ClientChange): Client {
    const { name, metadata: given, registrationToken, tier, cacheSeconds, ...rest } = change;
    const metadata = given === undefined ? now.metadata : normalMetadata(given, ownRules);
    const { tier: tierBefore, cacheSeconds: cachedBefore, ...same } = now;
    const after = 'tier' in change ? tier : tierBefore;
    const cached = 'cacheSeconds' in change ? cacheSeconds : cachedBefore;
    return checkedClient({
      ...same,
      ...rest,
      metadata,
      ...(after === undefined ? {} : { tier: after }),
      ...(cached === undefined ? {} : { cacheSeconds: cached }),
      name: name === undefined ? now.name : displayName(name),
      secrets: needsSecret(metadata) ? now.secrets : [],
      ...(registrationToken === undefined ? {} : { registrationToken: this.#tokenMark(now.id, registrationToken) }),
    });
  }

  async #insert(client: Client, limit: number | undefined): Promise<void> {
    const { registrar } = client;
    if (registrar !== undefined && limit !== undefined) await this.#quota.claim(registrar, limit);
    try {
      await this.#all.insert(client);
    } catch (error) {
      if (registrar !== undefined && limit !== undefined) await this.#quota.release(registrar);
      throw error instanceof Problem && error.code === 'taken' ? taken(`The client id ${client.id}`) : error;
    }
  }

  /** Removes what a registrar made and nobody wanted, and says how many clients are left to it. */
  async #keepFresh(owner: string): Promise<number> {
    const all = await this.#every({ registrar: owner });
    const unwanted = ({ state, updated }: Client): boolean =>
      (state === 'pending' || state === 'rejected') && updated < seconds() - longestWait;
    const stale = all.filter(unwanted);
    for (const { id, state } of stale) {
      if (!(await this.#all.take(id))) continue;
      await this.#trail.record({ type: 'client.removed', actor: 'system', target: `client:${id}`, detail: { state } });
    }
    return all.length - stale.length;
  }

  #kept(id: string, secret: string): Secret {
    return { fingerprint: this.#secretMark(id, secret), created: seconds() };
  }

  /** With the client's id in it, so that no client's record makes its secret good for another. */
  #secretMark(id: string, secret: string): string {
    return this.#vault.fingerprint('client-secret', `${id} ${secret}`);
  }

  #tokenMark(id: string, token: string): string {
    return this.#vault.fingerprint('registration-token', `${id} ${token}`);
  }

  #every(where: { registrar: string } | { firstParty: string }): Promise<Client[]> {
    return whole((page) => this.#all.find(where, page));
  }

  /** A change that may keep a client out; the client is as it was where nobody would look after this server then. */
  #guarded(id: string, edit: (now: Client) => Client): Promise<Client> {
    let before: Client | undefined;
    const deed = () =>
      this.#edit(id, (now) => {
        before = now;
        return edit(now);
      });
    const undo = () =>
      this.#edit(id, ({ reason: _said, ...now }) => {
        const { state = now.state, reason } = before ?? {};
        return { ...now, state, ...(reason === undefined ? {} : { reason }) };
      });
    return this.#guard(deed, undo, `client:${id}`);
  }

  async #edit(id: string, edit: (now: Client) => Client): Promise<Client> {
    const client = await this.#all.change(id, (now) => ({ ...edit(now), updated: seconds() }));
    if (!client) throw missing(`The client ${id}`);
    return client;
  }
}
