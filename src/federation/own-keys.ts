import { randomUUID } from 'node:crypto';
import type { Trail } from '../audit/trail.ts';
import type { Vault } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { OwnKey } from './connection.ts';

type Use = OwnKey['use'];

/** A key pair as it is made, PEM; the certificate only carries the key, and names whose it is. */
export interface MadeKey {
  privateKey: string;
  certificate: string;
  /** Seconds. */
  notAfter: number;
}

/** Makes a key pair for a use, with a certificate of this name. */
export type MakeKey = (of: { use: Use; name: string }) => Promise<MadeKey>;

interface Kept extends Entity {
  /** `CONNECTION.USE.GENERATION`: of several processes that make the next one at once, one succeeds. */
  readonly id: string;
  readonly kid: string;
  readonly connection: string;
  readonly use: Use;
  readonly created: number;
  /** From when on it is the one that signs; it is in our metadata from `created` on. */
  readonly from: number;
  readonly sealed: string;
  readonly certificate: string;
  readonly notAfter: number;
}

const day = 24 * 60 * 60;
/** Providers read our metadata daily, or when somebody tells them to: so long both sides know a key before it is used. */
const notice = 14 * day;
/** What was encrypted or signed for the old key is still good for so long after the next one took over. */
const overlap = 30 * day;

const seconds = (): number => Math.floor(Date.now() / 1000);
const generation = ({ id }: { id: string }): number => Number(id.split('.').at(-1));
const bound = (id: string): string => `connection key ${id}`;

/** Which keys are in use at `now`: the one that signs first, then the next, then those that are on their way out. Pure. */
export function inUse<K extends { id: string; from: number }>(keys: readonly K[], now: number): K[] {
  const sorted = [...keys].sort((a, b) => b.from - a.from || generation(b) - generation(a));
  const current = sorted.find(({ from }) => from <= now) ?? sorted.at(-1);
  if (current === undefined) return [];
  const at = sorted.indexOf(current);
  const later = sorted.slice(0, at).reverse();
  const earlier = sorted.slice(at + 1).filter((_, index) => {
    const successor = sorted[at + index];
    return successor !== undefined && successor.from + overlap > now;
  });
  return [current, ...later, ...earlier];
}

/** How a key of ours stands, without its private part. Times in seconds. */
export interface KeyStanding {
  kid: string;
  use: Use;
  state: 'current' | 'next' | 'retired';
  from: number;
  /** When it goes, once a later one is there. */
  until?: number | undefined;
  notAfter: number;
}

/** Our own keys, a set for each connection, so that no provider's key is another's. */
export class OwnKeys {
  readonly #all: Collection<Kept, 'connection'>;
  readonly #parts: { vault: Vault; trail: Trail; makeKey: MakeKey; issuer: string };

  constructor(store: Store, parts: { vault: Vault; trail: Trail; makeKey: MakeKey; issuer: string }) {
    this.#parts = parts;
    this.#all = store.collection<Kept, 'connection'>({
      name: 'connection-keys',
      indexes: { connection: { key: ({ connection }) => connection } },
      cached: true,
    });
  }

  /** The keys of a connection for this use, the one that signs now first; one is made when there is none. */
  async of(connection: string, use: Use): Promise<OwnKey[]> {
    const known = await this.#kept(connection, use);
    const all = known.length > 0 ? known : await this.#made(connection, use, [], 0);
    return inUse(all, seconds()).map(({ id, kid, sealed, certificate, notAfter }) => {
      return { kid, use, privateKey: this.#parts.vault.open(sealed, bound(id)), certificate, notAfter };
    });
  }

  /** How the keys stand that are published; none is made. */
  async standing(connection: string): Promise<KeyStanding[]> {
    const now = seconds();
    const all = await Promise.all((['signing', 'encryption'] as const).map((use) => this.#kept(connection, use)));
    return all.flatMap((kept) =>
      inUse(kept, now).map(({ id, kid, use, from, notAfter }, at) => {
        const next = kept.find((one) => generation(one) === generation({ id }) + 1);
        const state = at === 0 ? 'current' : from > now ? 'next' : 'retired';
        return { kid, use, state, from, until: next && next.from + overlap, notAfter };
      }),
    );
  }

  /** Makes the next key: in our metadata at once, in use after 14 days or at once. The old one stays for 30 days after. */
  async rotate(connection: string, actor: string, atOnce: boolean): Promise<void> {
    for (const use of ['signing', 'encryption'] as const) {
      const before = await this.#kept(connection, use);
      await this.#made(connection, use, before, atOnce || before.length === 0 ? 0 : notice);
      const detail = { use, atOnce };
      await this.#parts.trail.record({
        type: 'connection.keys-rotated',
        actor,
        target: `connection:${connection}`,
        detail,
      });
    }
  }

  /** For a connection that goes. */
  async forget(connection: string): Promise<void> {
    await this.#all.drop({ connection });
  }

  async #kept(connection: string, use: Use): Promise<Kept[]> {
    const all = await this.#all.find({ connection }, { limit: 1000 });
    return all.filter((one) => one.use === use);
  }

  /** All keys of the use, with one more than before; when another process was faster, with that one's. */
  async #made(connection: string, use: Use, before: readonly Kept[], wait: number): Promise<Kept[]> {
    const id = `${connection}.${use}.${Math.max(0, ...before.map(generation)) + 1}`;
    const name = `${this.#parts.issuer}/federation/${connection}`;
    const { privateKey, certificate, notAfter } = await this.#parts.makeKey({ use, name });
    const [created, sealed] = [seconds(), this.#parts.vault.seal(privateKey, bound(id))];
    const kept = {
      id,
      kid: randomUUID(),
      connection,
      use,
      created,
      from: created + wait,
      sealed,
      certificate,
      notAfter,
    };
    try {
      await this.#all.insert(kept);
      return [...before, kept];
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'taken')) throw error;
      return this.#kept(connection, use);
    }
  }
}
