import { setImmediate as turn } from 'node:timers/promises';
import { problem } from '../kernel/errors.ts';
import { Damaged } from '../store/port.ts';
import type { AuditKey } from './keys.ts';
import { beginning, chains, type End, type Linked, macOf, placeOf } from './link.ts';
import { type Ends, endOf, type Seal } from './seal.ts';
import type { Recorded, Trail } from './trail.ts';

/** What is wrong with the trail, and where. */
export interface Finding {
  what: 'altered' | 'missing' | 'forged' | 'unchained' | 'truncated' | 'seal';
  chain?: number;
  seq?: number;
  /** The id of the event, where one stands there. */
  event?: string;
  sentence: string;
}

/** What verifying came to. */
export interface Verified {
  /** Chained events that are as they were. */
  events: number;
  /** Events from before there were chains, about which nothing can be said. */
  unchained: number;
  /** Events that were removed when their time was over. */
  removed: number;
  /** The first one is where to begin to look. Empty for a whole trail. */
  findings: Finding[];
}

/** What the trail was like before, kept elsewhere. */
export type Checkpoint = Pick<Seal, 'from' | 'to'>;

const pageSize = 500;
/** Events of a chain may be read out of order where clocks differ; so many are held before the missing one is asked for. */
const mostHeld = 1000;
const mostTold = 100;
/** A version of before may have gone on beside the new one for so long (milliseconds): an upgrade, one after the other. */
const upgrade = 24 * 60 * 60 * 1000;
const unreadable = problem(
  'altered',
  500,
  (id: string) => `The event ${id} was altered so that the trail cannot be read on; restore a backup from before`,
);
const unseen = (what: string): string => `${what}; restore a backup from before, and look who could write to the store`;

/**
 * Reads the whole trail and says whether every event is there and as it was recorded, up to the seal and up to a checkpoint.
 * What is recorded meanwhile does not disturb it.
 */
export async function verify(trail: Trail, checkpoint?: Checkpoint): Promise<Verified> {
  const seal = await trail.seals.read();
  const holds = seal !== undefined && (await trail.seals.holds(seal));
  const walk = new Walk(trail, holds ? seal : undefined, checkpoint);
  if (seal && !holds) walk.find({ what: 'seal', sentence: unseen('The seal of the trail was altered') });
  for (let after = ''; ; ) {
    const { events, next } = await pageAfter(trail, after, walk);
    for (const event of events) await walk.see(event);
    if (next === undefined) return walk.end(seal !== undefined);
    // An id that was altered must not send us round in circles.
    if (!(next > after)) throw unreadable(String(next));
    after = next;
    // A store in this process would let nothing else run meanwhile.
    await turn();
  }
}

/** The events behind a place, up to the first that cannot be read, which is told of; and where to go on. */
async function pageAfter(trail: Trail, after: string, walk: Walk): Promise<{ events: Recorded[]; next?: string }> {
  try {
    const events = await trail.all.find({}, { after, limit: pageSize });
    const last = events.at(-1);
    return last && events.length === pageSize ? { events, next: last.id } : { events };
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
    const before = await trail.all.find({}, { after, before: error.id, limit: pageSize });
    walk.find({
      what: 'altered',
      event: error.id,
      sentence: unseen(`The event ${error.id} is damaged and cannot be read`),
    });
    return { events: before.reverse(), next: error.id };
  }
}

/** One chain, as far as it was walked. */
interface Way {
  end: End;
  key: string;
  held: Map<number, Linked>;
  /** Nothing more can be said of it after what was found. */
  broken: boolean;
}

class Walk {
  readonly #trail: Trail;
  readonly #seal: Seal | undefined;
  readonly #wanted: { ends: Ends; by: string }[];
  readonly #ways: Way[];
  readonly #done: Verified = { events: 0, unchained: 0, removed: 0, findings: [] };

