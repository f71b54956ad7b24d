import { X509Certificate } from 'node:crypto';
import type { Trail } from '../audit/trail.ts';
import { invalid, missing, Problem } from '../kernel/errors.ts';
import type { FetchLimits } from '../kernel/fetch.ts';
import type { Log } from '../kernel/log.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Connection, OidcConnection, SamlConnection } from './connection.ts';
import type { Connections } from './connections.ts';
import { asked, imported, type ReadMetadata, samlFacts } from './importing.ts';
import { presetOf } from './presets.ts';
import { metadataFetch } from './surroundings.ts';

/** When a connection's metadata is read again, in seconds: pushing `due` forward is how one process claims the work. */
interface Due extends Entity {
  readonly due: number;
  /** Why it failed last, so that one outage is one event. */
  readonly failure?: string;
}

interface Parts {
  store: Store;
  trail: Trail;
  connections: Connections;
  outgoing: Partial<FetchLimits>;
  readMetadata: ReadMetadata;
}

const [minute, hour, day] = [60, 3600, 86_400];
/** Whoever claims the work and dies is followed by another after so long (seconds). */
const claim = 5 * minute;
/** A certificate that ends within so long is told of (seconds). */
const foresight = 30 * day;

const seconds = (): number => Math.floor(Date.now() / 1000);

const nothingToRead = ({ id, kind }: Connection) =>
  invalid(
    kind === 'ldap'
      ? `${id} is a directory, which is asked at each sign-in; there is nothing to read again`
      : `${id} was made from a file; give the new one, or an address: sallyport connection set ${id} --from FILE|URL`,
  );
const system = 'system';

/** How long ISO 8601 says (`PT6H`, `P1D`), in seconds; undefined for what says nothing certain. */
export function duration(text: string): number | undefined {
  const [, days, hours, minutes, rest] =
    /^P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})(?:\.\d+)?S)?)?$/.exec(text) ?? [];
  const sum = Number(days ?? 0) * day + Number(hours ?? 0) * hour + Number(minutes ?? 0) * minute + Number(rest ?? 0);
  return sum > 0 ? sum : undefined;
}

/**
 * In how many seconds to ask again: each hour, later where the server says that its answer keeps longer (a day at most),
 * earlier where the metadata itself may not be kept so long (cacheDuration, validUntil). Pure.
 */
export function interval(
  said: { maxAge?: number | undefined; cacheDuration?: number | undefined; validUntil?: number | undefined },
  now: number,
): number {
  const wanted = Math.min(day, Math.max(hour, said.maxAge ?? 0));
  const left = said.validUntil === undefined ? wanted : (said.validUntil - now) / 2;
  return Math.max(claim, Math.min(wanted, said.cacheDuration ?? wanted, left));
}

/** A tenth more or less, so that not all connections are read at the same moment. */
const spread = (time: number): number => Math.round(time * (0.9 + Math.random() * 0.2));

