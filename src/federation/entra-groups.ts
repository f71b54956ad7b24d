import type { OidcConnection, Surroundings } from './connection.ts';
import { Refused, type Trace } from './connector.ts';
import { explained } from './oidc-failures.ts';
import { refusal, shown } from './oidc-refusals.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Where groups are asked for, and with which tokens: each is got when the one before it would not do. */
export interface Graph {
  /** Graph's own address; nothing outside it is asked. */
  address: string;
  fetch: Surroundings['fetch'];
  /** The person's access token. */
  person: string;
  /** The object id of the person in the tenant. */
  oid: string;
  /** A token of our own application; throws when it cannot be had. */
  application(): Promise<string>;
}

/** For one request (milliseconds). */
const patience = 5000;
/** A page has up to 1000 groups; nobody is in more groups than this. */
const mostPages = 20;

/**
 * Whether Entra left the groups out because they were too many (`_claim_names.groups`, or `hasgroups` of the implicit flow).
 * It is not the same as having none, and matters only where the connection reads groups. Where Entra says to ask
 * (`_claim_sources`, an address of the retired graph.windows.net) is not looked at.
 */
export function isOverage({ groups }: Pick<OidcConnection, 'groups'>, idToken: Claims): boolean {
  if (!groups.includes('groups')) return false;
  const { _claim_names: elsewhere, hasgroups } = idToken;
  const named = typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, 'groups');
  return named || hasgroups === true || hasgroups === 'true';
}

interface Page {
  groups: string[];
  next: string | undefined;
}

async function pageOf(fetch: Surroundings['fetch'], url: string, init: RequestInit): Promise<Page> {
  const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(patience) });
  const body: unknown = await response.json().catch(() => undefined);
  const {
    value,
    error,
    '@odata.nextLink': next,
  }: Claims = typeof body === 'object' && body !== null ? { ...body } : {};
  if (
    response.status !== 200 ||
    !Array.isArray(value) ||
    !value.every((one): one is string => typeof one === 'string')
  ) {
    throw refusal('graph_refused', { came: `status ${response.status}: ${shown(error ?? 'no list')}` });
  }
  return { groups: value, next: next === undefined || next === null ? undefined : String(next) };
}

/** Everything from the first page to the last, as long as Graph stays with itself. */
async function allOf({ fetch, address }: Graph, first: string, token: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  const body = JSON.stringify({ securityEnabledOnly: true });
  let page = await pageOf(fetch, first, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
  });
  const groups = [...page.groups];
  for (let pages = 1; page.next !== undefined; pages += 1) {
    const stays = URL.canParse(page.next) && new URL(page.next).origin === new URL(address).origin;
    if (!stays || pages >= mostPages) {
      throw refusal('graph_refused', {
        came: `next page ${shown(page.next)}`,
        wanted: `at most ${mostPages} of ${address}`,
      });
    }
    page = await pageOf(fetch, page.next, { headers });
    groups.push(...page.groups);
  }
  return [...new Set(groups)];
}

/** All security groups of a person, also through other groups, by Graph's getMemberObjects. Throws `refused` when it cannot ask. */
export async function groupsFromGraph(graph: Graph, trace: Trace): Promise<string[]> {
  const root = `${graph.address.replace(/\/$/, '')}/v1.0`;
  try {
    const groups = await allOf(graph, `${root}/me/getMemberObjects`, graph.person);
    trace.passed('groups from Graph', `${groups.length}, asked with the person’s token`);
    return groups;
  } catch (error) {
    // The person's token is good for Graph only with the right scopes; an application's own rights are the other way.
    if (!(error instanceof Refused)) throw explained(error, 'graph');
    trace.received('Graph’s answer to the person’s token', error.refusal.came);
  }
  try {
    const url = `${root}/users/${encodeURIComponent(graph.oid)}/getMemberObjects`;
    const groups = await allOf(graph, url, await graph.application());
    trace.passed('groups from Graph', `${groups.length}, asked with the application’s own token`);
    return groups;
  } catch (error) {
    throw explained(error, 'graph');
  }
}
