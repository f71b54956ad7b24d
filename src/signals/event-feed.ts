import type { Recorded, Trail } from '../audit/trail.ts';
import type { Source } from './delivery.ts';

/** Every event of the trail: what this process records is heard at once, what others record when it is looked for. */
export const eventFeed = (trail: Trail): Source<Recorded> => ({
  listen: (hear) =>
    trail.listen(
      (event) => {
        hear(event);
        return undefined;
      },
      () => undefined,
    ),
  async page(after, limit) {
    const events = await trail.all.find({}, { after, limit });
    const entries = events.map((signal) => ({ signal, settled: true }));
    return { entries, end: events.length < limit ? undefined : events.at(-1)?.id };
  },
});
