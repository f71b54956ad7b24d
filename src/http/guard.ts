import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type Koa from 'koa';
import { problem } from '../kernel/errors.ts';
import { attempts, type FailureLimits } from './attempts.ts';
import { forMachines, securityHeaders } from './headers.ts';
import { boundedBody, InFlight } from './limits.ts';
import { hosts, pinOrigin } from './origin.ts';
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
}

/** Bounds of one request and of all together. */
export interface EdgeLimits extends FailureLimits {
  /** Bytes of a body: at protocol endpoints and pages, at callbacks (SAML), and at the admin API. */
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

/**
 * The first middleware after `problems`: says who is calling (`ctx.state.ip`) and names the request
 * (`ctx.state.requestId`), refuses what is not meant for us or is too much, and puts the security headers on. It also
 * pins scheme and host of every URL the app builds to the issuer's, whatever headers say (see origin.ts).
 */
export function guard(app: Koa, settings: EdgeSettings): Koa.Middleware {
  const limits = { ...defaults, ...settings.limits };
  const issuer = new URL(settings.issuer);
  const served = hosts(issuer, settings.internalHosts ?? []);
  const proxies = new Proxies(settings.trustedProxies);
  const secure = issuer.protocol === 'https:';
  const protect = securityHeaders(secure);
  const inFlight = new InFlight(limits.inFlight);
  const failed = attempts(limits);
  const certificateHeader = settings.clientCertificateHeader?.toLowerCase();
  pinOrigin(app, issuer, served);

  /** Reads what a trusted proxy says, and removes what anybody else says, so that no code behind can believe it. */
  function origin(ctx: Koa.Context, path: string): { host: string | undefined; https: boolean } {
    const { headers, socket } = ctx.req;
    const peer = socket.remoteAddress ?? '';
    if (!proxies.trusts(peer)) {
      ctx.state.ip = plain(peer);
      ctx.state.requestId = randomUUID();
      forget(headers, path, certificateHeader);
      return { host: headers.host, https: false };
    }
    const given = nearest(headers['x-request-id']);
    ctx.state.ip = proxies.client(peer, headers['x-forwarded-for']?.toString());
    ctx.state.requestId = given !== undefined && requestId.test(given) ? given : randomUUID();
    // At /gateway/ X-Forwarded-Host is the question (the host of the API that is guarded), not our own name.
    const host = path.startsWith('/gateway/') ? undefined : nearest(headers['x-forwarded-host']);
    const ours = host === undefined && served.behindProxy(headers.host);
    return {
      host: ours ? issuer.host : (host ?? headers.host),
      https: nearest(headers['x-forwarded-proto']) === 'https',
    };
  }

  function admit(ctx: Koa.Context, path: string, from: { host: string | undefined; https: boolean }): void {
    const { req, res } = ctx;
    if (!methods.has(req.method ?? '')) {
      res.setHeader('Allow', [...methods].join(', '));
      throw wrongMethod(ctx.method);
    }
    if (ctx.originalUrl.length > limits.url) throw longAddress(limits.url);
    if (req.rawHeaders.length > limits.headers * 2) throw manyHeaders(limits.headers);
    const place = served.place(from.host);
    if (place === undefined || !ctx.originalUrl.startsWith('/')) throw misdirected();
    if (place === 'inside' && !forMachines(path)) throw misdirected();
    if (place === 'public' && secure && !from.https) throw plainHttp();
    if (req.url?.includes('?') && ctx.query.access_token !== undefined) throw tokenInAddress();
  }

  const bodyLimit = (path: string): number => {
    if (path.startsWith('/federation/')) return limits.callbackBody;
    return path.startsWith('/admin/') ? limits.adminBody : limits.body;
  };

  return async (ctx, next) => {
    const { req, res, path } = ctx;
    const from = origin(ctx, path);
    res.setHeader('X-Request-ID', ctx.state.requestId);
    ctx.request.ip = ctx.state.ip;
    protect(res, path);
    admit(ctx, path, from);
    failed.refuse(ctx, path);
    const overflow = boundedBody(req, bodyLimit(path));
    inFlight.enter(req);
    try {
      await (overflow ? Promise.race([next(), overflow]) : next());
    } catch (error) {
      if (error instanceof Error && 'status' in error && error.status === 401) ctx.status = 401;
      failed.count(ctx, path);
      throw error;
    } finally {
      inFlight.leave(req);
    }
    failed.count(ctx, path);
  };
}

function forget(headers: IncomingMessage['headers'], path: string, certificateHeader: string | undefined): void {
  if (certificateHeader !== undefined) delete headers[certificateHeader];
  if (path.startsWith('/gateway/')) return;
  for (const name of forwarding) if (headers[name] !== undefined) delete headers[name];
}
