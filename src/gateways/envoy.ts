import { cleared, comment, type Deployment, endpoint, type Guide } from './guide.ts';
import { hostsOf } from './nginx.ts';
import { notes } from './notes.ts';

const indented = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by));

/** A cluster of one address, over TLS with the certificate of its name where the address is https. */
function cluster(name: string, address: string | URL, ca: string): string {
  const { host, port, tls } = endpoint(address);
  const secured = `
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
      sni: ${host}
      common_tls_context:
        validation_context:
          trusted_ca: { filename: ${ca} }
          match_typed_subject_alt_names:
            - { san_type: DNS, matcher: { exact: ${host} } }`;
  return `- name: ${name}
  type: STRICT_DNS
  connect_timeout: 2s
  load_assignment:
    cluster_name: ${name}
    endpoints:
      - lb_endpoints:
          - endpoint: { address: { socket_address: { address: "${host}", port_value: ${port} } } }${tls ? secured : ''}`;
}

/** Removed before any filter runs, so that what is set later is ours. */
const early = cleared.map((name) => `- { remove: ${name.toLowerCase()} }`).join('\n');

/** Requests for one host of an API go to the service; others are not found. */
const virtualHost = (host: string | undefined, index: number): string => `- name: api_${index + 1}
  domains: ${host === undefined ? '["*"]' : JSON.stringify([host, `${host}:*`])}
  routes:
    - match: { prefix: / }
      route: { cluster: service, timeout: 30s }`;

/** A whole bootstrap with these filters before the router. */
export const bootstrap = (deployment: Deployment, filters: string): string => `static_resources:
  listeners:
    - name: api
      address: { socket_address: { address: 0.0.0.0, port_value: ${deployment.port} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: api
                use_remote_address: true
                # What is judged is what the service gets: one spelling of each path.
                normalize_path: true
                merge_slashes: true
                path_with_escaped_slashes_action: REJECT_REQUEST
                early_header_mutation_extensions:
                  - name: envoy.http.early_header_mutation.header_mutation
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation
                      mutations:
${indented(early, 24)}
                route_config:
                  virtual_hosts:
${indented(hostsOf(deployment).map(virtualHost).join('\n'), 20)}
                http_filters:
${indented(filters, 18)}
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
${indented(cluster('sallyport', deployment.reach, deployment.ca), 4)}
${indented(cluster('service', deployment.upstream, deployment.ca), 4)}
`;

const filter = (deployment: Deployment): string => `- name: envoy.filters.http.ext_authz
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
    transport_api_version: V3
    # No answer: nothing is let through.
    failure_mode_allow: false
    status_on_error: { code: ServiceUnavailable }
    # Method, path, host and Authorization always go along; of the caller's other headers only this one.
    allowed_headers:
      patterns: [{ exact: dpop, ignore_case: true }]
    http_service:
      server_uri: { uri: "${deployment.reach}", cluster: sallyport, timeout: 5s }
      path_prefix: /gateway/authorize
      authorization_request:
        headers_to_add:
          - { key: x-forwarded-proto, value: ${endpoint(deployment.issuer).tls ? 'https' : 'http'} }
      authorization_response:
        allowed_upstream_headers:
          patterns: [{ prefix: x-auth-, ignore_case: true }]
        allowed_client_headers:
          patterns:
            - { exact: www-authenticate, ignore_case: true }
            - { exact: retry-after, ignore_case: true }
            - { prefix: ratelimit, ignore_case: true }`;

/** Envoy with `ext_authz` over HTTP: this server decides by its own route table. */
export const envoy: Guide = {
  kind: 'envoy',
  about: 'Envoy (≥ 1.29) with the HTTP filter ext_authz asks /gateway/authorize before each request',
  asks: 'forward-auth',
  files: (deployment) => [
    {
      name: 'envoy.yaml',
      text: `${comment('#', [...notes(envoy, deployment), 'Start: envoy -c envoy.yaml'])}

${bootstrap(deployment, filter(deployment))}`,
    },
  ],
};
