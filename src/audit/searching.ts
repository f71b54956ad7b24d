import type { Page } from '../store/port.ts';
import { checkType, isAsked } from './events.ts';
import { moment, type Recorded, type Trail } from './trail.ts';

/** What is looked for; all of it must fit. Times in seconds. */
export interface Search {
  type?: string | undefined;
  target?: string | undefined;
  actor?: string | undefined;
  requestId?: string | undefined;
  outcome?: 'success' | 'failure' | undefined;
  ip?: string | undefined;
  /** `hide` leaves out what was only asked for. */
  asked?: 'show' | 'hide' | undefined;
  /** From then on, and before then. */
  since?: number | undefined;
  until?: number | undefined;
}

/** In which order, from where on and how many. */
interface Reading {
  order: 'newest' | 'oldest';
  /** After the event of this id, in that order. */
  from?: string | undefined;
  limit: number;
}

const chunk = 500;
/** So often a chunk is read before it is answered what was found: nobody keeps us reading by looking for what is rare. */
const mostRounds = 20;

/** Events that fit, and where to read on; there may be fewer than asked for and more to come. Throws `invalid`. */
export async function searched(
  trail: Trail,
  search: Search,
  { order, from, limit }: Reading,
): Promise<{ events: Recorded[]; next?: string }> {
  checkType(search.type);
  const lookups = given({ type: search.type, target: search.target, actor: search.actor, requestId: search.requestId });
  const [start, end] = [placeAt(search.since), placeAt(search.until)];
  const found: Recorded[] = [];
  let place = from ?? (order === 'newest' ? end : start);
  for (let round = 0; round < mostRounds; round += 1) {
    const page: Page = order === 'newest' ? { before: place, after: start } : { after: place };
    const read = await trail.all.find(lookups, { ...page, limit: chunk });
    const events = order === 'oldest' && end !== '' ? read.filter(({ id }) => id < end) : read;
    found.push(...events.filter((event) => fits(event, search)));
    const last = found.length > limit ? found[limit - 1] : undefined;
    if (last) return { events: found.slice(0, limit), next: last.id };
    if (events.length < chunk) return { events: found };
    place = events.at(-1)?.id ?? '';
  }
  return { events: found, next: place };
}

/** The ids of events from this time (seconds) on are behind this place; the empty text is both ends. */
const placeAt = (time: number | undefined): string => (time === undefined ? '' : moment(Math.round(time * 1000)));

const fits = (event: Recorded, { outcome, ip, asked }: Search): boolean =>
  (outcome === undefined || event.outcome === outcome) &&
  (ip === undefined || event.ip === ip) &&
  !(asked === 'hide' && isAsked(event.type));

const given = (members: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
