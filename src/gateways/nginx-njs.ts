import {
  authHeaders,
  basic,
  claimHeaders,
  comment,
  type Deployment,
  type Guide,
  introspectUrl,
  pattern,
  placeholder,
} from './guide.ts';
import { askedHost, hostsOf, onward, serverStart, towards } from './nginx.ts';
import { notes } from './notes.ts';

/** Older njs knows neither named groups nor optional chaining in all places: this text keeps to what 0.7 runs. */
const script = (deployment: Deployment): string => `${comment('//', notes(nginxNjs, deployment))}

// Most specific first, for each host. Which scope a request needs; what is not here is not let through.
const ways = ${JSON.stringify(table(deployment), undefined, 2)};

const claims = ${JSON.stringify(claimHeaders.map(([claim]) => claim))};

// What one server reads as another path than the next one does is refused: encoded slashes, dots and backslashes.
const twofold = /%2f|%5c|%2e|\\\\|\\/\\/|\\/\\.\\.?(?:\\/|$)|;/i;

// Of this sub-request only the variables tell about the request that is asked about.
function needed(r) {
  const path = r.variables.request_uri.split('?')[0];
  if (twofold.test(path)) return undefined;
  return (ways[r.variables.sallyport_host] || []).find(
    (way) => (way.methods.length === 0 || way.methods.includes(r.variables.request_method)) && new RegExp(way.path).test(path),
  );
}

function challenge(r, status, error) {
  r.headersOut['X-Challenge'] = 'Bearer realm="api"' + (error ? ', error="' + error + '"' : '');
  r.return(status);
}

async function authorize(r) {
  const match = /^Bearer +([A-Za-z0-9._~+\\/-]+=*) *$/i.exec(r.headersIn.Authorization || '');
  if (!match) return challenge(r, 401, '');
  const reply = await r.subrequest('/_sallyport_introspect', { method: 'POST', body: 'token=' + encodeURIComponent(match[1]) });
  if (reply.status !== 200) {
    r.error('introspection answered ' + reply.status);
    return r.return(503);
  }
  const token = JSON.parse(reply.responseText);
  const audiences = [].concat(token.aud || []);
  const way = needed(r);
  // A token bound to a key or certificate needs its proof, which this script cannot check.
  if (token.active !== true || token.cnf) return challenge(r, 401, 'invalid_token');
  if (way && way.audience && !audiences.includes(way.audience)) return challenge(r, 401, 'invalid_token');
  if (!way || !String(token.scope || '').split(' ').includes(way.scope)) return challenge(r, 403, 'insufficient_scope');
  claims.forEach((name) => {
    if (token[name] !== undefined) r.headersOut['X-Claim-' + name.replace('_', '-')] = String(token[name]);
  });
  r.return(204);
}

/* What sallyport.conf calls. */
export default { authorize };
`;

const table = (deployment: Deployment) =>
  Object.fromEntries(
    hostsOf(deployment).map((host) => [
      host ?? '',
      deployment.apis
        .filter((api) => api.host === host)
        .flatMap(({ audience, minimal, ways }) =>
          ways.map(({ methods, template, permission }) => ({
            methods,
            path: pattern(template),
            scope: permission,
            // The profile minimal says no audience; what the client may introspect is the bound then.
            audience: minimal ? '' : audience,
          })),
        ),
    ]),
  );

/** NGINX counts whole seconds and keeps an answer for up to one more than it is told. */
const validity = ({ client }: Deployment): number => Math.max(0, client.keep - 1);

const variable = (header: string): string => header.toLowerCase().replaceAll('-', '_');

function server(deployment: Deployment, host: string | undefined): string {
  const { reach } = deployment;
  const set = claimHeaders.map(
    ([claim, header]) => `    auth_request_set $${variable(header)} $sent_http_x_claim_${variable(claim)};`,
  );
  const known = claimHeaders.map(([, header]) => header as string);
  const send = authHeaders.map(
    (name) => `    proxy_set_header ${name} ${known.includes(name) ? `$${variable(name)}` : '""'};`,
  );
  const cache =
    validity(deployment) === 0
      ? '    # No cache: the client has no cache seconds, or 1, which is less than NGINX can keep to (sallyport client set).'
      : `    proxy_cache sallyport;
    proxy_cache_methods POST;
    proxy_cache_key $request_body;
    proxy_cache_valid 200 ${validity(deployment)}s;
    # The answer says no-store; the operator has agreed to a bound instead. NGINX keeps for up to a second more than it says here.
    proxy_ignore_headers Cache-Control Expires;`;
  return `server {
${serverStart(deployment, host)}
  set $sallyport_host "${host ?? ''}";

  location / {
    auth_request /_sallyport;
${set.join('\n')}
    auth_request_set $sallyport_challenge $sent_http_x_challenge;
    add_header WWW-Authenticate $sallyport_challenge always;
${send.join('\n')}
${onward(deployment)}
    # auth_request knows 401 and 403 only; "no answer" comes out of it as 500. Answers of the service stay as they are.
    error_page 500 = @sallyport;
  }

  location @sallyport {
    return 503;
  }

  location = /_sallyport {
    internal;
    js_content sallyport.authorize;
  }

  location = /_sallyport_introspect {
    internal;
${towards(introspectUrl(deployment), deployment.ca)}
    proxy_pass_request_headers off;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host ${askedHost(reach)};
    proxy_set_header Authorization "${basic(deployment)}";
    proxy_set_header Content-Type application/x-www-form-urlencoded;
    proxy_set_header Accept application/json;
    proxy_set_header X-Forwarded-Proto ${deployment.issuer.startsWith('https:') ? 'https' : '$scheme'};
    proxy_connect_timeout 2s;
    proxy_read_timeout 5s;
    client_body_buffer_size 64k;
    subrequest_output_buffer_size 64k;
${cache}
  }
}`;
}

/** NGINX with njs: introspects itself and holds the scope against a route table written here (ngx_http_js_module ≥ 0.7). */
export const nginxNjs: Guide = {
  kind: 'nginx-njs',
  about: 'NGINX with njs introspects each token and checks its scope by a route table of its own',
  asks: 'introspection',
  files: (deployment) => [
    {
      name: 'sallyport.conf',
      text: `${comment('#', [
        ...notes(nginxNjs, deployment),
        ...(deployment.client.secret === placeholder
          ? ['The Authorization below is base64 of client_id:secret; write this file anew with --secret-stdin.']
          : []),
        'Place: in the http block, such as /etc/nginx/conf.d/sallyport.conf, readable for root only (it holds the secret);',
        'sallyport.js beside nginx.conf; and in nginx.conf, first: load_module /usr/lib/nginx/modules/ngx_http_js_module.so;',
      ])}

js_import sallyport from sallyport.js;
${validity(deployment) === 0 ? '' : 'proxy_cache_path sallyport-cache keys_zone=sallyport:10m inactive=1m max_size=100m;\n'}
${hostsOf(deployment)
  .map((host) => server(deployment, host))
  .join('\n\n')}
`,
    },
    { name: 'sallyport.js', text: script(deployment) },
  ],
};
