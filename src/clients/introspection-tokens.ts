import type { Trail } from '../audit/trail.ts';
import { randomToken, type Vault } from '../kernel/crypto.ts';
import { invalid, missing } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Client, Clients } from './clients.ts';
import { checkedOverlap } from './secrets.ts';

/** A long-lived credential of a gateway, known by its fingerprint, which is its id. Times in seconds. */
interface IntrospectionToken extends Entity {
  client: string;
  created: number;
  /** Once another has taken over. */
  expires?: number;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/**
 * Credentials that a gateway shows as `Authorization: Bearer …` when it introspects (RFC 7662 §2.1), for those that can only
 * send one fixed header. A client has at most two that count: the last one, and the one before until its overlap ends.
 */
export class IntrospectionTokens {
  readonly #all: Collection<IntrospectionToken, 'client'>;
  readonly #clients: Clients;
  readonly #vault: Vault;
  readonly #trail: Trail;

  constructor(parts: { store: Store; vault: Vault; trail: Trail; clients: Clients }) {
    const { store, vault, trail, clients } = parts;
    this.#all = store.collection<IntrospectionToken, 'client'>({
      name: 'introspection-tokens',
      indexes: { client: { key: (one) => one.client } },
      cached: true,
    });
    this.#clients = clients;
    this.#vault = vault;
    this.#trail = trail;
  }

  /** Makes one (43 characters, shown here and never again); the one before ends after the overlap (seconds). Throws `missing`, `invalid`. */
  async make(id: string, actor: string, overlap?: number): Promise<{ token: string; older: number | undefined }> {
    const span = checkedOverlap(overlap);
    const client = await this.#clients.get(id);
    if (!client) throw missing(`The client ${id}`);
    if (client.introspects.length === 0) {
      throw invalid(
        'This client may introspect no tokens; say first whose: sallyport client set ID --introspect AUDIENCE',
      );
    }
    const token = randomToken();
    const before = await this.#of(id);
    const created = seconds();
    await this.#all.insert({ id: this.#fingerprint(token), client: id, created });
    const older = await this.#retire(before, created + span);
    await this.#trail.record({
      type: 'client.introspection-token-made',
      actor,
      target: `client:${id}`,
      detail: { overlap: span },
    });
    return { token, older };
  }

  /** When those that count were made, and end; never what they are. */
  async list(client: string): Promise<{ created: number; expires?: number }[]> {
    const all = (await this.#of(client)).filter(isLive);
    return all
      .map(({ created, expires }) => ({ created, ...(expires === undefined ? {} : { expires }) }))
      .sort((a, b) => a.created - b.created);
  }

  /** Ends all that a client has, at once; says how many there were. */
  async remove(client: string, actor: string): Promise<number> {
    const count = await this.#all.drop({ client });
    if (count > 0) {
      await this.#trail.record({ type: 'client.introspection-token-removed', actor, target: `client:${client}` });
    }
    return count;
  }

  /** Whose this is, whatever the state of that client. */
  async clientOf(token: string): Promise<Client | undefined> {
    const found = await this.#all.get(this.#fingerprint(token));
    if (!found || !isLive(found)) return undefined;
    const client = await this.#clients.get(found.client);
    // A client that was removed and made again under its old id is another one.
    if (!client || found.created < client.created) return undefined;
    this.#clients.uses.note(client.id);
    return client;
  }

  #of(client: string): Promise<IntrospectionToken[]> {
    return this.#all.find({ client }, { limit: 1000 });
  }

  /** The newest goes on until then, the others end; answers when the newest ends. */
  async #retire(before: readonly IntrospectionToken[], end: number): Promise<number | undefined> {
    const live = before.filter(isLive).sort((a, b) => b.created - a.created);
    const last = live.find(({ expires }) => expires === undefined) ?? live[0];
    const until = Math.min(last?.expires ?? end, end);
    for (const one of before) {
      if (one.id === last?.id && until > seconds()) {
        await this.#all.change(one.id, (now) => ({ ...now, expires: Math.min(now.expires ?? until, until) }));
      } else await this.#all.take(one.id);
    }
    return last && until > seconds() ? until : undefined;
  }

  #fingerprint(token: string): string {
    return this.#vault.fingerprint('introspection-token', token);
  }
}

const isLive = ({ expires }: IntrospectionToken): boolean => expires === undefined || expires > seconds();
