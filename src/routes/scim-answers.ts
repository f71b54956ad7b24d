import { wrongMethod } from '../http/edge.ts';
import { scimError } from '../http/scim-problem.ts';
import { missing, Problem, problem } from '../kernel/errors.ts';
import { type BulkOperation, type BulkResult, mostOperations, readBulk, runBulk } from '../scim/bulk.ts';
import { resourceTypes, schemas, serviceProviderConfig } from '../scim/discovery.ts';
import { type Found, listResponse, type Query, readQuery, readSearch, readWanted } from '../scim/listing.ts';
import { isRecord, type Resource } from '../scim/matching.ts';
import { isVersion, type Tenant } from '../scim/person.ts';
import { invalidValue } from '../scim/problems.ts';
import { type Answered, type Door, groups, type ScimParts, users } from './scim-resources.ts';

/** A request, as HTTP or a bulk request brings it. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** What comes after the organisation: `['Users', 'usr_…']`. */
  readonly path: readonly string[];
  readonly query: Resource;
  readonly body: unknown;
  readonly match?: string | undefined;
  readonly noneMatch?: string | undefined;
}

/** What is answered to it. */
export interface Reply {
  readonly status: number;
  readonly body?: object | undefined;
  readonly location?: string | undefined;
  readonly version?: string | undefined;
  readonly allow?: string | undefined;
}

/** Counts operations of an organisation; throws when they are too many at once. */
type Spend = (operations: number) => void;

const noMe = problem('not_implemented', 501, () => '/Me is not offered: a token is an organization’s, and no person’s');
const noFilter = problem('access_denied', 403, () => 'What the server itself is cannot be filtered (RFC 7644 §4)');
const manyOperations = problem(
  'too_large',
  413,
  () => `A bulk request has at most ${mostOperations} operations; send several`,
);
const sortedEverywhere = (): Problem => invalidValue('Only one kind can be sorted: search at /Users or at /Groups');
const nothingHere = (): Problem => missing('What stands at this address');

/** Answers calls for one organisation. Throws a Problem, as whoever writes the answer tells it. */
export function answering(parts: ScimParts): (tenant: Tenant, call: Call, spend: Spend) => Promise<Reply> {
  const doors = [users(parts), groups(parts)];
  const doorOf = (name: string | undefined): Door | undefined =>
    doors.find(({ kind }) => kind.endpoint.slice(1).toLowerCase() === name?.toLowerCase());
  const answer = async (tenant: Tenant, call: Call, spend: Spend): Promise<Reply> => {
    const [first = '', ...rest] = call.path;
    const door = doorOf(first);
    if (door) {
      if (changes(call.method, rest)) await parts.asked(tenant, call.method, `/${call.path.join('/')}`);
      return atDoor(door, tenant, call, rest);
    }
    if (rest.length === 0 && first === '.search') {
      return call.method === 'POST' ? everywhere(doors, tenant, readSearch(call.body)) : refused(call, 'POST');
    }
    if (rest.length === 0 && first.toLowerCase() === 'bulk') {
      return call.method === 'POST' ? bulk(tenant, call.body, spend) : refused(call, 'POST');
    }
    if (first.toLowerCase() === 'me') throw noMe();
    return discovery(tenant, call, first.toLowerCase(), rest);
  };
  const bulk = async (tenant: Tenant, body: unknown, spend: Spend): Promise<Reply> => {
    const asked = readBulk(body);
    if (asked.operations.length > mostOperations) throw manyOperations();
    spend(asked.operations.length);
    const perform = async ({ method, path, version: match, data }: BulkOperation): Promise<BulkResult> => {
      const call = { method, path: path.split('/').filter(Boolean), query: {}, body: data, match };
      if (!doorOf(call.path[0]) || call.path[1] === '.search') return failed(nothingHere());
      const result = await answer(tenant, call, spend).then(performed, failed);
      // All but a POST that failed say what they are about.
      const place = method === 'POST' ? undefined : `${tenant.base}/${call.path.join('/')}`;
      return { ...result, location: result.location ?? place };
    };
    return { status: 200, body: await runBulk(asked, perform, failed) };
  };
  return answer;
}

/** A search is sent by POST. */
const changes = (method: Call['method'], [id]: readonly string[]): boolean =>
  id === undefined ? method === 'POST' : method !== 'GET' && method !== 'POST';

const performed = ({ status, location, version, body }: Reply): BulkResult => {
  if (status >= 400) return { status, response: body };
  const id = body && isRecord(body) && typeof body.id === 'string' ? body.id : undefined;
  return { status, location, version, id };
};

