import {
  authHeaders,
  authorizeUrl,
  comment,
  type Deployment,
  endpoint,
  type Guide,
  hostName,
  questionHeaders,
} from './guide.ts';
import { notes } from './notes.ts';

const variable = (header: string): string => header.toLowerCase().replaceAll('-', '_');

/** The address in `proxy_pass`, and what a connection over TLS needs to know whom it speaks to. */
export function towards(url: string, ca: string): string {
  const { host, tls } = endpoint(url);
  const verified = tls
    ? [
        '    proxy_ssl_server_name on;',
        `    proxy_ssl_name ${host};`,
        '    proxy_ssl_verify on;',
        '    proxy_ssl_verify_depth 3;',
        `    proxy_ssl_trusted_certificate ${ca};`,
      ]
    : [];
  return [`    proxy_pass ${url};`, ...verified].join('\n');
}

/** The host that this server is asked under: its public name, or the one on the inside. */
export const askedHost = (reach: string): string => new URL(reach).host;

/** The start of a server block: only this host, so that nobody chooses the API by a header. */
export const serverStart = (deployment: Deployment, host: string | undefined): string =>
  [`  listen ${deployment.port};`, `  server_name ${host === undefined ? '_' : hostName(host)};`].join('\n');

const stripped = questionHeaders.map((name) => `    proxy_set_header ${name} "";`).join('\n');

/** What goes on to the service behind: the caller's request without what it could forge. */
export const onward = ({ upstream }: Deployment): string => `${stripped}
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header Connection "";
    proxy_set_header X-Forwarded-Host $host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-For $remote_addr;
    # Without a path: the service gets the very address that was judged.
    proxy_pass ${upstream.origin};`;

const asked = `    proxy_pass_request_headers off;
    proxy_pass_request_body off;`;

function server(deployment: Deployment, host: string | undefined): string {
  const { reach, issuer } = deployment;
  const set = authHeaders.map((name) => `    auth_request_set $${variable(name)} $upstream_http_${variable(name)};`);
  const send = authHeaders.map((name) => `    proxy_set_header ${name} $${variable(name)};`);
  return `server {
${serverStart(deployment, host)}

  location / {
    auth_request /_sallyport;
${set.join('\n')}
    auth_request_set $sallyport_status $upstream_status;
    auth_request_set $sallyport_retry $upstream_http_retry_after;
    # What this server did not say is sent as nothing: a forged X-Auth-* ends here.
${send.join('\n')}
${onward(deployment)}
    # auth_request knows 401 and 403 only; 429 and "no answer" come out of it as 500. Answers of the service stay as they are.
    error_page 500 = @sallyport;
  }

  location = /_sallyport {
    internal;
${towards(authorizeUrl(deployment), deployment.ca)}
    # Nothing of the caller goes along but what stands here, so none of its X-Forwarded-* or X-Original-* can ask.
${asked}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Content-Length "";
    proxy_set_header Host ${askedHost(reach)};
    proxy_set_header Authorization $http_authorization;
    proxy_set_header DPoP $http_dpop;
    proxy_set_header X-Original-Method $request_method;
    proxy_set_header X-Original-URL $scheme://${host ?? '$http_host'}$request_uri;
    proxy_set_header X-Forwarded-Proto ${endpoint(issuer).tls ? 'https' : '$scheme'};
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_connect_timeout 2s;
    proxy_read_timeout 5s;
  }

  location @sallyport {
    add_header Retry-After $sallyport_retry always;
    if ($sallyport_status = 429) {
      return 429;
    }
    return 503;
  }
}`;
}

/** One server block for each host among these APIs. */
export const hostsOf = ({ apis }: Deployment): (string | undefined)[] =>
  apis.length === 0 ? [undefined] : [...new Set(apis.map(({ host }) => host))];

/** NGINX with `auth_request`: this server decides by its own route table (ngx_http_auth_request_module). */
export const nginx: Guide = {
  kind: 'nginx',
  about: 'NGINX with auth_request asks /gateway/authorize before each request',
  asks: 'forward-auth',
  files: (deployment) => [
    {
      name: 'sallyport.conf',
      text: `${comment('#', [...notes(nginx, deployment), 'Place: in the http block, such as /etc/nginx/conf.d/sallyport.conf'])}

${hostsOf(deployment)
  .map((host) => server(deployment, host))
  .join('\n\n')}
`,
    },
  ],
};
