import type Koa from 'koa';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { Log } from '../kernel/log.ts';
import { forMachines } from './headers.ts';

const routes = new Set(
  ['authorize', 'token', 'introspect', 'revoke', 'userinfo', 'jwks', 'register', 'par', 'device', 'ciba', 'logout']
    .map((name) => `/oauth2/${name}`)
    .concat('/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/gateway/authorize'),
);

const areas = [
  '/oauth2/authorize',
  '/oauth2/register',
  '/oauth2/logout',
  '/signin',
  '/device',
  '/federation',
  '/account',
  '/gateway',
];
const moreAreas = [
  '/access',
  '/scim',
  '/setup',
  '/ssf',
  '/assets',
  '/language',
  '/.well-known',
  '/oauth2/tokeninfo',
  '/validate',
  '/as/token.oauth2',
];
const resources = new Set(
  `clients registrars apis roles groups users organizations assignments connections tiers sessions keys audit-events
  webhooks streams access overview`.split(/\s+/),
);

/** The route template of a path, from a closed list: whoever asks for addresses we do not have adds no series. */
function template(path: string): string {
  const [, resource = ''] = /^\/admin\/api\/v1\/([a-z-]+)/.exec(path) ?? [];
  if (resources.has(resource)) return `/admin/api/v1/${resource}`;
  if (path.startsWith('/gateway/authorize/')) return '/gateway/authorize';
  if (path === '/admin' || path.startsWith('/admin/')) return '/admin/*';
  const area = [...areas, ...moreAreas].find((one) => path === one || path.startsWith(`${one}/`));
  return area === undefined ? 'none' : `${area}/*`;
}

/**
 * A path as it may stand in the log: the id of a sign-in under way is worth a cookie, a link from a mail a password, and
 * what a gateway asks about is another server's to log.
 */
export const loggedPath = (path: string): string =>
  path.replace(
    /^(\/signin|\/device|\/(?:oauth2|gateway)\/authorize|\/account\/(?:reset|email)|\/setup\/link)\/.+/,
    '$1/*',
  );

const grants: Record<string, string> = {
  authorization_code: 'authorization_code',
  client_credentials: 'client_credentials',
  refresh_token: 'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code': 'device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange': 'token_exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer': 'jwt_bearer',
  'urn:ietf:params:oauth:grant-type:saml2-bearer': 'saml2_bearer',
  'urn:openid:params:grant-type:ciba': 'ciba',
};

type Tally = () => void;
type Observe = (seconds: number) => void;

