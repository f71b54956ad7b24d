import { randomToken } from '../kernel/crypto.ts';
import type { Access } from './access.ts';
import { segmentsOf } from './request-path.ts';
import { type Route, readRoute } from './route-template.ts';
import type { Api } from './terms.ts';

/** What somebody wants to do at a server behind a gateway. */
export interface Asked {
  /** As the gateway tells it; undefined when it does not. */
  host?: string | undefined;
  method: string;
  /** As it stands in the request, percent-encoded and without its query. */
  path: string;
  /** The path may be a template, as a gateway knows it: `{name}` is then any one segment. */
  template?: boolean;
}

/** The route that a request takes, and what it needs there. */
export interface Match {
  api: Api;
  permission: string;
  template: string;
}

/** What stands at a place of the table; without a match where two APIs claim it, and nobody can say whose it is. */
interface Placed {
  match: Match | undefined;
  /** How well its API names the host. */
  level: number;
}

/** The templates that go on in the same way. */
interface Branch {
  literal: Map<string, Branch>;
  one?: Branch;
  /** By method: for paths that end here, and for all that go on from here. */
  ends: Map<string, Placed>;
  rest: Map<string, Placed>;
}

const most = 1000;
/** Stands for a segment that may have any text: no route names it. */
const anyOne = randomToken(12);
const branch = (): Branch => ({ literal: new Map(), ends: new Map(), rest: new Map() });
const normal = (host: string): string => host.toLowerCase().replace(/\.(?=:\d+$|$)/, '');
const withoutPort = (host: string): string => host.replace(/:\d+$/, '');

/**
 * The routes of all APIs in one table: the most specific template wins, whichever API it belongs to. An API without a host
 * is meant by every host; of two with the same template the one that names the host wins.
 */
export class GatewayRoutes {
  readonly #access: Access;
  #read: readonly Api[] | undefined;
  /** By host, as the APIs name them; under the empty name for all others. */
  #tables = new Map<string, Branch>();
  #untold = branch();
  constructor(access: Access) {
    this.#access = access;
  }

  /** Undefined: no route takes this request, two APIs claim it, or its path can be read in several ways (request-path.ts). */
  async match({ host, method, path, template = false }: Asked): Promise<Match | undefined> {
    const segments = segmentsOf(template ? path.replace(/(?<=\/)\{\w+\}(?=\/|$)/g, anyOne) : path);
    if (!segments) return undefined;
    await this.#refresh();
    return find(host === undefined ? this.#untold : this.#table(normal(host)), { segments, method }, 0)?.match;
  }

  #table(host: string): Branch {
    return this.#tables.get(host) ?? this.#tables.get(withoutPort(host)) ?? this.#tables.get('') ?? branch();
  }

  async #refresh(): Promise<void> {
    const page = await this.#access.apis({ limit: most });
    // Until something has changed the store answers with the same list, not with an equal one (store/remembered.ts).
    if (page === this.#read) return;
    const apis = [...page];
    for (let last = page; last.length === most; apis.push(...last)) {
      last = await this.#access.apis({ limit: most, after: apis.at(-1)?.id ?? '' });
    }
    this.#compile(apis.filter(({ routes }) => routes.length > 0));
    this.#read = page.length < most ? page : undefined;
  }

  #compile(apis: readonly Api[]): void {
    const hosts = new Set(apis.flatMap(({ host }) => (host === undefined ? [] : [normal(host)])));
    this.#tables = new Map([...hosts, ''].map((host) => [host, tableOf(apis, host)]));
    // When the gateway does not tell the host, the table must be that of one: otherwise any could be meant.
    this.#untold = this.#table(hosts.size === 1 ? ([...hosts][0] ?? '') : '');
  }
}

/** The routes of the APIs that a host means, by name and port, by name, or because they name none. */
function tableOf(apis: readonly Api[], host: string): Branch {
  const table = branch();
  for (const api of apis) {
    const named = api.host === undefined ? '' : normal(api.host);
    const level = named === '' ? 0 : named === host ? 2 : named === withoutPort(host) ? 1 : undefined;
    if (level === undefined) continue;
    for (const text of api.routes) add(table, api, level, text);
  }
  return table;
}

function add(table: Branch, api: Api, level: number, text: string): void {
  const route = readable(text);
  if (!route) return;
  const { method, template, permission } = route;
  const place = placeOf(table, route);
  const before = place.get(method);
  if (before === undefined || before.level < level) place.set(method, { match: { api, permission, template }, level });
  else if (before.level === level) place.set(method, { match: undefined, level });
}

/** A route that was stored when others were possible takes no request. */
function readable(text: string): Route | undefined {
  try {
    return readRoute(text);
  } catch {
    return undefined;
  }
}

function placeOf(table: Branch, { steps }: Route): Map<string, Placed> {
  let at = table;
  for (const step of steps) {
    if (step === 'rest') return at.rest;
    if (step === 'one') {
      at.one ??= branch();
      at = at.one;
    } else {
      const next = at.literal.get(step.literal) ?? branch();
      at.literal.set(step.literal, next);
      at = next;
    }
  }
  return at.ends;
}

interface Sought {
  segments: readonly string[];
  method: string;
}

/** From left to right a text is more specific than any one segment, and that more than all that are left. */
function find(at: Branch, sought: Sought, depth: number): Placed | undefined {
  const segment = sought.segments[depth];
  if (segment === undefined) return of(at.ends, sought.method) ?? of(at.rest, sought.method);
  const literal = at.literal.get(segment);
  return (
    (literal && find(literal, sought, depth + 1)) ??
    (segment === '' ? undefined : at.one && find(at.one, sought, depth + 1)) ??
    of(at.rest, sought.method)
  );
}

/** HEAD is GET without the content (RFC 9110 §9.3.2). */
const of = (place: Map<string, Placed>, method: string): Placed | undefined =>
  place.get(method) ?? (method === 'HEAD' ? place.get('GET') : undefined) ?? place.get('*');
