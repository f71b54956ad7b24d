import type { Collection, Entity } from '../store/port.ts';

/** The same collection; `changed` is called after each write, done or failed, and before its caller hears of it. */
export const observed = <T extends Entity, K extends string>(
  all: Collection<T, K>,
  changed: () => void,
): Collection<T, K> => ({
  get: (id) => all.get(id),
  find: (where, page) => all.find(where, page),
  insert: (value, ttlSeconds) => all.insert(value, ttlSeconds).finally(changed),
  append: (values) => all.append(values).finally(changed),
  put: (value, ttlSeconds) => all.put(value, ttlSeconds).finally(changed),
  change: (id, edit) => all.change(id, edit).finally(changed),
  take: (id) => all.take(id).finally(changed),
  drop: (where) => all.drop(where).finally(changed),
});
