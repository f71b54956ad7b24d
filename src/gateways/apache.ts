import {
  claimHeaders,
  cleared,
  comment,
  type Deployment,
  escaped,
  type Guarded,
  type Guide,
  hostName,
  introspectUrl,
  pattern,
  type Way,
} from './guide.ts';
import { hostsOf } from './nginx.ts';
import { notes } from './notes.ts';

const fits = ({ methods, template }: Way): string =>
  [
    `%{REQUEST_URI} =~ m#${pattern(template)}#`,
    ...(methods.length > 0 ? [`%{REQUEST_METHOD} =~ /^(?:${methods.join('|')})$/`] : []),
  ].join(' && ');

/**
 * What a request of one way needs. Requirements have no order, so a way also says which more specific ones it is not. The scope
 * string is one claim here, so a word of it is found by an expression.
 */
function requirement({ audience, minimal, ways }: Guarded, way: Way): string[] {
  const others = ways.slice(0, ways.indexOf(way)).filter(({ permission }) => permission !== way.permission);
  return [
    '      <RequireAll>',
    `        Require expr "${fits(way)}"`,
    ...others.map((other) => `        Require not expr "${fits(other)}"`),
    `        Require claim "scope~(?:^| )${escaped(way.permission)}(?: |$)"`,
    ...(minimal
      ? []
      : [
          `        Require claim "aud:${audience.replaceAll(/["\\]/g, '\\$&')}"`,
          '        Require claim "token_type:Bearer"',
        ]),
    // A token bound to a certificate needs a proof that is not looked at here.
    '        Require not claim "cnf.x5t#S256~."',
    '      </RequireAll>',
  ];
}

function virtualHost(deployment: Deployment, host: string | undefined): string {
  const { client, port, upstream } = deployment;
  const ways = deployment.apis
    .filter((api) => api.host === host)
    .flatMap((api) => api.ways.flatMap((way) => requirement(api, way)));
  const unset = cleared.map((name) => `  RequestHeader unset ${name} early`);
  const set = claimHeaders.map(
    ([claim, header]) => `  RequestHeader set ${header} "%{OIDC_CLAIM_${claim}}e" env=OIDC_CLAIM_${claim}`,
  );
  return `<VirtualHost *:${port}>
${host === undefined ? '' : `  ServerName ${hostName(host)}\n`}
  OIDCOAuthIntrospectionEndpoint ${introspectUrl(deployment)}
  OIDCOAuthIntrospectionEndpointAuth client_secret_basic
  OIDCOAuthIntrospectionEndpointMethod POST
  OIDCOAuthClientID ${client.id}
  OIDCOAuthClientSecret "${client.secret}"
  OIDCOAuthRemoteUserClaim sub
  # How old an answer may be (seconds). -1: each request asks; 0, the default, would keep an answer until the token ends.
  OIDCOAuthTokenIntrospectionInterval ${client.keep === 0 ? -1 : client.keep}
  OIDCOAuthAcceptTokenAs header
  OIDCOAuthSSLValidateServer On
  OIDCCABundlePath ${deployment.ca}
  OIDCHTTPTimeoutShort 5
  # OIDC_CLAIM_* that a caller made up are removed by the module itself; the service may read them, or X-Auth-*.

${unset.join('\n')}
${set.join('\n')}

  <Location "/">
    AuthType oauth20
    # An authenticated caller without the right is told 403; Apache would say 401.
    AuthzSendForbiddenOnFailure On
    <RequireAny>
${ways.length > 0 ? ways.join('\n') : '      Require all denied'}
    </RequireAny>
  </Location>

  ProxyRequests Off
  ProxyPreserveHost On
  ProxyPass "/" "${upstream.origin}/"
  ProxyPassReverse "/" "${upstream.origin}/"
</VirtualHost>`;
}

/** Apache HTTP Server with mod_auth_openidc as OAuth 2.0 resource server: introspects, and holds claims against `Require`. */
export const apache: Guide = {
  kind: 'apache',
  about: 'Apache HTTP Server with mod_auth_openidc (≥ 2.4.12) introspects each token',
  asks: 'introspection',
  files: (deployment) => [
    {
      name: 'sallyport.conf',
      text: `${comment('#', [
        ...notes(apache, deployment),
        'Place: /etc/apache2/sites-enabled/, readable for root only (it holds the secret).',
        'Modules: a2enmod auth_openidc authz_core authn_core headers proxy proxy_http',
        'mod_auth_openidc asks an https address only.',
      ])}

Listen ${deployment.port}
${hostsOf(deployment)
  .map((host) => virtualHost(deployment, host))
  .join('\n\n')}
`,
    },
  ],
};
