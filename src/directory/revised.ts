import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../kernel/errors.ts';
import { type Collection, type Entity, taken } from '../store/port.ts';

/**
 * Makes of a record what `settle` makes of it; that may take its time, refuse by throwing, and runs again when somebody
 * else has changed the record meanwhile. Undefined when there is none.
 */
export async function revised<T extends Entity, K extends string>(
  all: Collection<T, K>,
  id: string,
  settle: (now: T) => Promise<T>,
): Promise<T | undefined> {
  for (;;) {
    // A change is made on the store itself, so it sees what is remembered nowhere yet.
    const before = await all.change(id, (now) => now);
    if (!before) return undefined;
    const next = await settle(before);
    let same = false;
    const after = await all.change(id, (now) => {
      same = isDeepStrictEqual(now, before);
      return same ? next : now;
    });
    if (same || !after) return after;
  }
}

/** Adds a record in the place of none. Throws `taken`, which names it as `what`, also to the slower one of two at once. */
export async function added<T extends Entity, K extends string>(
  all: Collection<T, K>,
  record: T,
  what: string,
): Promise<void> {
  try {
    await all.insert(record);
  } catch (error) {
    throw error instanceof Problem && error.code === 'taken' ? taken(what) : error;
  }
}
