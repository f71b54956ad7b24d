import { randomToken } from '../kernel/crypto.ts';
import { invalid } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';
import { type AuditEvent, type EventType, events, type Fact } from './events.ts';

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
}

/** Hears of an event once it is durable, in the process that recorded it; its failure never fails the deed. */
export type Listener = (event: Recorded) => Promise<void> | undefined;

/** Facts are for people to read; somebody else's input must not fill the store. */
const longestFact = 300;

const isEventType = (type: string): type is EventType => Object.hasOwn(events, type);

/** Append-only record of security-relevant deeds. */
export class Trail {
  readonly #all: Collection<Recorded, 'type' | 'target' | 'actor' | 'requestId'>;
  #listener: { hear: Listener; failed: (error: unknown) => void } | undefined;
  #last = 0;
  #count = 0;

  constructor(store: Store) {
    this.#all = store.collection<Recorded, 'type' | 'target' | 'actor' | 'requestId'>({
      name: 'audit-events',
      indexes: {
        type: { key: (event) => event.type },
        target: { key: (event) => event.target },
        actor: { key: (event) => event.actor },
        requestId: { key: (event) => event.requestId },
      },
    });
  }

  /** Appends; durable when it resolves. */
  async record({ detail = {}, outcome = 'success', ...event }: AuditEvent): Promise<void> {
    const at = Date.now();
    const facts = Object.entries<Fact | undefined>(detail).flatMap(([name, fact]) =>
      fact === undefined ? [] : [[name, shortened(fact)] as const],
    );
    const recorded: Recorded = {
      id: this.#nextId(at),
      at,
      ...event,
      outcome,
      ...(facts.length > 0 ? { detail: Object.fromEntries(facts) } : {}),
    };
    await this.#all.insert(recorded);
    await this.#tell(recorded);
  }

  /** Who hears of every event from now on, and who of the listener's failures. */
  listen(hear: Listener, failed: (error: unknown) => void): void {
    this.#listener = { hear, failed };
  }

  async #tell(event: Recorded): Promise<void> {
    try {
      await this.#listener?.hear(event);
    } catch (error) {
      this.#listener?.failed(error);
    }
  }

  /** Events in the order in which they happened, from `since` (seconds) on. Throws `invalid` for a type that does not exist. */
  async search(
    where: { type?: string; target?: string; actor?: string; requestId?: string; since?: number } = {},
    page: Page = {},
  ): Promise<Recorded[]> {
    const { since, ...lookups } = where;
    if (lookups.type !== undefined && !isEventType(lookups.type)) {
      throw invalid(`There is no event type ${lookups.type}; there are ${Object.keys(events).join(', ')}`);
    }
    const start = since === undefined ? '' : moment(since * 1000);
    const after = page.after !== undefined && page.after > start ? page.after : start;
    return this.#all.find(lookups, { ...page, after });
  }

  /** Ids sort by time, and within one process by order, so a page of events is in the order in which they happened. */
  #nextId(at: number): string {
    this.#count = at === this.#last ? this.#count + 1 : 0;
    this.#last = at;
    return `${moment(at)}-${this.#count.toString(36).padStart(4, '0')}-${randomToken(6)}`;
  }
}

const moment = (milliseconds: number): string => Math.max(0, Math.trunc(milliseconds)).toString(36).padStart(9, '0');

const shortened = (fact: Fact): Fact =>
  typeof fact === 'string' && fact.length > longestFact ? `${fact.slice(0, longestFact)}…` : fact;
