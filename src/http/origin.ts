import type Koa from 'koa';

/** Where a Host value leads: to the public service, to the machine endpoints inside a private network, or nowhere. */
export interface Hosts {
  place(host: string | undefined): 'public' | 'inside' | undefined;
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The Host values that are answered: the issuer's, the other names of this machine when it is one of them, and internal ones. */
export function hosts(issuer: URL, internal: readonly string[]): Hosts {
  const port = issuer.port || (issuer.protocol === 'https:' ? '443' : '80');
  const names = loopback.has(issuer.hostname) ? [...loopback] : [issuer.hostname];
  const open = new Set(names.map((name) => `${name}:${port}`));
  if (issuer.port === '') for (const name of names) open.add(name);
  const inside = new Set(internal.map((host) => host.toLowerCase()));
  return {
    place(host) {
      const name = host?.toLowerCase() ?? '';
      if (open.has(name)) return 'public';
      return inside.has(name) ? 'inside' : undefined;
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
