import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { AuditKey, AuditKeys } from './keys.ts';
import { beginning, type End } from './link.ts';

/** Ends by the number of their chain. */
export type Ends = Readonly<Record<string, End>>;

/** How long the chains are at least, and from where on they are kept: under a `mac`, so that nobody shortens them unseen. */
export interface Seal extends Entity {
  readonly id: 'current';
  /** When chaining began, and when this was written (milliseconds). */
  began: number;
  at: number;
  /** Everything up to these events was removed when its time was over. */
  from: Ends;
  /** Events were removed that happened before this (milliseconds); 0 for none. */
  removed: number;
  /** These events are there. */
  to: Ends;
  key: string;
  mac: string;
}

/** What may be written into a seal: ends only ever move on. */
export type Advance = Partial<Pick<Seal, 'from' | 'to' | 'removed'>>;

/** The seal of the trail. It is written after the events that it speaks of, so an honest one never says too much. */
export class Seals {
  readonly #all: Collection<Seal>;
  readonly #keys: AuditKeys;

  constructor(store: Store, keys: AuditKeys) {
    this.#all = store.collection<Seal>({ name: 'audit-seal', indexes: {} });
    this.#keys = keys;
  }

  read(): Promise<Seal | undefined> {
    return this.#all.get('current');
  }

  /** Made before the first event is chained, so that chained events without it say that it was removed. */
  async begin(): Promise<Seal | undefined> {
    const key = await this.#keys.current();
    const now = Date.now();
    try {
      await this.#all.insert(sealed({ id: 'current', began: now, at: now, from: {}, removed: 0, to: {} }, key));
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'taken')) throw error;
    }
    return this.read();
  }

  /** Moves ends on. One that is missing or was altered stays as it is: it is evidence. */
  async advance(to: Advance): Promise<Seal | undefined> {
    const key = await this.#keys.current();
    const now = await this.read();
    if (!now || !(await this.holds(now))) return undefined;
    const keys = new Map([[key.id, key]]);
    const known = await this.#keys.get(now.key);
    if (known) keys.set(known.id, known);
    return this.#all.change('current', (seal) => {
      const written = keys.get(seal.key);
      if (!written || macOfSeal(seal, written) !== seal.mac) return seal;
      return sealed({ ...advanced(seal, to), at: Date.now() }, key.id < seal.key ? written : key);
    });
  }

  /** Whether it was written by this installation and is as it was. */
  async holds(seal: Seal): Promise<boolean> {
    const key = await this.#keys.get(seal.key);
    return key !== undefined && macOfSeal(seal, key) === seal.mac;
  }
}

/** The end of a chain, as far as it is known. */
export const endOf = (ends: Ends, chain: number): End => ends[chain] ?? beginning;

/** Of both the further ends. */
export function furthest(some: Ends, others: Ends): Ends {
  const names = new Set([...Object.keys(some), ...Object.keys(others)]);
  return Object.fromEntries(
    [...names].map((name) => {
      const [one = beginning, other = beginning] = [some[name], others[name]];
      return [name, other.seq > one.seq ? other : one];
    }),
  );
}

function advanced(seal: Seal, { from = {}, to = {}, removed = 0 }: Advance): Seal {
  const begin = furthest(seal.from, from);
  return { ...seal, from: begin, to: furthest(furthest(seal.to, to), begin), removed: Math.max(seal.removed, removed) };
}

const macOfSeal = ({ mac: _own, ...seal }: Seal, key: AuditKey): string => key.mac(JSON.stringify(['seal', seal]));

const sealed = (seal: Omit<Seal, 'key' | 'mac'>, key: AuditKey): Seal => {
  const whole = { ...seal, key: key.id, mac: '' };
  return { ...whole, mac: macOfSeal(whole, key) };
};
