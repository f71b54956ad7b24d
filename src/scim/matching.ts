import type { Filter, Literal } from './filter.ts';
import { invalidFilter } from './problems.ts';
import { type Attribute, called, type Kind, placeOf } from './schemas.ts';

/** A resource, or a part of one, under the names of its schema. */
export type Resource = Readonly<Record<string, unknown>>;

type Test<T> = (value: T) => boolean;
/** Where a path leads: the attribute there, and its values in what is looked at. */
type Resolve = (path: string) => { attribute: Attribute; values(of: Resource): readonly unknown[] } | undefined;
type Comparison = Extract<Filter, { is: 'comparison' }>;

/** Whether this is an object of JSON, no list. */
export const isRecord = (value: unknown): value is Resource =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listed = (value: unknown): readonly unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];

/** What a filter asks of a resource of this kind. Throws `invalidFilter` for what is no attribute, or cannot be compared so. */
export const matcher = (kind: Kind, filter: Filter): Test<Resource> => compiled(filter, resolver(kind), kind);

/** What it asks of one value of a list. Throws `invalidFilter`. */
export const valueMatcher = (attribute: Attribute, filter: Filter): Test<Resource> =>
  compiled(filter, (path) => {
    const sub = called(attribute.of, path);
    return sub && { attribute: sub, values: (of) => listed(of[sub.name]) };
  });

const resolver =
  (kind: Kind): Resolve =>
  (path) => {
    const place = placeOf(kind, path);
    if (!place) return undefined;
    const { attribute, extension } = place;
    // A list of complex values is compared by what they are values of (RFC 7643 §2.4): `members eq "ID"`.
    const sub = place.sub ?? called(attribute.of, 'value');
    return {
      attribute: sub ?? attribute,
      values(of) {
        const holder = extension === undefined ? of : of[extension];
        const all = isRecord(holder) ? listed(holder[attribute.name]) : [];
        if (!sub) return all;
        return all.flatMap((one) => (isRecord(one) ? listed(one[sub.name]) : []));
      },
    };
  };

function compiled(filter: Filter, resolve: Resolve, kind?: Kind): Test<Resource> {
  switch (filter.is) {
    case 'and': {
      const all = filter.all.map((one) => compiled(one, resolve, kind));
      return (of) => all.every((test) => test(of));
    }
    case 'or': {
      const all = filter.all.map((one) => compiled(one, resolve, kind));
      return (of) => all.some((test) => test(of));
    }
    case 'not': {
      const test = compiled(filter.of, resolve, kind);
      return (of) => !test(of);
    }
    case 'present': {
      const { values } = resolve(filter.path) ?? known(filter.path, resolve);
      return (of) => values(of).some((value) => value !== '');
    }
    case 'within':
      return within(filter, kind);
    default: {
      const { attribute, values } = known(filter.path, resolve);
      const test = comparison(filter, attribute);
      return (of) => test(values(of));
    }
  }
}

function within({ path, of: filter }: Extract<Filter, { is: 'within' }>, kind: Kind | undefined): Test<Resource> {
  const place = kind && placeOf(kind, path);
  if (!place?.attribute.of || place.sub) {
    throw invalidFilter(`${path.slice(0, 100)} has no values with parts, so nothing can stand in brackets after it`);
  }
  const { attribute, extension } = place;
  const test = valueMatcher(attribute, filter);
  return (of) => {
    const holder = extension === undefined ? of : of[extension];
    return isRecord(holder) && listed(holder[attribute.name]).some((one) => isRecord(one) && test(one));
  };
}

function known(path: string, resolve: Resolve) {
  const found = resolve(path);
  if (!found)
    throw invalidFilter(`There is no attribute ${path.slice(0, 100)} here; GET /Schemas lists those there are`);
  if (found.attribute.type !== 'complex') return found;
  throw invalidFilter(`${path} consists of parts; name one of them, such as ${path}.${found.attribute.of?.[0]?.name}`);
}

/** Compares what is there: one of several values is enough, and `ne` says that none is equal. */
function comparison(filter: Comparison, attribute: Attribute): Test<readonly unknown[]> {
  const { by, path, value } = filter;
  if (value === null) {
    if (by !== 'eq' && by !== 'ne') throw invalidFilter(`${path} can only be equal to null, or not`);
    return (all) => (all.length === 0) === (by === 'eq');
  }
  const fits = tester(filter, attribute, value);
  return (all) => all.some(fits) === (by !== 'ne');
}

function tester({ by, path }: Comparison, attribute: Attribute, wanted: Exclude<Literal, null>): Test<unknown> {
  const is = orders[by];
  if (attribute.type === 'boolean') {
    const truth = asBoolean(wanted);
    if (truth !== undefined && (by === 'eq' || by === 'ne')) return (value) => value === truth;
    throw invalidFilter(`${path} is true or false, and can only be equal to one of them, or not`);
  }
  if (typeof wanted !== 'string') throw invalidFilter(`${path} is a text; compare it with one in quotation marks`);
  if (attribute.type === 'dateTime') {
    const time = Date.parse(wanted);
    if (Number.isNaN(time)) throw invalidFilter(`${path} is a time, such as "2030-01-31T18:00:00Z"`);
    if (by === 'co' || by === 'sw' || by === 'ew') throw invalidFilter(`${path} is a time; compare it by eq, gt, lt …`);
    return (value) => is(Date.parse(String(value)), time);
  }
  const spelling = attribute.exact ? (one: string) => one : (one: string) => one.normalize('NFC').toLowerCase();
  const text = spelling(wanted);
  return (value) => typeof value === 'string' && is(spelling(value), text);
}

type Comparable = string | number;
const orders: Record<Comparison['by'], (a: Comparable, b: Comparable) => boolean> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a === b,
  co: (a, b) => String(a).includes(String(b)),
  sw: (a, b) => String(a).startsWith(String(b)),
  ew: (a, b) => String(a).endsWith(String(b)),
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
};

/** True or false, also as Entra ID writes them: `"False"`. */
export function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  return word === 'true' ? true : word === 'false' ? false : undefined;
}
