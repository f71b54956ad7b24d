import { randomToken, type Vault } from '../kernel/crypto.ts';
import { missing } from '../kernel/errors.ts';
import { course } from '../kernel/log.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';
import { Chain } from './chain.ts';
import { type AuditEvent, checkType, type EventType, type Fact, type Unsettling, unsettling } from './events.ts';
import { AuditKeys } from './keys.ts';
import { type Link, placeOf } from './link.ts';
import { type Seal, Seals } from './seal.ts';

export type { AuditEvent } from './events.ts';

/** An event as the trail keeps it. */
export interface Recorded extends Entity {
  /** Milliseconds since the epoch: seconds are too coarse to tell what came first. */
  at: number;
  type: EventType;
  actor: string;
  target?: string;
  outcome: 'success' | 'failure';
  detail?: Record<string, Fact>;
  requestId?: string;
  ip?: string;
  /** Its place in a chain; events from before there were chains have none. */
  link?: Link;
}

/** Hears of an event once it is durable, in the process that recorded it; its failure never fails the deed. */
export type Listener = (event: Recorded) => Promise<void> | undefined;

/** Facts are for people to read; somebody else's input must not fill the store. */
const longestFact = 300;

/** An event after which an answer that a gateway keeps may be wrong. */
export type UnsettlingEvent = Recorded & { type: Unsettling };

const unsettlingTypes: ReadonlySet<EventType> = new Set(unsettling);
/** Whether it is one of those. */
export const isUnsettling = (event: Recorded): event is UnsettlingEvent => unsettlingTypes.has(event.type);

const lookups = {
  type: { key: (event: Recorded) => event.type },
  target: { key: (event: Recorded) => event.target },
  actor: { key: (event: Recorded) => event.actor },
  requestId: { key: (event: Recorded) => event.requestId },
  // The place of an event in its chain is given once, so that a chain cannot fork.
  link: { key: ({ link }: Recorded) => link && placeOf(link.chain, link.seq), unique: true },
  // Few events among many sign-ins, and they are read twice a second where a gateway listens.
  unsettling: { key: (event: Recorded) => (isUnsettling(event) ? 'yes' : undefined) },
};

interface Hearer {
  hear: Listener;
  failed(error: unknown): void;
}

/** Every event that is kept, as the parts that look after the trail itself use it. */
export type AllEvents = Collection<Recorded, keyof typeof lookups>;

/** Append-only record of security-relevant deeds, chained under a key (verifying.ts tells whether it is whole). */
export class Trail {
  readonly all: AllEvents;
  readonly keys: AuditKeys;
  readonly seals: Seals;
  readonly #chain: Chain;
  readonly #hearers = new Set<Hearer>();
  #last = 0;
  #count = 0;

  constructor(store: Store, vault: Vault) {
    this.all = store.collection<Recorded, keyof typeof lookups>({ name: 'audit-events', indexes: lookups });
    this.keys = new AuditKeys(store, vault);
    this.seals = new Seals(store, this.keys);
    this.#chain = new Chain({ events: this.all, keys: this.keys, seals: this.seals });
  }

  /** Appends; durable when it resolves. It names the request in whose course it comes, if it says no other. */
  async record({ detail = {}, outcome = 'success', ...event }: AuditEvent): Promise<void> {
    const at = Date.now();
    const facts = Object.entries<Fact | undefined>(detail).flatMap(([name, fact]) =>
      fact === undefined ? [] : [[name, shortened(fact)] as const],
    );
    const recorded: Recorded = {
      id: this.#nextId(at),
      at,
      ...fromHere(event.actor),
      ...event,
      outcome,
      ...(facts.length > 0 ? { detail: Object.fromEntries(facts) } : {}),
    };
    await this.#tell(await this.#chain.append(recorded));
  }

  /** What the system does by itself, before it does it: when this throws, it is not done. */
  announce(operation: string, on: string): Promise<void> {
    return this.record({ type: 'system.asked', actor: 'system', detail: { operation, on } });
  }

  /** Seals how long the trail is by now; for the end of a process. */
  settle(): Promise<void> {
    return this.#chain.settle();
  }

  /** How long the trail is by now, to be kept elsewhere; undefined where it is empty, or its seal is no good. */
  checkpoint(): Promise<Seal | undefined> {
    return this.#chain.seal();
  }

  /** A new key chains what happens from now on; that it does is an event. Answers the id of the key. */
  async rotateKey(actor: string): Promise<string> {
    const { from, to } = await this.keys.rotate();
    await this.record({ type: 'audit.key-rotated', actor, detail: { key: to, from } });
    return to;
  }

  /** One event. Throws `missing`. */
  async get(id: string): Promise<Recorded> {
    const event = await this.all.get(id);
    if (!event) throw missing(`The event ${id}`);
    return event;
  }

  /** Who hears of every event from now on, and who of the listener's failures. Answers how to stop. */
  listen(hear: Listener, failed: (error: unknown) => void): () => void {
    const hearer = { hear, failed };
    this.#hearers.add(hearer);
    return () => void this.#hearers.delete(hearer);
  }

  async #tell(event: Recorded): Promise<void> {
    await Promise.all([...this.#hearers].map((hearer) => tell(hearer, event)));
  }

  /** Events that may make kept answers wrong, of every process, in the order of their ids. */
  async unsettling(page: Page): Promise<UnsettlingEvent[]> {
    return (await this.all.find({ unsettling: 'yes' }, page)).filter(isUnsettling);
  }

  /** Events in the order in which they happened, from `since` (seconds) on. Throws `invalid` for a type that does not exist. */
  async search(
    where: { type?: string; target?: string; actor?: string; requestId?: string; since?: number } = {},
    page: Page = {},
  ): Promise<Recorded[]> {
    const { since, ...lookups } = where;
    checkType(lookups.type);
    const start = since === undefined ? '' : moment(since * 1000);
    const after = page.after !== undefined && page.after > start ? page.after : start;
    return this.all.find(lookups, { ...page, after });
  }

  /** Ids sort by time, and within one process by order, so a page of events is in the order in which they happened. */
  #nextId(at: number): string {
    this.#count = at === this.#last ? this.#count + 1 : 0;
    this.#last = at;
    return `${moment(at)}-${this.#count.toString(36).padStart(4, '0')}-${randomToken(6)}`;
  }
}

/** What the system does has its own time: a request may have woken it up. */
const fromHere = (actor: string): Pick<Recorded, 'requestId' | 'ip'> =>
  actor === 'system' ? {} : { ...course.getStore() };

async function tell({ hear, failed }: Hearer, event: Recorded): Promise<void> {
  try {
    await hear(event);
  } catch (error) {
    failed(error);
  }
}

/** What the ids of events begin with that happened at this time (milliseconds): a place in the trail. */
export const moment = (milliseconds: number): string =>
  Math.max(0, Math.trunc(milliseconds)).toString(36).padStart(9, '0');

const shortened = (fact: Fact): Fact =>
  typeof fact === 'string' && fact.length > longestFact ? `${fact.slice(0, longestFact)}…` : fact;