/** What the caller can mend is told at the operation; what is ours ends the whole request. */
function failed(error: unknown): BulkResult {
  if (!(error instanceof Problem) || error.status >= 500) throw error;
  return { status: error.status, response: scimError(error) };
}

function refused({ method }: Call, allow: string): Reply {
  const { message } = wrongMethod(method);
  return { status: 405, allow, body: scimError(new Problem({ code: 'wrong_method', status: 405, sentence: message })) };
}

async function atDoor(door: Door, tenant: Tenant, call: Call, [id, ...more]: readonly string[]): Promise<Reply> {
  if (more.length > 0) throw nothingHere();
  if (id === undefined) return collection(door, tenant, call);
  if (id === '.search') {
    return call.method === 'POST' ? list(door, tenant, readSearch(call.body)) : refused(call, 'POST');
  }
  return one(door, tenant, call, id);
}

async function collection(door: Door, tenant: Tenant, call: Call): Promise<Reply> {
  if (call.method === 'GET') return list(door, tenant, readQuery(call.query));
  if (call.method !== 'POST') return refused(call, 'GET, POST');
  const made = await door.add(tenant, call.body, readWanted(call.query));
  return told(made, 201);
}

async function one(
  door: Door,
  tenant: Tenant,
  { method, query, body, match, noneMatch }: Call,
  id: string,
): Promise<Reply> {
  const wanted = readWanted(query);
  switch (method) {
    case 'GET': {
      const found = await door.get(tenant, id, wanted);
      if (!found) throw missing(`A ${door.kind.name} ${id.slice(0, 100)} of this organization`);
      return noneMatch !== undefined && isVersion(noneMatch, found.version)
        ? { status: 304, version: found.version }
        : told(found, 200);
    }
    case 'PUT':
      return told(await door.replace(tenant, id, body, { wanted, match }), 200);
    case 'PATCH': {
      const changed = await door.patch(tenant, id, body, { wanted, match });
      const { location, version } = told(changed, 200);
      return door.quiet && !wanted.attributes ? { status: 204, location, version } : told(changed, 200);
    }
    case 'DELETE':
      await door.remove(tenant, id, match);
      return { status: 204 };
    default:
      return refused({ method, path: [], query, body }, 'GET, PUT, PATCH, DELETE');
  }
}

function told({ resource, version, location }: Answered, status: number): Reply {
  return { status, body: resource, version, location };
}

async function list(door: Door, tenant: Tenant, query: Query): Promise<Reply> {
  return { status: 200, body: listResponse(await door.find(tenant, query), query.startIndex) };
}

/** Over all kinds, one after the other; one that does not have what the filter asks for has none that fits. */
async function everywhere(doors: readonly Door[], tenant: Tenant, query: Query): Promise<Reply> {
  if (query.sort) throw sortedEverywhere();
  let { startIndex, count } = query;
  let total = 0;
  const items: Resource[] = [];
  const refusals: unknown[] = [];
  for (const door of doors) {
    const some = await door.find(tenant, { ...query, startIndex, count }).catch((error: unknown): Found => {
      if (!(error instanceof Problem && error.code === 'invalidFilter')) throw error;
      refusals.push(error);
      return { total: 0, items: [] };
    });
    items.push(...some.items);
    total += some.total;
    startIndex = Math.max(1, startIndex - some.total);
    count -= some.items.length;
  }
  if (refusals.length === doors.length) throw refusals[0];
  return { status: 200, body: listResponse({ total, items }, query.startIndex) };
}

const documents: Record<string, (tenant: Tenant) => Resource | Resource[]> = {
  serviceproviderconfig: serviceProviderConfig,
  resourcetypes: resourceTypes,
  schemas,
};

function discovery(tenant: Tenant, call: Call, name: string, [id, ...more]: readonly string[]): Reply {
  const found = Object.hasOwn(documents, name) ? documents[name]?.(tenant) : undefined;
  if (!found || more.length > 0) throw nothingHere();
  if (call.method !== 'GET') return refused(call, 'GET');
  if (call.query.filter !== undefined) throw noFilter();
  if (!Array.isArray(found)) {
    if (id !== undefined) throw nothingHere();
    return { status: 200, body: found };
  }
  if (id === undefined) return { status: 200, body: listResponse({ total: found.length, items: found }) };
  const one = found.find((document) => String(document.id).toLowerCase() === id.toLowerCase());
  if (!one) throw nothingHere();
  return { status: 200, body: one };
}
