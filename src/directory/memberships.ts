import type { EventType } from '../audit/events.ts';
import { invalid } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';
import { whole } from '../store/whole.ts';
import { observed } from './observed.ts';
import { checkedSubject } from './terms.ts';

/** Somebody (`user:ID`, `client:ID`, `group:NAME`) belongs to a group or an organisation, perhaps until a time (seconds). */
export interface Membership extends Entity {
  readonly member: string;
  /** The group or organisation. */
  readonly of: string;
  readonly until?: number;
  /** The connection whose provider says so; by an administrator's word otherwise. One can belong by both. */
  readonly connection?: string;
}

/** How somebody comes to belong. */
export interface Joining {
  /** When it ends by itself, in seconds. */
  until?: number | undefined;
  connection?: string | undefined;
}

type LookUp = 'member' | 'of' | 'connection' | 'nested';
type Tell = (
  type: Extract<EventType, `${string}.joined` | `${string}.left`>,
  one: Membership,
  actor: string,
) => Promise<void>;

interface Parts {
  store: Store;
  /** What they belong to; the collection and the events are named after it. */
  kind: 'group' | 'organization';
  /** Records it in the audit trail. */
  tell: Tell;
  /** Called after each write. */
  changed(): void;
}

const most = 1000;

/** Whether a time that may be given has not come yet. */
export const lasts = ({ until }: { until?: number }, now: number): boolean => until === undefined || until > now;

/** Who belongs to what. */
export class Memberships {
  readonly #all: Collection<Membership, LookUp>;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    const all = parts.store.collection<Membership, LookUp>({
      name: `${parts.kind}-members`,
      indexes: {
        member: { key: ({ member }) => member },
        of: { key: (one) => one.of },
        connection: { key: ({ connection }) => connection },
        nested: { key: ({ member }) => (member.startsWith('group:') ? 'group' : undefined) },
      },
      cached: true,
    });
    this.#all = observed(all, parts.changed);
  }

  get(id: string): Promise<Membership | undefined> {
    return this.#all.get(id);
  }

  /** All of a member's, by whoever's word; the caller looks at the time. */
  of(member: string): Promise<Membership[]> {
    return whole((page) => this.#all.find({ member }, page));
  }

  /** Those of one group or organisation, in the order of their ids. */
  in(of: string, page?: Page): Promise<Membership[]> {
    return this.#all.find({ of }, page);
  }

  /** Those that groups have. */
  nested(page?: Page): Promise<Membership[]> {
    return this.#all.find({ nested: 'group' }, page);
  }

  /** Joining again by the same word replaces the time. Throws `invalid` for a time that has come, and for what is no subject. */
  async join(member: string, of: string, actor: string, { until, connection }: Joining = {}): Promise<Membership> {
    const remaining = until === undefined ? undefined : until - Date.now() / 1000;
    if (remaining !== undefined && !(remaining > 0)) {
      throw invalid('The membership would already have ended; give a later time');
    }
    const one: Membership = {
      id: idOf(checkedSubject(member), of, connection),
      ...{ member, of },
      ...(until === undefined ? {} : { until }),
      ...(connection === undefined ? {} : { connection }),
    };
    await this.#all.put(one, remaining);
    await this.#parts.tell(`${this.#parts.kind}.joined`, one, actor);
    return one;
  }

  /** What an administrator gave, or, with `connection`, what its provider did; undefined when there was nothing. */
  leave(member: string, of: string, actor: string, connection?: string): Promise<Membership | undefined> {
    return this.take(idOf(member, of, connection), actor);
  }

  /** Ends one; undefined when it had ended. */
  async take(id: string, actor: string): Promise<Membership | undefined> {
    const one = await this.#all.take(id);
    if (one) await this.#parts.tell(`${this.#parts.kind}.left`, one, actor);
    return one;
  }

  /** Ends every one that a member has, or that a connection gave, each told by itself; says how many. */
  async forget(where: { member: string } | { connection: string }, actor: string): Promise<number> {
    let count = 0;
    const page = () => this.#all.find(where, { limit: most });
    for (let some = await page(); some.length > 0; some = await page()) {
      for (const { id } of some) await this.take(id, actor);
      count += some.length;
    }
    return count;
  }

  /** Ends all of a group or organisation that goes, told together by whoever removes it; says how many. */
  clear(of: string): Promise<number> {
    return this.#all.drop({ of });
  }

  /** Whether it is there in the store itself, whatever is remembered of it. */
  async stands(id: string): Promise<boolean> {
    return (await this.#all.change(id, (one) => one)) !== undefined;
  }

  /** Puts back what was taken. */
  async restore(one: Membership, actor: string): Promise<void> {
    const { member, of, until, connection } = one;
    await this.join(member, of, actor, { until, connection });
  }
}

const idOf = (member: string, of: string, connection: string | undefined): string =>
  `${member}|${of}${connection === undefined ? '' : `|${connection}`}`;
