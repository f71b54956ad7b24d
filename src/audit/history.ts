import type { Page } from '../store/port.ts';
import type { Recorded, Trail } from './trail.ts';

/** So many events are read at once, of each kind of look-up. */
const chunk = 200;
/** So often before a page is shown with what was found: most events of a person are worth telling. */
const mostRounds = 10;

/** What is asked of somebody's history. */
interface Wanted {
  /** The person as the trail names it, as target or as actor. */
  subject: string;
  /** Older than the event of this id; the newest first without it. */
  before?: string | undefined;
  limit: number;
  /** Whether an event is told. */
  tells(event: Recorded): boolean;
}

/** Without the place from which somebody else did it: where administrators are is not for the people they look after. */
export function ownPlaces({ ip, requestId, ...event }: Recorded, subject: string): Recorded {
  const theirs = event.actor === subject || /^(anonymous|connection:.*)$/.test(event.actor);
  return {
    ...event,
    ...(theirs && ip !== undefined ? { ip } : {}),
    ...(theirs && requestId !== undefined ? { requestId } : {}),
  };
}

/** What happened to somebody and what they did, newest first; `next` is where the page after this one begins. */
export async function history(
  trail: Trail,
  { subject, before = '', limit, tells }: Wanted,
): Promise<{ events: Recorded[]; next?: string }> {
  const found: Recorded[] = [];
  let place: string | undefined = before;
  for (let round = 0; place !== undefined && found.length <= limit && round < mostRounds; round += 1) {
    const page: Page = { before: place, limit: chunk };
    const both = await Promise.all([trail.search({ target: subject }, page), trail.search({ actor: subject }, page)]);
    // Below the end of a full chunk there may be events that the other one does not know of.
    const ends = both.flatMap((part) => (part.length < chunk ? [] : [part.at(-1)?.id ?? '']));
    const floor: string | undefined = ends.sort().at(-1);
    const known = new Map(both.flat().map((event) => [event.id, event]));
    const whole = [...known.values()].filter(({ id }) => floor === undefined || id >= floor);
    found.push(...whole.filter(tells).sort((a, b) => (a.id < b.id ? 1 : -1)));
    place = floor;
  }
  const events = found.slice(0, limit).map((event) => ownPlaces(event, subject));
  const more = found.length > limit ? events.at(-1)?.id : place;
  return more === undefined ? { events } : { events, next: more };
}
