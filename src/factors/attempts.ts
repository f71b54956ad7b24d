import type { Vault } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import { delay, type Patience } from './patience.ts';

interface Count extends Entity {
  failures: number;
  /** No further attempt before then (seconds); 0 while failures are free. */
  until: number;
}

/** Whether an attempt may be made now, or in how many seconds. */
export type Allowance = { ok: true } | { ok: false; retryAfter: number };

/** At most about 100 guesses a day from one address, and 200 from all addresses together (NIST SP 800-63B-4 §3.2.2). */
const fromOneAddress: Patience = { free: 5, first: 5, longest: 15 * 60 };
const fromEverywhere: Patience = { free: 100, first: 5, longest: 15 * 60 };
/** At people whom an address does not know, all together: a whole office may mistype behind one, but nobody tries one password on everybody. */
const atAnybody: Patience = { free: 200, first: 5, longest: 15 * 60 };
const day = 24 * 60 * 60;

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Where an address belongs to: whoever has one IPv6 address has the 2^64 of its network too. */
export function network(ip: string): string {
  if (!ip.includes(':')) return ip;
  const [left = [], right] = ip.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = right ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0') : [];
  return [...left, ...zeros, ...(right ?? [])]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/**
 * Slows down guessing: at a person by the address it comes from, at a person from all other addresses together, and from one
 * address at whomever it may be, so that spreading it gains nothing. Nobody is ever locked out for good, and the addresses from which a person has signed in
 * lately are not slowed down by what others do. The counters are in the store: every process sees the same ones.
 */
export class Attempts {
  readonly #counts: Collection<Count>;
  readonly #known: Collection<Entity>;
  readonly #vault: Vault;

  constructor(store: Store, vault: Vault) {
    this.#counts = store.collection<Count>({ name: 'attempts', indexes: {} });
    this.#known = store.collection<Entity>({ name: 'known-addresses', indexes: {} });
    this.#vault = vault;
  }

  /**
   * Ask right before a proof is checked, and once for each: when failures have a price, asking takes the one attempt that
   * is due, so that a hundred at the same moment are one. `person` is what was typed, known or not.
   */
  async allowed(person: string, ip: string): Promise<Allowance> {
    const here = await this.#claim(this.#pair(person, ip), fromOneAddress);
    if (here > 0) return { ok: false, retryAfter: here };
    if (await this.#known.get(this.#pair(person, ip))) return { ok: true };
    const anybody = await this.#claim(this.#anybody(ip), atAnybody);
    if (anybody > 0) return { ok: false, retryAfter: anybody };
    const everywhere = await this.#claim(this.#anywhere(person), fromEverywhere);
    return everywhere > 0 ? { ok: false, retryAfter: everywhere } : { ok: true };
  }

  /** Counts a wrong proof; none is lost, however many come at once. */
  async failed(person: string, ip: string): Promise<void> {
    const known = await this.#known.get(this.#pair(person, ip));
    await Promise.all([
      this.#count(this.#pair(person, ip), fromOneAddress),
      ...(known
        ? []
        : [this.#count(this.#anywhere(person), fromEverywhere), this.#count(this.#anybody(ip), atAnybody)]),
    ]);
  }

  /** Forgets the failures of this person at this address, and knows the address for 30 days. */
  async succeeded(person: string, ip: string): Promise<void> {
    const id = this.#pair(person, ip);
    await Promise.all([this.#counts.take(id), this.#known.put({ id }, 30 * day)]);
  }

  /** How many wrong proofs count at the moment, from this address and from all that are not known. */
  async failures(person: string, ip: string): Promise<{ here: number; everywhere: number }> {
    const ids = [this.#pair(person, ip), this.#anywhere(person)];
    const [here, everywhere] = await Promise.all(ids.map((id) => this.#counts.get(id)));
    return { here: here?.failures ?? 0, everywhere: everywhere?.failures ?? 0 };
  }

  /** Seconds to wait; 0 when the attempt may be made, and then the next one has to wait for its outcome or its own turn. */
  async #claim(id: string, patience: Patience): Promise<number> {
    const seen = await this.#counts.get(id);
    if (!seen || delay(seen.failures, patience) === 0) return 0;
    let wait = 0;
    await this.#counts.change(id, (now) => {
      wait = Math.max(0, now.until - seconds());
      return wait > 0 ? now : { ...now, until: seconds() + delay(now.failures, patience) };
    });
    return wait;
  }

  async #count(id: string, patience: Patience): Promise<void> {
    const more = (now: Count): Count => {
      const failures = now.failures + 1;
      return { id, failures, until: seconds() + delay(failures, patience) };
    };
    if (await this.#counts.change(id, more)) return;
    try {
      await this.#counts.insert(more({ id, failures: 0, until: 0 }), day);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
      // Somebody else's failure was counted first; ours is added to it.
      await this.#counts.change(id, more);
    }
  }

  /** Under fingerprints, so that the store does not tell who signs in from where. */
  #pair(person: string, ip: string): string {
    return this.#vault.fingerprint('attempts', JSON.stringify([person, network(ip)]));
  }

  #anywhere(person: string): string {
    return this.#vault.fingerprint('attempts', JSON.stringify([person]));
  }

  #anybody(ip: string): string {
    return this.#vault.fingerprint('attempts', JSON.stringify({ network: network(ip) }));
  }
}
