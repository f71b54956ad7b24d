import {
  allWays,
  apiName,
  authHeaders,
  basic,
  comment,
  type Deployment,
  type Guide,
  introspectUrl,
  pattern,
} from './guide.ts';
import { notes } from './notes.ts';

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
const told = (lines: readonly string[]): string[] => lines.filter((line) => line !== '');

/** Gravitee APIM: its generic OAuth2 resource sends the token in the address unless it is told not to. */
export const gravitee: Guide = {
  kind: 'gravitee',
  about: 'Gravitee APIM with the generic OAuth2 resource introspects each token and checks its scope',
  asks: 'introspection',
  files: (deployment) => [
    {
      name: 'resource-and-flows.json',
      text: json({
        _comment: [
          ...told(notes(gravitee, deployment)),
          'Merge into the definition of the API (v2): its default would send the token in the address by GET, which is refused here.',
          'Gravitee has no regular expressions in paths: a template that ends in ** is STARTS_WITH.',
        ],
        resources: [
          {
            name: 'sallyport',
            type: 'oauth2',
            enabled: true,
            configuration: {
              authorizationServerUrl: deployment.reach,
              introspectionEndpoint: '/oauth2/introspect',
              useSystemProxy: false,
              introspectionEndpointMethod: 'POST',
              clientId: deployment.client.id,
              clientSecret: deployment.client.secret,
              useClientAuthorizationHeader: true,
              clientAuthorizationHeaderName: 'Authorization',
              clientAuthorizationHeaderScheme: 'Basic',
              tokenIsSuppliedByQueryParam: false,
              tokenIsSuppliedByHttpHeader: false,
              tokenIsSuppliedByFormUrlEncoded: true,
              tokenFormUrlEncodedName: 'token',
              scopeSeparator: ' ',
              userClaim: 'sub',
            },
          },
        ],
        flows: allWays(deployment).map(({ way, name }) => ({
          name,
          enabled: true,
          'path-operator': {
            path:
              way.template.replace(/\/\*\*$/, '').replaceAll(/\*|\{(\w+)\}/g, (_, found) => `:${found ?? 'any'}`) ||
              '/',
            operator: way.template.endsWith('/**') ? 'STARTS_WITH' : 'EQUALS',
          },
          methods: way.methods,
          pre: [
            {
              name: 'Remove X-Auth-*',
              policy: 'transform-headers',
              enabled: true,
              configuration: { scope: 'REQUEST', removeHeaders: authHeaders },
            },
            {
              name: 'OAuth2',
              policy: 'oauth2',
              enabled: true,
              configuration: {
                oauthResource: 'sallyport',
                extractPayload: true,
                checkRequiredScopes: true,
                requiredScopes: [way.permission],
                modeStrict: true,
                propagateAuthHeader: false,
              },
            },
          ],
        })),
      }),
    },
  ],
};

/** Tyk Gateway with an external OAuth provider: introspects, but checks no scope. */
export const tyk: Guide = {
  kind: 'tyk',
  about: 'Tyk Gateway with an external OAuth provider introspects each token (it checks no scope)',
  asks: 'introspection',
  files: (deployment) => [
    {
      name: 'api.json',
      text: json({
        _comment: [
          ...told(notes(tyk, deployment)),
          'Tyk checks that a token is active, and no scope: the service must check it. Since 5.7 Tyk advises JWTs instead: sallyport api set AUDIENCE --token-format jwt, and scopes mapped to policies.',
        ],
        name: deployment.apis.map(apiName).join('-') || 'api',
        api_id: deployment.apis.map(apiName).join('-') || 'api',
        active: true,
        use_keyless: false,
        external_oauth: {
          enabled: true,
          providers: [
            {
              introspection: {
                enabled: true,
                url: introspectUrl(deployment),
                client_id: deployment.client.id,
                client_secret: deployment.client.secret,
                identity_base_field: 'sub',
                cache: { enabled: deployment.client.keep > 0, timeout: deployment.client.keep },
              },
            },
          ],
        },
        version_data: {
          not_versioned: true,
          versions: { Default: { name: 'Default', global_headers_remove: authHeaders, use_extended_paths: true } },
        },
        proxy: { listen_path: '/', target_url: `${deployment.upstream.origin}/`, strip_listen_path: false },
      }),
    },
  ],
};

const rule = (deployment: Deployment, { api, way, name }: ReturnType<typeof allWays>[number]): string => {
  const earlier = api.ways
    .slice(0, api.ways.indexOf(way))
    .filter(({ methods }) => methods.some((one) => way.methods.includes(one)));
  const not = earlier.map(({ template }) => `(?!${pattern(template).slice(1)})`).join('');
  return `- id: ${apiName(api)}-${name}
  match:
    url: ${JSON.stringify(`<https?>://${api.host ?? '<[^/]+>'}<${not}${pattern(way.template).slice(1, -1)}>`)}
    methods: [${(way.methods.length === 0 ? ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] : way.methods).join(', ')}]
  upstream: { url: ${deployment.upstream.origin}, preserve_host: true }
  authenticators:
    - handler: oauth2_introspection
      config:
        required_scope: [${JSON.stringify(way.permission)}]${api.minimal ? '' : `\n        target_audience: [${JSON.stringify(api.audience)}]\n        trusted_issuers: [${deployment.issuer}]`}
  authorizer: { handler: allow }
  mutators: [{ handler: header }]`;
};

/** Ory Oathkeeper: introspects and checks scope and audience by access rules. */
export const oathkeeper: Guide = {
  kind: 'oathkeeper',
  about: 'Ory Oathkeeper introspects each token and checks its scope and audience by access rules',
  asks: 'introspection',
  files: (deployment) => [
    {
      name: 'oathkeeper.yaml',
      text: `${comment('#', notes(oathkeeper, deployment))}
serve:
  proxy: { port: ${deployment.port} }
access_rules:
  matching_strategy: regexp
  repositories: [file://./rules.yaml]
authenticators:
  oauth2_introspection:
    enabled: true
    config:
      introspection_url: ${introspectUrl(deployment)}
      scope_strategy: exact
      introspection_request_headers: { Authorization: "${basic(deployment)}" }
      cache: { enabled: ${deployment.client.keep > 0}${deployment.client.keep > 0 ? `, ttl: ${deployment.client.keep}s` : ''} }
authorizers:
  allow: { enabled: true }
mutators:
  header:
    enabled: true
    config:
      # All four are always set, so that none of a caller goes through.
      headers:
        X-Auth-Subject: "{{ print .Subject }}"
        X-Auth-Client: "{{ print .Extra.client_id }}"
        X-Auth-Scope: "{{ print .Extra.scope }}"
        X-Auth-Roles: "{{ with .Extra.roles_str }}{{ print . }}{{ end }}"
`,
    },
    {
      name: 'rules.yaml',
      text: `${comment('#', notes(oathkeeper, deployment))}
${allWays(deployment)
  .map((each) => rule(deployment, each))
  .join('\n')}
`,
    },
  ],
};