/** The first stands for every method that is not in the list. */
const methods = ['other', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Handles of a metric are looked up once and kept: looking them up at each request costs as much as counting. */
function tallies(make: (key: string) => Tally): (key: string) => void {
  const kept = new Map<string, Tally>();
  return (key) => {
    let tally = kept.get(key);
    if (tally === undefined) {
      tally = make(key);
      kept.set(key, tally);
    }
    tally();
  };
}

/** What this process counts. Every label has a closed set of values. */
export class Metrics {
  readonly #registry = new Registry();
  #watching = false;
  readonly #durations = new Map<string, Observe[]>();
  readonly #duration = new Histogram({
    name: 'sallyport_http_request_duration_seconds',
    help: 'Requests by route template, method and class of status',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.#registry],
  });

  /** An access token was issued. */
  readonly tokenIssued: (grant: string, format: 'opaque' | 'jwt') => void;
  /** An introspection was answered (`refused`: the caller was not let in). */
  readonly introspected: (result: 'active' | 'inactive' | 'refused') => void;
  /** A gateway asked whether a request may pass, and was answered by this status. */
  readonly asked: (status: number) => void;
  /** An answer had to be 5xx or 429: `unavailable` (the store), `overloaded`, `server_error` (a bug) … */
  readonly failed: (code: string) => void;

  /** `alsoIssued` hears of every access token, too. */
  constructor(alsoIssued: () => void = () => {}) {
    const counter = (name: string, help: string, ...labelNames: string[]) =>
      new Counter({ name: `sallyport_${name}_total`, help, labelNames, registers: [this.#registry] });
    const tokens = counter('tokens_issued', 'Access tokens issued, by grant and format', 'grant', 'format');
    const introspections = counter('introspections', 'Introspections by result', 'result');
    const faults = counter('faults', 'Answers that failed on our side, by kind; unavailable is the store', 'kind');
    const known = ['unavailable', 'overloaded', 'server_error'];
    for (const kind of known) faults.inc({ kind }, 0);

    const issue = { opaque: this.#byGrant(tokens, 'opaque'), jwt: this.#byGrant(tokens, 'jwt') };
    this.tokenIssued = (grant, format) => {
      issue[format](grants[grant] ?? 'other');
      alsoIssued();
    };
    const count = tallies((result) => {
      const handle = introspections.labels(result);
      return () => handle.inc();
    });
    this.introspected = count;
    const questions = counter(
      'gateway_requests',
      'Requests at gateways that asked for a decision, by status',
      'status',
    );
    const decided = tallies((status) => {
      const handle = questions.labels(status);
      return () => handle.inc();
    });
    this.asked = (status) => decided(String(status));
    this.failed = (code) => faults.inc({ kind: known.includes(code) ? code : 'other' });
  }

  #byGrant(tokens: Counter, format: string): (grant: string) => void {
    return tallies((grant) => {
      const handle = tokens.labels(grant, format);
      return () => handle.inc();
    });
  }

  /** One request was answered. */
  answered(path: string, method: string, status: number, seconds: number): void {
    // The template of a path that is one itself needs no looking for, and these are the paths that are called most.
    const route = routes.has(path) ? path : template(path);
    const kept = this.#durations.get(route) ?? this.#keep(route);
    const verb = Math.max(0, methods.indexOf(method));
    const kind = Math.floor(status / 100);
    const index = verb * 6 + kind;
    let observe = kept[index];
    if (observe === undefined) {
      const handle = this.#duration.labels(route, methods[verb] ?? '', `${kind}xx`);
      observe = (value) => handle.observe(value);
      kept[index] = observe;
    }
    observe(seconds);
  }

  #keep(route: string): Observe[] {
    const kept: Observe[] = [];
    this.#durations.set(route, kept);
    return kept;
  }

  /** Adds memory, CPU, garbage collection and event-loop delay of the process; done where metrics are served. */
  watchProcess(): void {
    if (this.#watching) return;
    this.#watching = true;
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Everything in the text format of Prometheus. */
  async text(): Promise<{ type: string; body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}

/** What is told of a request that was answered; `ms` is how long that took. */
interface Answered {
  requestId: string;
  ip: string;
  method: string;
  path: string;
  status: number;
  ms: number;
}

/** Counts and times an answered request and writes its line of log. */
export type Meter = (answered: Answered) => void;

/**
 * Makes the meter of this process. One line of log for each request (`info` for pages, `debug` for the calls of programs,
 * of which there are thousands a second; none with `requests` false). Never the query: it may hold secrets.
 */
export function meter(metrics: Metrics, log: Log, requests = true): Meter {
  return ({ requestId, ip, method, path, status, ms }) => {
    metrics.answered(path, method, status, ms / 1000);
    if (!requests) return;
    const level = forMachines(path) || path.startsWith('/assets/') ? 'debug' : 'info';
    if (!log.isLevelEnabled(level)) return;
    log[level]({ requestId, ip, method, path: loggedPath(path), status, ms: Math.round(ms * 10) / 10 }, 'answered');
  };
}

/** Stands before everything else and meters each request. */
export function measured(meter: Meter): Koa.Middleware {
  return async (ctx, next) => {
    const began = performance.now();
    const { path, method } = ctx;
    await next();
    const { requestId, ip } = ctx.state;
    meter({ requestId, ip, method, path, status: ctx.res.statusCode, ms: performance.now() - began });
  };
}