/** Keeps what we know of providers up to date. */
export class Refreshing {
  readonly #all: Collection<Due>;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#all = parts.store.collection<Due>({ name: 'connection-refreshes', indexes: {} });
  }

  /**
   * Does what is due: metadata, certificates that end soon, proofs of domains. To be called every minute or so by every
   * process; each piece of work is done by one. Never fails for a provider's sake, only for the store's.
   */
  async tend(log: Pick<Log, 'warn'>): Promise<void> {
    const { connections } = this.#parts;
    for (let after = ''; ; ) {
      const page = await connections.list({ limit: 1000, after });
      for (const one of page) {
        if (one.kind !== 'saml' || one.state !== 'enabled') continue;
        if (one.metadataUrl !== undefined && (await this.#claimed(one.id))) await this.#kept(one, log);
        await this.#foresee(one, log);
      }
      after = page.at(-1)?.id ?? '';
      if (page.length < 1000) break;
    }
    await connections.domains.recheck();
  }

  /** Reads what the provider says of itself now, because somebody asks for it. Throws `missing`, `invalid`. */
  async refresh(id: string, actor: string): Promise<Connection> {
    const now = await this.#parts.connections.get(id);
    if (!now) throw missing(`The connection ${id}`);
    if (now.kind === 'saml' && now.metadataUrl !== undefined) {
      try {
        await this.#read(now, actor, false);
      } catch (error) {
        await this.#failed(id, actor, error);
        throw error;
      }
    } else if (now.kind === 'oidc' && now.discovery === undefined) await this.#reopen(now);
    else throw nothingToRead(now);
    await this.#record('connection.refreshed', id, actor, {});
    return (await this.#parts.connections.get(id)) ?? now;
  }

  async #claimed(id: string): Promise<boolean> {
    const now = seconds();
    let mine = false;
    const known = await this.#all.change(id, (one) => {
      mine = one.due <= now;
      return mine ? { ...one, due: now + claim } : one;
    });
    if (known) return mine;
    try {
      // A new connection was read when it was made.
      await this.#all.insert({ id, due: now + spread(hour) });
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'taken')) throw error;
    }
    return false;
  }

  async #kept(one: SamlConnection, log: Pick<Log, 'warn'>): Promise<void> {
    try {
      const wait = await this.#read(one, system, true);
      await this.#all.put({ id: one.id, due: seconds() + spread(wait) });
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      log.warn(
        { err: error, connection: one.id },
        'metadata could not be refreshed; what was known before still counts',
      );
      const failure = error.message.slice(0, 300);
      const before = await this.#all.get(one.id);
      await this.#all.put({ id: one.id, due: seconds() + spread(10 * minute), failure });
      if (before?.failure !== failure) await this.#failed(one.id, system, error);
    }
  }

  /** Reads the metadata, takes over what may change in it, and says in how many seconds to do so again. */
  async #read(one: SamlConnection, actor: string, quiet: boolean): Promise<number> {
    const { metadataUrl = '', etag, entityIds } = one;
    const headers = {
      accept: 'application/samlmetadata+xml, application/xml',
      ...(etag ? { 'if-none-match': etag } : {}),
    };
    const fetch = metadataFetch(metadataUrl, this.#parts.outgoing, one.confined);
    const answer = await asked(fetch, metadataUrl, headers);
    const [, age] = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(answer.headers.get('cache-control') ?? '') ?? [];
    const maxAge = age === undefined ? undefined : Number(age);
    if (answer.status === 304) return interval({ maxAge, validUntil: one.validUntil }, seconds());
    if (answer.status !== 200) throw invalid(`${metadataUrl} answers with ${answer.status}`);
    const xml = await answer.text();
    const facts = await this.#parts.readMetadata(xml, { now: seconds(), expectedEntityId: entityIds[0] });
    if (!entityIds.includes(facts.entityId)) {
      throw invalid(`The metadata at ${metadataUrl} is of ${facts.entityId} by now, which is another provider`);
    }
    const { entityIds: _same, nameIdFormat: _chosen, ...learnt } = samlFacts(facts, presetOf(one.preset));
    const moves = (['certificates', 'signOn', 'signOut'] as const).some((name) => !same(one[name], learnt[name]));
    if (moves && actor === system) await this.#parts.trail.announce('read-metadata', `connection:${one.id}`);
    await this.#learn(
      one,
      { validUntil: undefined, ...learnt, etag: answer.headers.get('etag') ?? undefined },
      actor,
      quiet,
    );
    const [, text = ''] = /^[^>]*?<(?!\?|!--)[^>]*?\scacheDuration=["']([^"']+)["']/s.exec(xml) ?? [];
    return interval({ maxAge, cacheDuration: duration(text), validUntil: facts.validUntil }, seconds());
  }

  async #learn(one: SamlConnection, facts: Record<string, unknown>, actor: string, quiet: boolean): Promise<void> {
    let before: SamlConnection = one;
    const after = await this.#parts.connections.learn(one.id, (now) => {
      // Somebody may have given another address meanwhile; then this answer is of no interest any more.
      if (now.kind !== 'saml' || now.metadataUrl !== one.metadataUrl)
        throw invalid('The metadata has another address by now');
      before = now;
      return { ...facts, refreshed: seconds() };
    });
    if (after.kind !== 'saml') return;
    const [old, fresh] = [before.certificates.map(fingerprint), after.certificates.map(fingerprint)];
    const added = fresh.filter((print) => !old.includes(print)).join(' ');
    const removed = old.filter((print) => !fresh.includes(print)).join(' ');
    if (added !== '' || removed !== '') {
      await this.#record('connection.certificates-changed', one.id, actor, { added, removed });
    }
    const moved = (['signOn', 'signOut'] as const).filter((name) => !same(before[name], after[name])).join(' ');
    if (quiet && moved !== '') await this.#record('connection.refreshed', one.id, actor, { changed: moved });
  }

  /** Makes sure that the provider still calls itself the same; the connector is opened anew, and so reads it too. */
  async #reopen(now: OidcConnection): Promise<void> {
    const preset = presetOf(now.preset);
    const from = now.issuer.replace('{tenantid}', 'organizations');
    const reader = {
      fetch: (address: string) => metadataFetch(address, this.#parts.outgoing, now.confined),
      readMetadata: this.#parts.readMetadata,
      now: seconds,
    };
    if (preset) await imported(preset, { from, tenants: now.tenants, auth: now.auth }, reader);
    await this.#parts.connections.learn(now.id, () => ({}));
  }

  /** Tells once of each certificate that ends soon, whichever process sees it first. */
  async #foresee(one: SamlConnection, log: Pick<Log, 'warn'>): Promise<void> {
    for (const pem of one.certificates) {
      const { validToDate } = new X509Certificate(pem);
      const ends = Math.floor(validToDate.getTime() / 1000);
      if (ends > seconds() + foresight) continue;
      const print = fingerprint(pem);
      const keep = Math.max(ends, seconds()) + foresight;
      if (!(await this.#parts.connections.around(one).once(`certificate expires ${print}`, keep))) continue;
      const expires = validToDate.toISOString();
      log.warn({ connection: one.id, fingerprint: print, expires }, 'a certificate of the provider ends soon');
      await this.#record('connection.certificate-expires', one.id, system, { fingerprint: print, expires });
    }
  }

  #failed(id: string, actor: string, error: unknown): Promise<void> {
    const reason = error instanceof Problem ? error.message : 'unknown';
    const detail = { reason };
    const target = `connection:${id}`;
    return this.#parts.trail.record({ type: 'connection.refresh-failed', actor, target, outcome: 'failure', detail });
  }

  #record(
    type: 'connection.refreshed' | 'connection.certificates-changed' | 'connection.certificate-expires',
    id: string,
    actor: string,
    detail: Record<string, string>,
  ): Promise<void> {
    return this.#parts.trail.record({ type, actor, target: `connection:${id}`, detail });
  }
}

/** SHA-256, as `openssl x509 -fingerprint -sha256` prints it. */
const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
