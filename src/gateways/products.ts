/** When what was taken away counts at a gateway that keeps nothing on purpose. */
type Without = 'request' | 'token' | 'cache' | 'minute';

/** What is known of a product besides its configuration. */
interface Product {
  /** As its makers call it. */
  readonly name: string;
  readonly without: Without;
  /** With the kept seconds of its client: it keeps an answer for so long by itself, by the `exp` that it is told, or not at all. */
  readonly kept: 'seconds' | 'exp' | 'same';
  /** The longest that a revoked token still counted (seconds): with no kept seconds, and with five. */
  readonly measured?: { readonly none: number; readonly five?: number };
  /** Whether our tests start the product on the text that is written; `how` is for the table of docs/gateways.md. */
  readonly run: boolean;
  readonly how?: string;
}

const replayed = 'its calls are replayed as far as they are known';

/** Every kind of gateway, with what bounds how long something still counts there that was taken away: told here and nowhere else. */
export const products = {
  nginx: { name: 'NGINX', without: 'request', kept: 'same', measured: { none: 0 }, run: true },
  'nginx-njs': {
    ...{ name: 'NGINX with njs', without: 'request', kept: 'seconds', measured: { none: 0, five: 4.96 } },
    ...{ run: true, how: 'also with 2 kept seconds' },
  },
  apache: {
    ...{ name: 'Apache HTTP Server', without: 'request', kept: 'seconds', measured: { none: 0, five: 4.96 } },
    ...{ run: true, how: 'without kept seconds' },
  },
  envoy: { name: 'Envoy', without: 'request', kept: 'same', measured: { none: 0 }, run: true },
  'envoy-jwt': { name: 'Envoy with jwt_authn', without: 'token', kept: 'same', run: true },
  traefik: { name: 'Traefik', without: 'request', kept: 'same', run: false },
  caddy: { name: 'Caddy', without: 'request', kept: 'same', run: false },
  apisix: { name: 'Apache APISIX', without: 'request', kept: 'seconds', run: false, how: replayed },
  'apisix-forward-auth': { name: 'Apache APISIX with forward-auth', without: 'request', kept: 'same', run: false },
  kong: { name: 'Kong Gateway', without: 'request', kept: 'seconds', run: false, how: replayed },
  krakend: {
    name: 'KrakenD',
    without: 'token',
    kept: 'same',
    run: false,
    how: 'the tokens are checked for what it reads',
  },
  tyk: { name: 'Tyk', without: 'request', kept: 'seconds', run: false, how: replayed },
  gravitee: { name: 'Gravitee', without: 'cache', kept: 'exp', run: false, how: 'its refused calls are replayed' },
  oathkeeper: { name: 'Ory Oathkeeper', without: 'request', kept: 'seconds', run: false, how: replayed },
  spring: { name: 'Spring Security', without: 'request', kept: 'same', run: false, how: 'its call is replayed' },
  mulesoft: { name: 'MuleSoft Anypoint', without: 'token', kept: 'exp', run: false },
  aws: {
    ...{ name: 'Amazon API Gateway', without: 'token', kept: 'same' },
    ...{ run: false, how: 'the tokens are checked for what it reads' },
  },
  apim: { name: 'Azure API Management', without: 'request', kept: 'seconds', run: false, how: replayed },
  'oauth2-proxy': { name: 'oauth2-proxy', without: 'minute', kept: 'seconds', run: true, how: 'with 1 s' },
} as const satisfies Readonly<Record<string, Product>>;

/** How a kind of gateway is called here. */
export type Kind = keyof typeof products;

/** What is known of a kind. */
export const productOf = (kind: Kind): Product => products[kind];

/** How long what was taken away still counts: not at all, for so many seconds at most, until the token ends, or as its own cache says. */
export interface Bound {
  readonly until: 'request' | 'seconds' | 'token' | 'cache';
  /** Seconds at most; of a token its whole life, which is the longest of the APIs. */
  readonly seconds?: number | undefined;
}

/** The bound of a kind with what its client may keep and how long tokens live (seconds). */
export function boundOf(kind: Kind, { keep, ttl }: { keep: number; ttl: number }): Bound {
  const { without, kept } = productOf(kind);
  if (kept !== 'same' && keep > 0) return { until: 'seconds', seconds: keep };
  if (without === 'minute') return { until: 'seconds', seconds: 60 };
  return without === 'token' ? { until: 'token', seconds: ttl } : { until: without };
}

/** Within so many seconds a listener of `GET /gateway/changes` hears that a token was revoked, and that a role was taken away. */
export const streamBound = { token: 1, role: 2 } as const;
