import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import { problem } from '../kernel/errors.ts';
import { Attempts, type FailureLimits } from './attempts.ts';
import { forMachines, type Headers, securityHeaders } from './headers.ts';
import { boundedBody, InFlight } from './limits.ts';
import { type Hosts, hosts } from './origin.ts';
import { asksAboutAnother, asksByPath } from './original.ts';
import { nearest, Proxies, plain } from './proxies.ts';

/** What the edge has to know. */
export interface EdgeSettings {
  /** The public URL; its host is the only one that is answered, and its scheme the only one. */
  issuer: string;
  /** Addresses and CIDR ranges whose X-Forwarded-* count. */
  trustedProxies: readonly string[];
  /** Further Host values under which programs (never browsers) may call, plain http included: names inside a private network. */
  internalHosts?: readonly string[] | undefined;
  /** The header in which a trusted proxy hands on a client certificate; removed when anybody else sends it. */
  clientCertificateHeader?: string | undefined;
  limits?: Partial<EdgeLimits> | undefined;
  /** Paths at which an access token may stand in the address all the same: policies of old gateways know nothing else. */
  tokensInAddress?: readonly string[] | undefined;
}

/** Bounds of one request and of all together. */
export interface EdgeLimits extends FailureLimits {
  /** Bytes of a body: at protocol endpoints and pages, at callbacks (SAML), and where administrators send documents (admin, SCIM, set-up). */
  body: number;
  callbackBody: number;
  adminBody: number;
  /** Characters of the address (path and query). */
  url: number;
  /** Header lines. */
  headers: number;
  /** Requests in work at the same time. */
  inFlight: number;
}

const defaults: EdgeLimits = {
  body: 56 * 1024,
  callbackBody: 256 * 1024,
  adminBody: 1024 * 1024,
  url: 8192,
  headers: 100,
  inFlight: 1000,
  failuresPerClient: { burst: 100, perSecond: 1 },
  failuresPerAddress: { burst: 1000, perSecond: 10 },
};

/** The method is not one that is used here. */
export const wrongMethod = problem('wrong_method', 405, (method: string) => `${method} is not answered here`);

const longAddress = problem('long_address', 414, (limit: number) => `The address may have at most ${limit} characters`);
const manyHeaders = problem('many_headers', 431, (limit: number) => `The request may have at most ${limit} headers`);
const misdirected = problem('wrong_host', 421, () => 'This host is not served here; use the host of the issuer');
const plainHttp = problem(
  'plain_http',
  400,
  () =>
    'This service is used over https; the proxy that ends TLS must be listed in SALLYPORT_TRUSTED_PROXIES and send X-Forwarded-Proto: https',
);
/** RFC 9700 §4.3.2: an address ends up in logs and histories. */
const tokenInAddress = problem(
  'invalid_request',
  400,
  () => 'Send the access token in the Authorization header, not in the address',
);

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const requestId = /^[\w.:-]{8,128}$/;
const forwarding = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
] as const;

/** Who is calling, and by which name and scheme, as far as that can be believed. */
export interface Visit {
  path: string;
  ip: string;
  requestId: string;
  host: string | undefined;
  https: boolean;
}

/** What every request is held against before anything else looks at it; both ways in share one (guard.ts, short-way.ts). */
export class Edge {
  readonly issuer: URL;
  readonly hosts: Hosts;
  readonly inFlight: InFlight;
  readonly attempts: Attempts;
  /** The security headers that fit a path. */
  readonly headersFor: (path: string) => Headers;
  readonly #limits: EdgeLimits;
  readonly #proxies: Proxies;
  readonly #certificateHeader: string | undefined;
  readonly #tokensInAddress: readonly string[];

  constructor(settings: EdgeSettings) {
    this.#limits = { ...defaults, ...settings.limits };
    this.issuer = new URL(settings.issuer);
    this.hosts = hosts(this.issuer, settings.internalHosts ?? []);
    this.inFlight = new InFlight(this.#limits.inFlight);
    this.attempts = new Attempts(this.#limits);
    this.headersFor = securityHeaders(this.#secure);
    this.#proxies = new Proxies(settings.trustedProxies);
    this.#certificateHeader = settings.clientCertificateHeader?.toLowerCase();
    this.#tokensInAddress = settings.tokensInAddress ?? [];
  }

  /** Reads what a trusted proxy says, and removes what anybody else says, so that no code behind can believe it. */
  visit({ headers, socket }: IncomingMessage, path: string): Visit {
    const peer = socket.remoteAddress ?? '';
    if (!this.#proxies.trusts(peer)) {
      forget(headers, path, this.#certificateHeader);
      return { path, ip: plain(peer), requestId: randomUUID(), host: headers.host, https: false };
    }
    const given = nearest(headers['x-request-id']);
    // At /gateway/ X-Forwarded-Host is the question (the host of the API that is guarded), not our own name.
    const host = path.startsWith('/gateway/') ? undefined : nearest(headers['x-forwarded-host']);
    const ours = host === undefined && this.hosts.behindProxy(headers.host);
    return {
      path,
      ip: this.#proxies.client(peer, headers['x-forwarded-for']?.toString()),
      requestId: given !== undefined && requestId.test(given) ? given : randomUUID(),
      host: ours ? this.issuer.host : (host ?? headers.host),
      https: nearest(headers['x-forwarded-proto']) === 'https',
    };
  }

  /** Refuses what is not meant for us, is too much, or comes from a client that has failed too often. Throws a Problem. */
  admit(request: IncomingMessage, response: ServerResponse, visit: Visit): void {
    const { method = '', url = '', rawHeaders, headers } = request;
    if (!methods.has(method) && !asksAboutAnother(visit.path)) {
      response.setHeader('Allow', [...methods].join(', '));
      throw wrongMethod(method);
    }
    if (url.length > this.#limits.url) throw longAddress(this.#limits.url);
    if (rawHeaders.length > this.#limits.headers * 2) throw manyHeaders(this.#limits.headers);
    // Where the path of a question is asked about, so is its Host (http/original.ts); no URL that we build follows it.
    const place = this.hosts.place(visit.host) ?? (asksByPath(visit.path) ? 'inside' : undefined);
    if (place === undefined || !url.startsWith('/')) throw misdirected();
    if (place === 'inside' && !forMachines(visit.path)) throw misdirected();
    if (place === 'public' && this.#secure && !visit.https) throw plainHttp();
    const query = url.indexOf('?');
    if (query !== -1 && !this.#tokensInAddress.includes(visit.path)) {
      if (parse(url.slice(query + 1)).access_token !== undefined) throw tokenInAddress();
    }
    this.attempts.refuse(visit, headers.authorization);
  }

  /** Refuses a body by its headers; answers a promise that rejects when one of unknown length grows too long. */
  boundBody(request: IncomingMessage, path: string): Promise<never> | undefined {
    return boundedBody(request, { limit: this.#bodyLimit(path), read: !asksAboutAnother(path) });
  }

  get #secure(): boolean {
    return this.issuer.protocol === 'https:';
  }

  #bodyLimit(path: string): number {
    if (path.startsWith('/federation/')) return this.#limits.callbackBody;
    return /^\/(?:admin|scim|setup)\//.test(path) ? this.#limits.adminBody : this.#limits.body;
  }
}

function forget(headers: IncomingMessage['headers'], path: string, certificateHeader: string | undefined): void {
  if (certificateHeader !== undefined) delete headers[certificateHeader];
  if (path.startsWith('/gateway/')) return;
  for (const name of forwarding) if (headers[name] !== undefined) delete headers[name];
}
