import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';

/** When a client last proved who it is or got a token, to the hour. Times in seconds. */
export interface ClientUse extends Entity {
  readonly used: number;
  /** By the time at which each of its secrets was made. */
  readonly secrets: Readonly<Record<string, number>>;
}

const seconds = (): number => Math.floor(Date.now() / 1000);
/** How exactly it is kept (seconds): a client that is used all the time is written once an hour. */
const grain = 60 * 60;
/** So many are remembered, so that somebody's many clients do not fill the memory. */
const most = 10_000;
/** Since when uses are counted at all; no client has this id. */
const beginning = ' counting';

/** Which clients are still used, and with which of their secrets. */
export class ClientUses {
  readonly #all: Collection<ClientUse>;
  readonly #noted = new Map<string, number>();
  #counts: Promise<number> | undefined;

  constructor(store: Store) {
    this.#all = store.collection<ClientUse>({ name: 'client-uses', indexes: {} });
  }

  /** From the first start of a server on, uses are counted; what is older is not known. */
  async begin(): Promise<void> {
    await this.#began();
  }

  /** Notes a use, by the secret that was made at this time; nobody waits for it. */
  note(client: string, secret?: number): void {
    const key = `${client} ${secret}`;
    const now = seconds();
    const before = this.#noted.get(key);
    if (before !== undefined && now - before < grain) return;
    if (this.#noted.size >= most) this.#noted.clear();
    this.#noted.set(key, now);
    // What could not be written is written at the next use: nothing that is asked rests on it.
    Promise.all([this.#began(), this.#keep(client, secret, now)]).catch(() => this.#noted.delete(key));
  }

  /** What is known of one. */
  of(client: string): Promise<ClientUse | undefined> {
    return this.#all.get(client);
  }

  /** When each was last used at the latest: its first day counts as a use, and so does the day on which this began to be counted. */
  async lastUse({ id, created }: { id: string; created: number }): Promise<number> {
    const [use, began] = await Promise.all([this.of(id), this.#began()]);
    return Math.max(use?.used ?? 0, created, began);
  }

  /** Forgets a client that is removed. */
  async forget(client: string): Promise<void> {
    await this.#all.take(client);
    for (const key of this.#noted.keys()) if (key.startsWith(`${client} `)) this.#noted.delete(key);
  }

  /** Looked up once, and noted when nobody has. */
  #began(): Promise<number> {
    this.#counts ??= this.#begin().catch((error: unknown) => {
      this.#counts = undefined;
      throw error;
    });
    return this.#counts;
  }

  async #begin(): Promise<number> {
    const known = await this.#all.get(beginning);
    if (!known) await this.#keep(beginning, undefined, seconds());
    return known?.used ?? seconds();
  }

  async #keep(id: string, secret: number | undefined, now: number): Promise<void> {
    const by = secret === undefined ? {} : { [secret]: now };
    const edit = (one: ClientUse): ClientUse => ({ id, used: now, secrets: { ...one.secrets, ...by } });
    if (await this.#all.change(id, edit)) return;
    try {
      await this.#all.insert({ id, used: now, secrets: by });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
      await this.#all.change(id, edit);
    }
  }
}
