import {
  allWays,
  apiName,
  claimHeaders,
  cleared,
  comment,
  type Deployment,
  type Guarded,
  type Guide,
  hostName,
  introspectUrl,
  pattern,
  type Way,
  yamlText,
} from './guide.ts';
import { notes } from './notes.ts';

const json = JSON.stringify;
const clear = cleared.map((name) => `"${name}"`).join(', ');

const cache = ({ client: { keep } }: Deployment): string =>
  keep === 0
    ? 'cache_introspection: false   # each request asks'
    : `cache_introspection: true
          cache_ttl: ${keep}          # how long an answer is kept (seconds)
          cache_ttl_max: ${keep}      # and at most, whatever exp says
          cache_ttl_neg: 1`;

function route(deployment: Deployment, { api, way, index }: { api: Guarded; way: Way; index: number }): string {
  const { client, issuer } = deployment;
  return `      - name: ${apiName(api)}-${index + 1}
        paths: [${json(`~${pattern(way.template).slice(1)}`)}]
        regex_priority: ${100 + api.ways.length - index}
        strip_path: false
        preserve_host: true${way.methods.length === 0 ? '' : `\n        methods: [${way.methods.join(', ')}]`}${api.host === undefined ? '' : `\n        hosts: [${hostName(api.host)}]`}
        plugins:
          - name: openid-connect
            config:
              issuer: ${issuer}
              client_id: [${yamlText(client.id)}]
              client_secret: [${json(client.secret)}]
              client_auth: [client_secret_basic]
              auth_methods: [introspection]
              bearer_token_param_type: [header]
              introspection_endpoint: ${introspectUrl(deployment)}
              introspection_endpoint_auth_method: client_secret_basic
              introspection_hint: access_token
              introspection_check_active: true
              # JWTs too: this is how a revoked one is seen.
              introspect_jwt_tokens: true
              ${cache(deployment).replaceAll('\n    ', '\n        ')}
              scopes_claim: [scope]
              scopes_required: [${json(way.permission)}]${api.minimal ? '' : `\n              audience_claim: [aud]\n              audience_required: [${json(api.audience)}]`}
              roles_claim: [roles]
              groups_claim: [groups]
              # DPoP and certificates: with "strict" Kong holds a bound token against its proof.
              proof_of_possession_dpop: optional
              proof_of_possession_mtls: optional
              hide_credentials: true
              upstream_headers_claims: [${claimHeaders.map(([claim]) => claim).join(', ')}]
              upstream_headers_names: [${claimHeaders.map(([, header]) => header).join(', ')}]`;
}

/** Kong Gateway Enterprise with `openid-connect` (declarative configuration, decK or DB-less). */
export const kong: Guide = {
  kind: 'kong',
  about: 'Kong Gateway Enterprise with openid-connect introspects each token and checks its scope',
  asks: 'introspection',
  files: (deployment) => [
    {
      name: 'kong.yaml',
      text: `${comment('#', [
        ...notes(kong, deployment),
        'Load: deck gateway sync kong.yaml, or declarative_config in DB-less mode; keep it readable for its user only.',
        'Without a licence: the plugin oauth2-introspection has no check of scopes; use another kind.',
      ])}
_format_version: "3.0"
services:
  - name: service
    url: ${deployment.upstream.origin}
    plugins:
      # Runs before all others: what a caller made up is gone before the claims are set.
      - name: pre-function
        config:
          access:
            - |
              for _, name in ipairs({${clear}}) do
                kong.service.request.clear_header(name)
              end
    routes:
${allWays(deployment)
  .map(({ api, way }) => route(deployment, { api, way, index: api.ways.indexOf(way) }))
  .join('\n')}
`,
    },
  ],
};
