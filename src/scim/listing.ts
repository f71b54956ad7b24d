import { type Filter, readFilter } from './filter.ts';
import { isRecord, type Resource } from './matching.ts';
import { invalidSyntax, invalidValue } from './problems.ts';
import type { Wanted } from './shown.ts';
import type { Sort } from './sorting.ts';

/** Which resources are asked for, and what of them (RFC 7644 §3.4.2). */
export interface Query {
  readonly filter?: Filter | undefined;
  readonly sort?: Sort | undefined;
  /** The first one of the page; they are counted from 1. */
  readonly startIndex: number;
  readonly count: number;
  readonly wanted: Wanted;
}

/** One page of what was found. */
export interface Found<T = Resource> {
  readonly total: number;
  readonly items: readonly T[];
}

/** As many are shown on one page. */
export const mostResults = 200;
const usualResults = 100;
const largest = Number.MAX_SAFE_INTEGER;
const searchMessage = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

/** What of a resource is wanted, by the parameters of an address. */
export const readWanted = ({ attributes, excludedAttributes }: Resource): Wanted => ({
  attributes: names('attributes', attributes),
  excluded: names('excludedAttributes', excludedAttributes),
});

/** What is asked for, by the parameters of an address or the body of a search. Throws `invalidFilter`, `invalidValue`. */
export function readQuery(given: Resource): Query {
  const { startIndex, count } = given;
  const filter = isUnset(given.filter) ? undefined : given.filter;
  if (filter !== undefined && typeof filter !== 'string') throw invalidValue('filter is a text, given once');
  return {
    filter: filter === undefined ? undefined : readFilter(filter),
    sort: readSort(given),
    startIndex: Math.max(1, whole('startIndex', startIndex, 1)),
    count: Math.min(mostResults, Math.max(0, whole('count', count, usualResults))),
    wanted: readWanted(given),
  };
}

/** The body of a search (RFC 7644 §3.4.3). Throws `invalidSyntax` too. */
export function readSearch(body: unknown): Query {
  if (isRecord(body) && Array.isArray(body.schemas) && body.schemas.includes(searchMessage)) return readQuery(body);
  throw invalidSyntax(`Send an object whose schemas are a list with ${searchMessage}`);
}

/** The page that is asked for of all that was found. */
export const pageOf = <T>(all: readonly T[], { startIndex, count }: Pick<Query, 'startIndex' | 'count'>): Found<T> => ({
  total: all.length,
  items: all.slice(startIndex - 1, startIndex - 1 + count),
});

/** A page as it is answered (RFC 7644 §3.4.2). */
export const listResponse = ({ total, items }: Found, startIndex = 1): Resource => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
  totalResults: total,
  startIndex,
  itemsPerPage: items.length,
  Resources: items,
});

function readSort({ sortBy: by, sortOrder: order }: Resource): Sort | undefined {
  if (isUnset(by)) return undefined;
  const way = isUnset(order) ? 'ascending' : String(order).toLowerCase();
  if (typeof by !== 'string') throw invalidValue('sortBy is the name of an attribute, given once');
  if (way !== 'ascending' && way !== 'descending') throw invalidValue('sortOrder is ascending or descending');
  return { by, descending: way === 'descending' };
}

/** What is unassigned (RFC 7643 §2.5), and what an empty parameter is. */
const isUnset = (given: unknown): boolean =>
  given === undefined || given === null || given === '' || (Array.isArray(given) && given.length === 0);

function names(name: string, given: unknown): readonly string[] | undefined {
  if (isUnset(given)) return undefined;
  const list: readonly unknown[] = typeof given === 'string' ? given.split(',') : Array.isArray(given) ? given : [];
  const texts = list.filter((one) => typeof one === 'string').map((one) => one.trim());
  if (texts.length > 0 && texts.length === list.length && texts.length <= 100) return texts;
  throw invalidValue(`${name} is a list of names of attributes, with commas between them`);
}

function whole(name: string, given: unknown, usual: number): number {
  if (isUnset(given)) return usual;
  const number = typeof given === 'string' && /^-?\d{1,100}$/.test(given) ? Number(given) : given;
  // Whoever wants everything sends the largest number that there is for them.
  if (typeof number === 'number' && Number.isInteger(number)) return Math.max(-largest, Math.min(largest, number));
  throw invalidValue(`${name} is a whole number`);
}