  constructor(trail: Trail, seal: Seal | undefined, checkpoint: Checkpoint | undefined) {
    this.#trail = trail;
    this.#seal = seal;
    this.#ways = Array.from({ length: chains }, (_, chain) => {
      const end = seal ? endOf(seal.from, chain) : beginning;
      this.#done.removed += end.seq;
      return { end, key: '', held: new Map(), broken: false };
    });
    this.#wanted = [
      ...(checkpoint ? [{ ends: checkpoint.to, by: 'the checkpoint' }] : []),
      ...(seal ? [{ ends: seal.to, by: 'the seal' }] : []),
    ];
  }

  async see(event: Recorded): Promise<void> {
    const { link } = event;
    if (!link) return this.#unchained(event);
    const way = this.#ways[link.chain];
    if (!way) return this.find({ what: 'forged', ...placed(event), sentence: `There is no chain ${link.chain}` });
    if (way.broken) return;
    const held = { ...event, link };
    if (link.seq <= way.end.seq) return this.#again(held);
    way.held.set(link.seq, held);
    await this.#goOn(way);
    if (way.held.size > mostHeld) await this.#ask(link.chain, way);
  }

  async end(isSealed: boolean): Promise<Verified> {
    for (const [chain, way] of this.#ways.entries()) {
      while (way.held.size > 0 && !way.broken) await this.#ask(chain, way);
    }
    for (const { ends, by } of this.#wanted) this.#reach(ends, by);
    if (this.#done.events > 0 && !isSealed) {
      this.find({ what: 'seal', sentence: unseen('The seal of the trail is missing') });
    }
    return this.#done;
  }

  #unchained(event: Recorded): void {
    this.#done.unchained += 1;
    const began = this.#seal?.began;
    if (began === undefined || event.at <= began + upgrade) return;
    this.find({ what: 'unchained', event: event.id, sentence: `The event ${event.id} was put in without a chain` });
  }

  /** A place that was passed already: only what is about to be removed may stand there. */
  #again(event: Linked): void {
    const { chain, seq } = event.link;
    const { from = {}, removed = 0 } = this.#seal ?? {};
    if (seq <= endOf(from, chain).seq && event.at < removed) return;
    this.find({
      what: 'forged',
      ...placed(event),
      sentence: `The event ${event.id} stands at a place of another one`,
    });
  }

  async #goOn(way: Way): Promise<void> {
    for (let next = way.held.get(way.end.seq + 1); next && !way.broken; next = way.held.get(way.end.seq + 1)) {
      way.held.delete(next.link.seq);
      const key = next.link.key >= way.key ? await this.#trail.keys.get(next.link.key) : undefined;
      if (!key || macOf(next, way.end.mac, key) !== next.link.mac) this.#break(way, altered(next, key));
      else this.#pass(way, next);
    }
  }

  #pass(way: Way, { link: { chain, seq, mac, key } }: Linked): void {
    for (const { ends, by } of this.#wanted) {
      const wanted = endOf(ends, chain);
      if (wanted.seq === seq && wanted.mac !== mac) {
        const sentence = unseen(`The event at place ${seq} of chain ${chain} is another one than ${by} says`);
        this.#break(way, { what: 'altered', chain, seq, sentence });
        return;
      }
    }
    way.end = { seq, mac };
    way.key = key;
    this.#done.events += 1;
  }

  /** The event that others wait for may have been written while its page was read. */
  async #ask(chain: number, way: Way): Promise<void> {
    const seq = way.end.seq + 1;
    const [event] = await this.#find(way, placeOf(chain, seq));
    if (way.broken) return;
    const { link } = event ?? {};
    if (event && link?.chain === chain && link.seq === seq) {
      way.held.set(seq, { ...event, link });
      return this.#goOn(way);
    }
    const next = way.held.get(Math.min(...way.held.keys()));
    const before = next ? `; the next one in the chain is ${next.id} of ${new Date(next.at).toISOString()}` : '';
    const sentence = unseen(`The event at place ${seq} of chain ${chain} is missing${before}`);
    this.#break(way, { what: 'missing', chain, seq, sentence });
  }

  /** Of a chain in which an event cannot be read, which was told, nothing more can be said. */
  async #find(way: Way, link: string): Promise<Recorded[]> {
    try {
      return await this.#trail.all.find({ link }, { limit: 1 });
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      way.broken = true;
      way.held.clear();
      return [];
    }
  }

  #reach(ends: Ends, by: string): void {
    for (const [chain, way] of this.#ways.entries()) {
      const { seq } = endOf(ends, chain);
      if (way.broken || way.end.seq >= seq) continue;
      const gone = way.end.seq + 1;
      const sentence = `The events from place ${gone} of chain ${chain} on are missing; by ${by} there were ${seq}`;
      this.#break(way, { what: 'truncated', chain, seq: gone, sentence: unseen(sentence) });
    }
  }

  #break(way: Way, finding: Finding): void {
    way.broken = true;
    way.held.clear();
    this.find(finding);
  }

  find(finding: Finding): void {
    if (this.#done.findings.length < mostTold) this.#done.findings.push(finding);
  }
}

const placed = ({ id, link }: Recorded) => (link ? { chain: link.chain, seq: link.seq, event: id } : { event: id });

function altered(event: Linked, key: AuditKey | undefined): Finding {
  const { chain, seq } = event.link;
  const why = key
    ? 'is not as it was recorded'
    : `is chained under the key ${event.link.key}, which is missing or older`;
  const sentence = unseen(`The event ${event.id} at place ${seq} of chain ${chain} ${why}`);
  return { what: 'altered', ...placed(event), sentence };
}
