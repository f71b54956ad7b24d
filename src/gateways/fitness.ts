import type { Asks, Guarded } from './guide.ts';

/** A kind of gateway as far as it matters here. */
export interface Asking {
  readonly asks: Asks;
  readonly everyApi?: boolean | undefined;
  readonly rsaOnly?: boolean | undefined;
}

/** A client as far as it matters to a gateway. */
export interface GatewayClient {
  readonly id: string;
  readonly state: string;
  /** The audiences whose tokens it may introspect. */
  readonly introspects: 'all' | readonly string[];
  /** How it proves itself: `token_endpoint_auth_method`. */
  readonly auth?: string | undefined;
  readonly grants: readonly string[];
  readonly redirects: readonly string[];
}

/** An API as far as it matters before a configuration is written. */
export type GatewayApi = Pick<Guarded, 'audience' | 'tokenFormat' | 'signingAlg'> & { readonly routed: boolean };

/** What has to change before a gateway can work. */
export type Obstacle =
  | { readonly what: 'state'; readonly state: string }
  /** The audiences that it needs to introspect. */
  | { readonly what: 'introspects'; readonly wanted: readonly string[] }
  | { readonly what: 'secret' }
  | { readonly what: 'redirect' }
  /** No API with routes has JWTs. */
  | { readonly what: 'no-jwt' }
  | { readonly what: 'opaque'; readonly audience: string }
  | { readonly what: 'algorithm'; readonly audience: string };

/** The APIs that a gateway guards when none is named: all with routes that it may see, where it has to, or whose tokens it can read. */
export const guardedByDefault = <T extends GatewayApi>(
  { asks }: Asking,
  { introspects }: Pick<GatewayClient, 'introspects'>,
  apis: readonly T[],
): T[] =>
  apis.filter(
    ({ audience, routed, tokenFormat }) =>
      routed &&
      (asks !== 'introspection' || introspects === 'all' || introspects.includes(audience)) &&
      (asks !== 'jwt' || tokenFormat === 'jwt'),
  );

/** What keeps this client from being a gateway of this kind for these APIs, in the order in which it is best mended. */
export function obstaclesOfClient(guide: Asking, client: GatewayClient, apis: readonly GatewayApi[]): Obstacle[] {
  const { state, introspects, auth = '', grants, redirects } = client;
  const found: Obstacle[] = state === 'approved' ? [] : [{ what: 'state', state }];
  if (guide.asks === 'introspection') {
    const wanted = unseen(guide, introspects, apis);
    if (wanted.length > 0) found.push({ what: 'introspects', wanted });
    if (!auth.startsWith('client_secret_')) found.push({ what: 'secret' });
  }
  const signsIn = redirects.length > 0 && grants.includes('authorization_code');
  return guide.asks === 'sign-in' && !signsIn ? [...found, { what: 'redirect' }] : found;
}

function unseen(
  { everyApi }: Asking,
  introspects: GatewayClient['introspects'],
  apis: readonly GatewayApi[],
): readonly string[] {
  if (introspects === 'all') return [];
  const more = apis.map(({ audience }) => audience).filter((audience) => !introspects.includes(audience));
  if (!everyApi && introspects.length > 0 && more.length === 0) return [];
  return everyApi || more.length === 0 ? ['all'] : [...introspects, ...more];
}

/** What keeps these APIs from being guarded by a gateway of this kind, whichever client it is. */
export function obstaclesOfApis({ asks, rsaOnly }: Asking, apis: readonly GatewayApi[]): Obstacle[] {
  if (asks !== 'jwt') return [];
  if (apis.length === 0) return [{ what: 'no-jwt' }];
  return apis.flatMap(({ audience, tokenFormat, signingAlg }): Obstacle[] => {
    if (tokenFormat !== 'jwt') return [{ what: 'opaque', audience }];
    return rsaOnly && signingAlg !== 'RS256' ? [{ what: 'algorithm', audience }] : [];
  });
}
