import { randomBytes } from 'node:crypto';
import type { Collection, Entity, Page, Store } from '../store/port.ts';
import type { EventType } from './events.ts';

/** What happened, who did it, to what. `actor` is `cli`, `system`, `anonymous`, `user:ID`, `client:ID` or `registrar:NAME`. */
export interface AuditEvent {
  type: EventType;
  actor: string;
  target?: string;
  outcome?: 'success' | 'failure';
  /** Facts worth knowing later; never a secret. */
  detail?: Record<string, string | number | boolean>;
  requestId?: string;
  ip?: string;
}

/** An event as the trail keeps it; `at` in milliseconds since the epoch. */
export interface Recorded extends AuditEvent, Entity {
  at: number;
}

/** Append-only record of security-relevant deeds. */
export class Trail {
  readonly #all: Collection<Recorded, 'type' | 'target' | 'actor'>;

  constructor(store: Store) {
    this.#all = store.collection<Recorded, 'type' | 'target' | 'actor'>({
      name: 'audit-events',
      indexes: {
        type: { key: (event) => event.type },
        target: { key: (event) => event.target },
        actor: { key: (event) => event.actor },
      },
    });
  }

  async record(event: AuditEvent): Promise<void> {
    const at = Date.now();
    // Ids sort by time, so a page of events is in the order in which they happened.
    const id = `${at.toString(36).padStart(9, '0')}-${randomBytes(6).toString('hex')}`;
    await this.#all.insert({ ...event, id, at });
  }

  /** Events in the order in which they happened. */
  search(where: { type?: string; target?: string; actor?: string } = {}, page?: Page): Promise<Recorded[]> {
    return this.#all.find(where, page);
  }
}
