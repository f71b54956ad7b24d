import {
  cleared,
  comment,
  type Deployment,
  endpoint,
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

/** Routes are looked through by priority, so the most specific way has the highest. */
function route(deployment: Deployment, api: Guarded, index: number): string {
  const { client, issuer } = deployment;
  const way = api.ways[index] as Way;
  const cache =
    client.keep === 0
      ? 'introspection_cache_ignore: true   # lua-resty-openidc: each request asks'
      : `introspection_interval: ${client.keep}   # how long an answer is kept at most (seconds); 0 would mean until the token ends`;
  const audience = api.minimal
    ? '{}'
    : json({ aud: { anyOf: [{ const: api.audience }, { type: 'array', contains: { const: api.audience } }] } });
  return `  - uri: /*
    priority: ${100 + api.ways.length - index}
    vars: [["uri", "~~", ${json(pattern(way.template))}]]${way.methods.length === 0 ? '' : `\n    methods: [${way.methods.join(', ')}]`}${api.host === undefined ? '' : `\n    host: ${hostName(api.host)}`}
    upstream_id: service
    plugins:
      proxy-rewrite: { headers: { remove: [${cleared.join(', ')}] } }
      openid-connect:
        client_id: ${yamlText(client.id)}
        client_secret: ${json(client.secret)}
        discovery: ${deployment.reach}/.well-known/openid-configuration
        introspection_endpoint: ${introspectUrl(deployment)}
        introspection_endpoint_auth_method: client_secret_basic
        bearer_only: true
        unauth_action: deny
        ssl_verify: true
        realm: ${new URL(issuer).hostname}
        timeout: 5
        ${cache}
        required_scopes: [${json(way.permission)}]
        # Another audience, or a token that is bound to a key or certificate (whose proof is not looked at here): refused.
        claim_schema: { type: object, required: [active${api.minimal ? '' : ', aud'}], properties: ${audience}, not: { required: [cnf] } }
        set_access_token_header: false
        set_id_token_header: false
        # The service reads sub, client_id, scope and roles in X-Userinfo (base64 of the whole answer).
        set_userinfo_header: true`;
}

/** Apache APISIX with `openid-connect` as resource server (standalone mode). */
export const apisix: Guide = {
  kind: 'apisix',
  about: 'Apache APISIX with openid-connect introspects each token and checks its scope',
  asks: 'introspection',
  files: (deployment) => [
    {
      name: 'apisix.yaml',
      text: `${comment('#', [
        ...notes(apisix, deployment),
        'Place: conf/apisix.yaml (standalone mode, readable for its user only); the plugins object is the same in the Admin API.',
        'A path that fits no route is not found; the plugin takes X-Userinfo of a caller away itself.',
      ])}
upstreams:
  - id: service
    type: roundrobin
    scheme: ${endpoint(deployment.upstream).tls ? 'https' : 'http'}
    nodes: { "${endpoint(deployment.upstream).host}:${endpoint(deployment.upstream).port}": 1 }
routes:
${deployment.apis.flatMap((api) => api.ways.map((_, index) => `${route(deployment, api, index).replace('  - uri', `  - id: ${index + 1}-${api.audience.replaceAll(/[^\w]+/g, '-')}\n    uri`)}`)).join('\n')}
#END
`,
    },
  ],
};
