import { setImmediate as turn } from 'node:timers/promises';
import { problem } from '../kernel/errors.ts';
import { chains, type End, type Linked, macOf, placeOf } from './link.ts';
import { type Ends, endOf } from './seal.ts';
import { moment, type Recorded, type Trail } from './trail.ts';

const atOnce = 100;
const day = 24 * 60 * 60 * 1000;

/** Nothing is removed from a trail that is not whole: it would remove what shows so. */
const broken = problem(
  'tampered',
  500,
  (event: string) =>
    `The event ${event} is not as it was recorded, so nothing is removed from the trail; see: sallyport audit verify`,
);

/** The beginning of the day so many days ago (milliseconds, UTC). */
export const daysAgo = (days: number): number => Math.floor((Date.now() - days * day) / day) * day;

/**
 * Removes what happened before this time (milliseconds): of each chain its first events, as far as they are as they were
 * recorded and not behind `upTo` (numbers of places by chain). The seal says from where on the chains are kept. Whatever was
 * left over when a process died is removed the next time. Answers how many were removed. Throws `tampered`.
 */
export async function prune(trail: Trail, before: number, upTo?: Readonly<Record<string, number>>): Promise<number> {
  const seal = await trail.seals.read();
  if (!seal || !(await trail.seals.holds(seal))) return 0;
  const ends: [string, End][] = [];
  for (let chain = 0; chain < chains; chain += 1) {
    const most = upTo === undefined ? Number.POSITIVE_INFINITY : (upTo[chain] ?? 0);
    ends.push([String(chain), await lastBefore(trail, chain, { end: endOf(seal.from, chain), before, most })]);
  }
  const from = Object.fromEntries(ends.filter(([, { seq }]) => seq > 0));
  const count = ends.reduce((sum, [chain, { seq }]) => sum + seq - endOf(seal.from, Number(chain)).seq, 0);
  if (count > 0) {
    // First of all: what is removed is never removed without a word.
    const detail = { before: new Date(before).toISOString(), count };
    await trail.record({ type: 'audit.pruned', actor: 'system', detail });
    if (!(await trail.seals.advance({ from, removed: before }))) return 0;
  }
  return remove(trail, { before, from });
}

interface Bounds {
  end: End;
  before: number;
  most: number;
}

/** The last event of the chain's beginning that is older; each on the way is verified. */
async function lastBefore(trail: Trail, chain: number, { end: begin, before, most }: Bounds): Promise<End> {
  for (let [end, size] = [begin, 1]; ; await turn()) {
    const places = Array.from({ length: size }, (_, index) => placeOf(chain, end.seq + 1 + index));
    const found = await Promise.all(places.map((link) => trail.all.find({ link }, { limit: 1 })));
    for (const [event] of found) {
      if (!event?.link || event.at >= before || event.link.seq > most) return end;
      await check(trail, { ...event, link: event.link }, end);
      end = { seq: event.link.seq, mac: event.link.mac };
    }
    size = atOnce;
  }
}

async function check(trail: Trail, event: Linked, before: End): Promise<void> {
  const key = await trail.keys.get(event.link.key);
  if (!key || macOf(event, before.mac, key) !== event.link.mac) throw broken(event.id);
}

async function remove(trail: Trail, { before, from }: { before: number; from: Ends }): Promise<number> {
  const over = ({ at, link }: Recorded): boolean => (link ? link.seq <= endOf(from, link.chain).seq : at < before);
  let count = 0;
  for (let after = ''; ; await turn()) {
    const page = await trail.all.find({}, { after, limit: atOnce });
    const old = page.filter(({ id }) => id < moment(before));
    const taken = await Promise.all(old.filter(over).map(({ id }) => trail.all.take(id)));
    count += taken.filter((one) => one !== undefined).length;
    const last = old.at(-1);
    if (!last || old.length < atOnce) return count;
    after = last.id;
  }
}
