import { bootstrap } from './envoy.ts';
import {
  apiName,
  claimHeaders,
  comment,
  type Deployment,
  escaped,
  type Guarded,
  type Guide,
  jwksUrl,
  pattern,
  type Way,
} from './guide.ts';
import { notes } from './notes.ts';

const name = (api: Guarded): string => apiName(api).replaceAll('-', '_');

const provider = (deployment: Deployment, api: Guarded): string => `      ${name(api)}:
        issuer: ${deployment.issuer}
        audiences: [${JSON.stringify(api.audience)}]
        # The token goes no further than here.
        forward: false
        payload_in_metadata: ${name(api)}
        remote_jwks:
          http_uri: { uri: "${jwksUrl(deployment)}", cluster: sallyport, timeout: 5s }
          cache_duration: 300s
        claim_to_headers:
${claimHeaders.map(([claim, header]) => `          - { header_name: ${header.toLowerCase()}, claim_name: ${claim} }`).join('\n')}`;

const rule = (api: Guarded): string =>
  `      - match: { prefix: /${api.host === undefined ? '' : `, headers: [{ name: ":authority", string_match: { prefix: "${api.host}" } }]`} }
        requires: { provider_name: ${name(api)} }`;

const regex = (text: string): string => `{ regex: ${JSON.stringify(text)} }`;

/** The rules that a request of this way fits. */
const fits = ({ methods, template }: Way): string => {
  const path = `{ url_path: { path: { safe_regex: ${regex(pattern(template))} } } }`;
  if (methods.length === 0) return path;
  return `{ and_rules: { rules: [${path}, { header: { name: ":method", string_match: { safe_regex: ${regex(methods.join('|'))} } } }] } }`;
};

/** Policies have no order, so a way also says which more specific ones it is not. */
const policies = (api: Guarded): string =>
  api.ways
    .map((way, index) => {
      const others = api.ways.slice(0, index).filter(({ permission }) => permission !== way.permission);
      const scope = `(?:.* )?${escaped(way.permission)}(?: .*)?`;
      return `        ${name(api)}_${index + 1}:
          permissions:
            - and_rules:
                rules:
                  - ${fits(way)}
${others.map((other) => `                  - { not_rule: ${fits(other)} }\n`).join('')}          principals:
            - metadata:
                filter: envoy.filters.http.jwt_authn
                path: [{ key: ${name(api)} }, { key: scope }]
                value: { string_match: { safe_regex: ${regex(scope)} } }`;
    })
    .join('\n');

const filters = (deployment: Deployment): string => `- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    providers:
${deployment.apis.map((api) => provider(deployment, api)).join('\n')}
    rules:
${deployment.apis.map(rule).join('\n')}
- name: envoy.filters.http.rbac
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
    rules:
      action: ALLOW
      policies:
${deployment.apis.map(policies).join('\n')}`;

/** Envoy that verifies JWT access tokens itself: nothing is asked of this server but its keys. */
export const envoyJwt: Guide = {
  kind: 'envoy-jwt',
  about: 'Envoy (≥ 1.29) with jwt_authn verifies JWT access tokens and rbac checks their scope',
  asks: 'jwt',
  files: (deployment) => [
    {
      name: 'envoy.yaml',
      text: `${comment('#', [...notes(envoyJwt, deployment), 'Start: envoy -c envoy.yaml'])}

${bootstrap(deployment, filters(deployment))}`,
    },
  ],
};
