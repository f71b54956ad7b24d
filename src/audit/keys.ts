import { hmac, randomToken, type Vault } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

/** A key under which events are chained. Ids count up, so a later key is a greater one. */
interface StoredKey extends Entity {
  sealed: string;
  /** Seconds since the epoch. */
  created: number;
}

/** A key that can be used: HMAC-SHA-256, base64url. */
export interface AuditKey {
  readonly id: string;
  mac(text: string): string;
}

const numbered = (count: number): string => `k${String(count).padStart(4, '0')}`;
const numberOf = (id: string | undefined): number => Number(id?.slice(1) ?? 0);
const bound = (id: string): string => `audit key ${id}`;

/** The keys of the audit trail, sealed by the vault: whoever can only write to the store can chain nothing. */
export class AuditKeys {
  readonly #all: Collection<StoredKey>;
  readonly #vault: Vault;
  readonly #open = new Map<string, AuditKey>();

  constructor(store: Store, vault: Vault) {
    this.#all = store.collection<StoredKey>({ name: 'audit-keys', indexes: {}, cached: true });
    this.#vault = vault;
  }

  /** The one that chains new events, made in an empty store. */
  async current(): Promise<AuditKey> {
    const [last] = await this.#all.find({}, { before: '', limit: 1 });
    return last ? this.#opened(last) : this.#made(1);
  }

  /** Undefined when it is missing, or was sealed by somebody else. */
  async get(id: string): Promise<AuditKey | undefined> {
    const known = this.#open.get(id);
    if (known) return known;
    const stored = await this.#all.get(id);
    try {
      return stored && this.#opened(stored);
    } catch (error) {
      if (error instanceof Problem && error.code === 'unreadable') return undefined;
      throw error;
    }
  }

  /** A new key that chains what happens from now on; older ones stay, to verify what they chained. */
  async rotate(): Promise<{ from: string; to: string }> {
    const { id: from } = await this.current();
    const { id: to } = await this.#made(numberOf(from) + 1);
    return { from, to };
  }

  async #made(number: number): Promise<AuditKey> {
    const id = numbered(number);
    const sealed = this.#vault.seal(randomToken(32), bound(id));
    const stored = { id, sealed, created: Math.floor(Date.now() / 1000) };
    try {
      await this.#all.insert(stored);
      return this.#opened(stored);
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'taken')) throw error;
      // Another process has made it at the same time.
      const other = await this.#all.get(id);
      return other ? this.#opened(other) : this.#made(number + 1);
    }
  }

  #opened({ id, sealed }: StoredKey): AuditKey {
    const known = this.#open.get(id);
    if (known) return known;
    const key = { id, mac: hmac(Buffer.from(this.#vault.open(sealed, bound(id)), 'base64url')) };
    this.#open.set(id, key);
    return key;
  }
}
