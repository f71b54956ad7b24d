import { Damaged, type Entity, type Page, type Spec } from './port.ts';

/** What was declared in a store so far, so that two declarations of one collection cannot work against each other. */
export class Declared {
  readonly #shapes = new Map<string, string>();

  /** Throws for names that are not safe in every store, and for a collection that was declared otherwise before. */
  add<T extends Entity, K extends string>(spec: Spec<T, K>): void {
    for (const name of [spec.name, ...Object.keys(spec.indexes)]) {
      if (!/^[a-z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$/.test(name))
        throw new Error(`"${name}" cannot name a collection or look-up`);
    }
    const shape = JSON.stringify([
      spec.cached ?? false,
      lookups(spec)
        .map(({ name, unique }) => [name, unique])
        .sort(),
    ]);
    if ((this.#shapes.get(spec.name) ?? shape) !== shape) throw new Error(`${spec.name} was declared otherwise before`);
    this.#shapes.set(spec.name, shape);
  }
}

/** The declared look-ups in their order, without the type of their names. */
export const lookups = <T extends Entity, K extends string>(spec: Spec<T, K>) =>
  Object.entries<Spec<T, K>['indexes'][K]>(spec.indexes).map(([name, { key, unique = false }]) => ({
    name,
    key,
    unique,
  }));

/** The value of a stored body. Throws `Damaged` for what is no record. */
export function recordOf<T extends Entity>(collection: string, id: string, body: string): T {
  let value: T | undefined;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Damaged(collection, id);
  }
  if (typeof value !== 'object' || value === null) throw new Damaged(collection, id);
  return value;
}

/** After every id: no text sorts behind its last character. */
const last = '\u{10ffff}';

/** A page with its defaults; ids are compared by their bytes. */
export const pageOf = ({ after = '', before, limit = 100 }: Page = {}) => ({
  after,
  before: before === '' ? last : before,
  back: before !== undefined,
  limit: Math.max(1, Math.min(1000, Math.trunc(limit))),
});

/** What a search asks for, checked: an undeclared look-up or a missing value would silently match the wrong records. */
export function conditions(
  spec: Spec<Entity, never>,
  where: Readonly<Record<string, string | undefined>> = {},
): [string, string][] {
  return Object.entries(where).map(([name, value]) => {
    if (!Object.hasOwn(spec.indexes, name)) throw new Error(`${spec.name} declares no look-up "${name}"`);
    if (typeof value !== 'string') throw new Error(`the look-up "${name}" of ${spec.name} needs a text`);
    return [name, value];
  });
}

/** The moment at which a record with this time to live ends, in milliseconds; null for never. */
export function endOf(now: number, ttlSeconds: number | undefined): number | null {
  if (ttlSeconds === undefined) return null;
  if (!Number.isFinite(ttlSeconds)) throw new RangeError(`${ttlSeconds} is no time to live`);
  return now + Math.trunc(ttlSeconds * 1000);
}

/** Makes a value and everything in it unchangeable. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}
