import { isRecord } from './matching.ts';
import { invalidSyntax, invalidValue } from './problems.ts';

/** One operation of a bulk request (RFC 7644 §3.7). */
export interface BulkOperation {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/Users`, or `/Users/ID`. */
  readonly path: string;
  /** By which other operations refer to what this one makes. */
  readonly bulkId?: string;
  readonly version?: string;
  readonly data?: unknown;
}

/** What came of one. */
export interface BulkResult {
  readonly status: number;
  readonly location?: string | undefined;
  readonly version?: string | undefined;
  /** The id of what was made. */
  readonly id?: string | undefined;
  /** The error, where it failed. */
  readonly response?: unknown;
}

/** So many operations are taken at once. */
export const mostOperations = 1000;
const message = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const answer = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';
/** Lists and objects in each other; a resource has no more than five. */
const deepest = 20;
const reference = /^bulkId:(.+)$/;

interface Bulk {
  /** After so many errors no more is done; 0 for never. */
  readonly failOnErrors: number;
  readonly operations: readonly BulkOperation[];
}

/** Reads a bulk request; how many operations there are is the caller's to bound. Throws `invalidSyntax`. */
export function readBulk(body: unknown): Bulk {
  const { schemas, failOnErrors = 0, Operations } = isRecord(body) ? body : {};
  if (!Array.isArray(schemas) || !schemas.includes(message)) {
    throw invalidSyntax(`Send an object whose schemas are a list with ${message}`);
  }
  if (!Number.isSafeInteger(failOnErrors) || Number(failOnErrors) < 0) {
    throw invalidSyntax('failOnErrors is a whole number');
  }
  if (!Array.isArray(Operations) || Operations.length === 0) throw invalidSyntax('Operations must be a list');
  const operations = Operations.map(readOperation);
  const ids = operations.flatMap(({ bulkId }) => (bulkId === undefined ? [] : [bulkId]));
  if (new Set(ids).size < ids.length) throw invalidSyntax('Each bulkId may stand at one operation only');
  return { failOnErrors: Number(failOnErrors), operations };
}

function readOperation(given: unknown): BulkOperation {
  const { method, path, bulkId, version, data } = isRecord(given) ? given : {};
  const verb = typeof method === 'string' ? method.toUpperCase() : '';
  if (verb !== 'POST' && verb !== 'PUT' && verb !== 'PATCH' && verb !== 'DELETE') {
    throw invalidSyntax('The method of an operation is POST, PUT, PATCH or DELETE');
  }
  if (typeof path !== 'string' || !path.startsWith('/')) throw invalidSyntax('The path of an operation begins with /');
  if (verb === 'POST' && (typeof bulkId !== 'string' || bulkId === '')) {
    throw invalidSyntax('An operation that makes something needs a bulkId');
  }
  return {
    ...{ method: verb, path, data },
    ...(typeof bulkId === 'string' ? { bulkId } : {}),
    ...(typeof version === 'string' ? { version } : {}),
  };
}

/** Each place in a value that refers to what another operation makes. Throws `invalidSyntax` for what nobody would nest so. */
function referencesIn(value: unknown, depth = 0): string[] {
  if (depth > deepest)
    throw invalidSyntax(`The data of an operation has at most ${deepest} lists and objects in each other`);
  if (typeof value === 'string') return reference.exec(value)?.slice(1) ?? [];
  const inside = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
  return inside.flatMap((one) => referencesIn(one, depth + 1));
}

function filledIn(value: unknown, made: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return made.get(reference.exec(value)?.[1] ?? '') ?? value;
  if (Array.isArray(value)) return value.map((one) => filledIn(one, made));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filledIn(one, made)]));
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

interface Waiting {
  readonly at: number;
  readonly one: BulkOperation;
  readonly needs: ReadonlySet<string>;
}

/**
 * Does the operations in their order, but none before those that make what it refers to. `perform` gets each with ids in the
 * place of references and says what came of it; `fail` makes the result of one that cannot be tried.
 */
export async function runBulk(
  { failOnErrors, operations }: Bulk,
  perform: (one: BulkOperation) => Promise<BulkResult>,
  fail: (error: Error) => BulkResult,
): Promise<object> {
  const made = new Map<string, string>();
  const results: (object | undefined)[] = operations.map(() => undefined);
  let errors = 0;
  const run = async ({ at, one, needs }: Waiting): Promise<void> => {
    const open = [...needs].find((bulkId) => !made.has(bulkId));
    const result =
      open === undefined
        ? await perform({ ...one, path: filledPath(one.path, made), data: filledIn(one.data, made) })
        : fail(invalidValue(`bulkId:${open.slice(0, 100)} refers to nothing that was made`));
    if (one.bulkId !== undefined && result.id !== undefined) made.set(one.bulkId, result.id);
    if (result.status >= 400) errors += 1;
    results[at] = resultOf(one, result);
  };
  let waiting = operations.map((one, at) => ({
    at,
    one,
    needs: new Set(referencesIn([lastPart(one.path), one.data])),
  }));
  const unmade = new Set(operations.map(({ bulkId }) => bulkId));
  while (waiting.length > 0 && !(failOnErrors > 0 && errors >= failOnErrors)) {
    const next = waiting.find((one) => !blocked(one, unmade)) ?? waiting[0];
    if (next) await run(next);
    unmade.delete(next?.one.bulkId);
    waiting = waiting.filter((one) => one !== next);
  }
  return { schemas: [answer], Operations: results.filter((one) => one !== undefined) };
}

/** Whether something it refers to is still to be made. */
const blocked = ({ needs, one }: Waiting, unmade: ReadonlySet<string | undefined>): boolean =>
  [...needs].some((bulkId) => bulkId !== one.bulkId && unmade.has(bulkId));

const filledPath = (path: string, made: ReadonlyMap<string, string>): string =>
  path.slice(0, path.length - lastPart(path).length) + String(filledIn(lastPart(path), made));

const resultOf = ({ method, bulkId }: BulkOperation, { status, location, version, response }: BulkResult): object => ({
  method,
  ...(bulkId === undefined ? {} : { bulkId }),
  ...(version === undefined ? {} : { version }),
  ...(location === undefined ? {} : { location }),
  status: String(status),
  ...(response === undefined ? {} : { response }),
});
