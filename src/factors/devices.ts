import type { Trail } from '../audit/trail.ts';
import type { Vault } from '../kernel/crypto.ts';
import { missing } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Seen } from './factor.ts';
import { oneLine } from './factor-name.ts';

/** A browser on which a person is not asked for a second factor. Times in seconds. */
export interface Device extends Entity {
  user: string;
  name: string;
  created: number;
  expires: number;
  /** When it last stood for a factor, to the hour. */
  used: number;
}

/** A browser that a person has used. */
interface Known extends Entity {
  user: string;
  name: string;
}

interface Parts {
  store: Store;
  vault: Vault;
  trail: Trail;
}

const day = 24 * 60 * 60;
/** However long a policy lets a device be remembered, it ends then; and so long a browser is not new (seconds). */
const longest = { remembered: 30 * day, known: 400 * day };

const seconds = (): number => Math.floor(Date.now() / 1000);

/**
 * The browsers of people: those that they had remembered, and those that they have used. The value that a browser keeps is
 * known here only under a fingerprint together with the person, so it stands for nobody else who uses the same browser.
 */
export class Devices {
  readonly #remembered: Collection<Device, 'user'>;
  readonly #known: Collection<Known, 'user'>;
  readonly #vault: Vault;
  readonly #trail: Trail;

  constructor({ store, vault, trail }: Parts) {
    const indexes = { user: { key: ({ user }: { user: string }) => user } };
    this.#remembered = store.collection<Device, 'user'>({ name: 'remembered-devices', indexes });
    this.#known = store.collection<Known, 'user'>({ name: 'known-browsers', indexes });
    this.#vault = vault;
    this.#trail = trail;
  }

  /** Whether this person had this browser remembered, and the time is not over. */
  async recognises(user: string, browser: string): Promise<boolean> {
    const found = await this.#remembered.get(this.#id('dev', user, browser));
    if (!found || found.expires <= seconds()) return false;
    const hour = Math.floor(seconds() / 3600) * 3600;
    if (found.used < hour) await this.#remembered.change(found.id, (now) => ({ ...now, used: hour }));
    return true;
  }

  /** From now on, for so long (at most 30 days). */
  async remember(
    user: string,
    browser: string,
    { seconds: wanted, name, seen }: { seconds: number; name: string; seen: Seen },
  ): Promise<void> {
    const ttl = Math.min(Math.floor(wanted), longest.remembered);
    if (ttl <= 0) return;
    const now = seconds();
    const device = { id: this.#id('dev', user, browser), user, name: oneLine(name), created: now, used: now };
    await this.#remembered.put({ ...device, expires: now + ttl }, ttl);
    const actor = `user:${user}`;
    const detail = { name: device.name };
    await this.#trail.record({ type: 'device.remembered', actor, target: actor, ...seen, detail });
  }

  /** Those that are remembered, newest first. */
  async list(user: string): Promise<Device[]> {
    const found = await this.#remembered.find({ user }, { limit: 1000 });
    return found.filter(({ expires }) => expires > seconds()).sort((a, b) => b.created - a.created);
  }

  /** Throws `missing`. */
  async forget(id: string, user: string, actor: string): Promise<void> {
    const found = await this.#remembered.get(id);
    if (found?.user !== user || !(await this.#remembered.take(id))) throw missing('This device');
    await this.#forgotten(user, actor, 1);
  }

  /** On every browser a factor is asked for again; says how many there were. */
  async forgetAll(user: string, actor: string): Promise<number> {
    const count = await this.#remembered.drop({ user });
    if (count > 0) await this.#forgotten(user, actor, count);
    return count;
  }

  /** Whether this person has used this browser before; it proves nothing. */
  async known(user: string, browser: string): Promise<boolean> {
    return (await this.#known.get(this.#id('bro', user, browser))) !== undefined;
  }

  /** This person uses this browser, which calls itself so. */
  async saw(user: string, browser: string, name: string): Promise<void> {
    await this.#known.put({ id: this.#id('bro', user, browser), user, name: oneLine(name) }, longest.known);
  }

  /** The person is removed. */
  async forgetPerson(user: string): Promise<void> {
    await Promise.all([this.#remembered.drop({ user }), this.#known.drop({ user })]);
  }

  async #forgotten(user: string, actor: string, count: number): Promise<void> {
    await this.#trail.record({ type: 'device.forgotten', actor, target: `user:${user}`, detail: { count } });
  }

  #id(prefix: 'dev' | 'bro', user: string, browser: string): string {
    return `${prefix}_${this.#vault.fingerprint('browser', JSON.stringify([prefix, user, browser]))}`;
  }
}
