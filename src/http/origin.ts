import type Koa from 'koa';

/** Where a Host value leads: to the public service, to the machine endpoints inside a private network, or nowhere. */
export interface Hosts {
  place(host: string | undefined): 'public' | 'inside' | undefined;
  /** Whether a trusted proxy that hands on no other name may use this one for us: our address on its side. */
  behindProxy(host: string | undefined): boolean;
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);
const withoutPort = (host: string): string => host.replace(/:\d+$/, '');

/**
 * The Host values that are answered: the issuer's, and internal ones. An issuer on this machine (development) is reached
 * by all names of this machine and on any port, since several processes may share it.
 */
export function hosts(issuer: URL, internal: readonly string[]): Hosts {
  const port = issuer.port || (issuer.protocol === 'https:' ? '443' : '80');
  const local = loopback.has(issuer.hostname);
  const open = new Set([`${issuer.hostname}:${port}`, ...(issuer.port === '' ? [issuer.hostname] : [])]);
  const inside = new Set(internal.map((host) => host.toLowerCase()));
  return {
    place(host) {
      const name = host?.toLowerCase() ?? '';
      if (open.has(name) || (local && loopback.has(withoutPort(name)))) return 'public';
      return inside.has(name) ? 'inside' : undefined;
    },
    behindProxy(host) {
      const name = withoutPort(host?.toLowerCase() ?? '');
      return loopback.has(name) || /^\[[\da-f:.]+\]$|^\d+(?:\.\d+){3}$/.test(name);
    },
  };
}

/**
 * Makes every URL the app builds, and the Secure mark of cookies, follow the issuer instead of headers. It is done on
 * Koa's request prototype because oidc-provider makes contexts of its own, which no middleware ever sees; `app.proxy`
 * stays false, so Koa itself reads no forwarded header. It is sound because the guard lets no request through whose
 * host and scheme are others. On a loopback issuer the name that was used stays (cookies belong to that name).
 */
export function pinOrigin(app: Koa, issuer: URL, served: Hosts): void {
  const keepsName = loopback.has(issuer.hostname);
  const protocol = issuer.protocol.slice(0, -1);
  Object.defineProperty(app.request, 'protocol', { get: () => protocol, configurable: true });
  Object.defineProperty(app.request, 'host', {
    get(this: Koa.Request) {
      const { host } = this.req.headers;
      return keepsName && host !== undefined && served.place(host) === 'public' ? host : issuer.host;
    },
    configurable: true,
  });
}

/** Our own origin as this caller knows it (Koa's `ctx.origin` is the header of that name, which anybody may send). */
export const ownOrigin = (ctx: Koa.Context): string => `${ctx.protocol}://${ctx.host}`;

/**
 * Whether a form was sent from one of our own pages. Sec-Fetch-Site decides where the browser sends it (all do over
 * https since 2023), otherwise Origin; callers that send neither are no browsers and carry nobody's cookies by accident.
 */
export function sameOrigin(ctx: Koa.Context): boolean {
  const site = ctx.req.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || (site === 'none' && ctx.method === 'GET');
  const { origin } = ctx.req.headers;
  if (origin === undefined) return true;
  // Our pages send no referrer, and that makes Origin "null". Over plain http browsers send no Sec-Fetch-Site to tell it apart.
  return origin === ownOrigin(ctx) || (origin === 'null' && ctx.protocol === 'http');
}
