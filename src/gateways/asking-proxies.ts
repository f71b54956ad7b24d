import {
  authHeaders,
  authorizeUrl,
  cleared,
  comment,
  type Deployment,
  endpoint,
  type Guide,
  hostName,
} from './guide.ts';
import { hostsOf } from './nginx.ts';
import { notes } from './notes.ts';

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

const router = (host: string | undefined, index: number): string => `    api-${index + 1}:
      rule: ${host === undefined ? 'PathPrefix(`/`)' : `Host(\`${hostName(host)}\`)`}
      middlewares: [sallyport]
      service: api`;

/** Traefik with `forwardAuth` (dynamic configuration, file provider). */
export const traefik: Guide = {
  kind: 'traefik',
  about: 'Traefik (≥ 3) with the middleware forwardAuth asks /gateway/authorize before each request',
  asks: 'forward-auth',
  files: (deployment) => [
    {
      name: 'sallyport.yaml',
      text: `${comment('#', [
        ...notes(traefik, deployment),
        'Place: in the directory of the file provider. As labels: traefik.http.middlewares.sallyport.forwardauth.address=… and so on.',
        'Traefik writes X-Forwarded-Method, -Host and -Uri itself; leave forwardedHeaders.insecure and trustForwardHeader off.',
      ])}
http:
  middlewares:
    sallyport:
      forwardAuth:
        address: ${authorizeUrl(deployment)}
        # Nothing else of the caller goes along.
        authRequestHeaders: [Authorization, DPoP]
        # Every header that fits is taken from the caller before those of the answer are set.
        authResponseHeadersRegex: "^X-Auth-"
        maxResponseBodySize: 65536
        preserveRequestMethod: false
  routers:
${hostsOf(deployment).map(router).join('\n')}
  services:
    api:
      loadBalancer:
        servers:
          - url: ${deployment.upstream.origin}
`,
    },
  ],
};

const site = (
  deployment: Deployment,
  host: string | undefined,
): string => `http://${host === undefined ? '' : hostName(host)}:${deployment.port} {
	# route keeps this order; without it Caddy would remove the headers after they were set.
	route {
		request_header -X-Auth-*
		forward_auth ${new URL(deployment.reach).origin} {
			uri /gateway/authorize
			header_up Host {upstream_hostport}
			header_up -X-Original-*
			copy_headers ${authHeaders.join(' ')}
		}
		reverse_proxy ${deployment.upstream.origin}
	}
}`;

/** Caddy with `forward_auth`. */
export const caddy: Guide = {
  kind: 'caddy',
  about: 'Caddy (≥ 2.5.1) with forward_auth asks /gateway/authorize before each request',
  asks: 'forward-auth',
  files: (deployment) => [
    {
      name: 'Caddyfile',
      text: `${comment('#', [
        ...notes(caddy, deployment),
        'Caddy writes X-Forwarded-Method, -Host and -Uri itself; set no trusted_proxies that callers can come from.',
        'With a site address without http:// Caddy gets a certificate for it.',
      ])}
${hostsOf(deployment)
  .map((host) => site(deployment, host))
  .join('\n\n')}
`,
    },
  ],
};

/** APISIX with `forward-auth` (standalone mode). */
export const apisixForwardAuth: Guide = {
  kind: 'apisix-forward-auth',
  about: 'Apache APISIX with forward-auth asks /gateway/authorize before each request',
  asks: 'forward-auth',
  files: (deployment) => [
    {
      name: 'apisix.yaml',
      text: `${comment('#', [...notes(apisixForwardAuth, deployment), 'Place: conf/apisix.yaml (standalone mode); the plugins object is the same in the Admin API.'])}
upstreams:
  - id: service
    type: roundrobin
    scheme: ${endpoint(deployment.upstream).tls ? 'https' : 'http'}
    nodes: { "${endpoint(deployment.upstream).host}:${endpoint(deployment.upstream).port}": 1 }
routes:
${hostsOf(deployment)
  .map(
    (host, index) => `  - id: api-${index + 1}
    uri: /*${host === undefined ? '' : `\n    host: ${hostName(host)}`}
    upstream_id: service
    plugins:
      serverless-pre-function:
        phase: rewrite
        functions:
          - |
            return function(conf, ctx)
              local core = require("apisix.core")
              for _, name in ipairs({${list(cleared)}}) do
                core.request.set_header(ctx, name, nil)
              end
            end
      forward-auth:
        uri: ${authorizeUrl(deployment)}
        ssl_verify: true
        timeout: 5000
        request_headers: [Authorization, DPoP]
        upstream_headers: [${authHeaders.join(', ')}]
        client_headers: [WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy]
        # Nothing passes when this server does not answer.
        allow_degradation: false
        status_on_error: 503`,
  )
  .join('\n')}
#END
`,
    },
  ],
};
