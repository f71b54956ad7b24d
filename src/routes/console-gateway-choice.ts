import type { Context } from 'koa';
import type { z } from 'zod';
import type { ObstacleView } from '../../views/admin/gateways.ts';
import { isBuiltIn } from '../directory/built-in.ts';
import {
  type GatewayApi,
  type GatewayClient,
  guardedByDefault,
  type Obstacle,
  obstaclesOfApis,
  obstaclesOfClient,
} from '../gateways/fitness.ts';
import { listOf } from '../http/paging.ts';
import { missing } from '../kernel/errors.ts';
import type { Html } from '../kernel/html.ts';
import { parameter } from './account-list.ts';
import { apiReply } from './api-document.ts';
import { clientWithUse } from './client-document.ts';
import { type ConsoleVisit, consoleAt } from './console-page.ts';
import { kindsReply } from './gateway-document.ts';

/** A kind of gateway as the admin API tells it. */
export type Kind = z.output<typeof kindsReply>['items'][number];
type Api = z.output<typeof apiReply>;

/** All kinds. */
export const kindsOf = async (visit: ConsoleVisit): Promise<Kind[]> =>
  (await visit.read('listGatewayKinds', kindsReply)).items;

/** The kind of this address. Throws `missing`. */
export async function kindOf(visit: ConsoleVisit): Promise<Kind> {
  const { kind = '' } = visit.params;
  const found = (await kindsOf(visit)).find((one) => one.kind === kind);
  if (!found) throw missing(`The kind of gateway ${kind}`);
  return found;
}

/** What a configuration is wanted for, as it stands in the address. */
export interface Wanted {
  client?: string | undefined;
  apis: string[];
  upstream?: string | undefined;
  reach?: string | undefined;
  ca?: string | undefined;
  port?: string | undefined;
  /** A part of the id or name of the clients to choose from. */
  q?: string | undefined;
}

/** What an address wants. */
export function wantedIn(ctx: Context): Wanted {
  const [upstream, reach, ca, port] = ['upstream', 'reach', 'ca', 'port'].map((name) => parameter(ctx, name)?.trim());
  const q = parameter(ctx, 'q')?.slice(0, 200);
  const apis = [ctx.query.api ?? []].flat().filter((one) => one !== '');
  return { client: parameter(ctx, 'client'), apis, upstream, reach, ca, port, q };
}

/** The same as the end of an address, with more. */
export function queryOf({ apis, ...single }: Wanted, more: Readonly<Record<string, string>> = {}): string {
  const all = Object.entries({ ...single, ...more }).flatMap(([name, value]) => (value ? [[name, value]] : []));
  return new URLSearchParams([...all, ...apis.map((api) => ['api', api])] as [string, string][]).toString();
}

/** A client that could be the gateway, and what it lacks. */
interface Candidate {
  id: string;
  name: string;
  obstacles: readonly Obstacle[];
}

/** What there is to choose from. */
export interface Offer {
  apis: Api[];
  /** Those that are not fit for any gateway of this kind, and why. */
  apiObstacles: readonly Obstacle[];
  candidates: Candidate[];
  /** There are more than are shown. */
  more: boolean;
}

/** So many are looked through; a part of a name finds the others. */
const most = 500;

/** The clients and APIs of this server, with what keeps each client from being a gateway of this kind. */
export async function offerOf(visit: ConsoleVisit, kind: Kind, { client, apis: named, q }: Wanted): Promise<Offer> {
  const limit = { limit: most };
  const [{ items: all }, { items, next }] = await Promise.all([
    visit.read('listApis', listOf(apiReply), { query: limit }),
    visit.read('listClients', listOf(clientWithUse), { query: { ...limit, q } }),
  ]);
  const apis = all.filter(({ id }) => !isBuiltIn(id));
  const asking = { asks: kind.asks, everyApi: kind.every_api, rsaOnly: kind.rsa_only };
  const known = apis.map(asGuarded);
  const chosen = known.filter(({ audience }) => named.includes(audience));
  const guarded = (one: Pick<GatewayClient, 'introspects'>) =>
    chosen.length > 0 ? chosen : guardedByDefault(asking, one, known);
  const missed =
    client === undefined || items.some(({ id }) => id === client)
      ? []
      : [await visit.read('getClient', clientWithUse, { params: { id: client } })];
  return {
    apis,
    apiObstacles: obstaclesOfApis(asking, guarded({ introspects: 'all' })),
    candidates: [...missed, ...items].map((one) => ({
      ...{ id: one.id, name: one.client_name },
      obstacles: obstaclesOfClient(asking, asCaller(one), guarded(one)),
    })),
    more: next !== null || q !== undefined,
  };
}

const asGuarded = ({ id, token_format: tokenFormat, signing_alg: signingAlg, routes }: Api): GatewayApi => ({
  ...{ audience: id, tokenFormat, signingAlg },
  routed: routes.length > 0,
});

const asCaller = (one: z.output<typeof clientWithUse>): GatewayClient => ({
  ...{ id: one.id, state: one.state, introspects: one.introspects },
  auth: one.token_endpoint_auth_method,
  grants: one.grant_types ?? [],
  redirects: one.redirect_uris ?? [],
});

/** What is in the way, in the words of the console, with the page on which it is changed if this person may open it. */
export function obstacleView(visit: ConsoleVisit, id: string, obstacle: Obstacle): ObstacleView {
  const { say } = visit.frame;
  const at = (operation: string, rest: string, text: Html): Pick<ObstacleView, 'way'> =>
    visit.may(operation) ? { way: { href: `${consoleAt('applications', id)}${rest}`, text } } : {};
  switch (obstacle.what) {
    case 'state':
      return stateView(visit, obstacle.state, at);
    case 'introspects':
      return {
        text: say('console.gateways.lacks.introspects'),
        ...at('changeClient', '/gateway', say('console.gateways.lacks.introspects.deed')),
      };
    case 'secret':
      return { text: say('console.gateways.lacks.secret') };
    case 'redirect':
      return { text: say('console.gateways.lacks.redirect'), ...at('changeClient', '/edit', say('console.edit')) };
    case 'no-jwt':
      return { text: say('console.gateways.lacks.jwt'), ...atApi(visit) };
    case 'opaque':
      return { text: say('console.gateways.lacks.opaque', { api: obstacle.audience }), ...atApi(visit, obstacle) };
    case 'algorithm':
      return { text: say('console.gateways.lacks.algorithm', { api: obstacle.audience }), ...atApi(visit, obstacle) };
  }
}

/** Where an API is changed, or all are listed. */
const atApi = (visit: ConsoleVisit, { audience }: { audience?: string } = {}): Pick<ObstacleView, 'way'> =>
  visit.may('changeApi')
    ? {
        way: {
          href: consoleAt('access', 'apis', ...(audience === undefined ? [] : [audience])),
          text: visit.frame.say('console.gateways.lacks.api.deed'),
        },
      }
    : {};

function stateView(
  { frame: { say } }: ConsoleVisit,
  state: string,
  at: (operation: string, rest: string, text: Html) => Pick<ObstacleView, 'way'>,
): ObstacleView {
  if (state === 'pending')
    return {
      text: say('console.gateways.lacks.pending'),
      ...at('approveClient', '/approve', say('console.applications.approve')),
    };
  if (state === 'suspended')
    return {
      text: say('console.gateways.lacks.suspended'),
      ...at('resumeClient', '/resume', say('console.applications.resume')),
    };
  return { text: say('console.gateways.lacks.ended') };
}
