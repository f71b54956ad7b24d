import {
  allWays,
  apiName,
  authHeaders,
  basic,
  comment,
  type Deployment,
  type Guarded,
  type Guide,
  introspectUrl,
  pattern,
  placeholder,
  type Way,
} from './guide.ts';
import { notes } from './notes.ts';

const pascal = (text: string): string =>
  text
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');

/** API Gateway knows `{name}` and, at the end, `{name+}` for one segment or more; the path above needs a route of its own. */
function routeKeys({ methods, template }: Way): string[] {
  const parts = template.split('/').map((segment, index) => (segment === '*' ? `{p${index}}` : segment));
  const paths =
    parts.at(-1) === '**'
      ? [parts.slice(0, -1).join('/') || '/', [...parts.slice(0, -1), '{rest+}'].join('/')]
      : [parts.join('/')];
  return (methods.length === 0 ? ['ANY'] : methods).flatMap((method) => paths.map((path) => `${method} ${path}`));
}

const routes = (deployment: Deployment): string =>
  allWays(deployment)
    .flatMap(({ api, way }) => routeKeys(way).map((key) => ({ api, way, key })))
    .map(
      ({ api, way, key }, index) => `  Route${index + 1}:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: ${JSON.stringify(key)}
      AuthorizationType: JWT
      AuthorizerId: !Ref Jwt${pascal(apiName(api))}
      AuthorizationScopes: [${JSON.stringify(way.permission)}]
      Target: !Sub integrations/\${Service}`,
    )
    .join('\n');

const authorizer = (deployment: Deployment, api: Guarded): string => `  Jwt${pascal(apiName(api))}:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      AuthorizerType: JWT
      Name: ${apiName(api)}
      IdentitySource: [$request.header.Authorization]
      JwtConfiguration:
        Issuer: ${deployment.issuer}
        Audience: [${JSON.stringify(api.audience)}]`;

/** A Lambda authorizer (payload 2.0, simple response) for APIs whose tokens must end at once. */
const lambda = (deployment: Deployment): string => `${comment('//', [
  'Instead of the JWT authorizer, where a token must end at once: a Lambda authorizer that introspects.',
  'AuthorizerType: REQUEST, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true, AuthorizerResultTtlInSeconds: 0',
  'With a TTL the answer is kept so long for the same identity source: put $context.routeKey beside the header, or one answer opens every route.',
  'SALLYPORT_AUTHORIZATION is a secret: Secrets Manager or an encrypted environment variable.',
])}
import { env } from 'node:process';

const ways = ${JSON.stringify(
  allWays(deployment).map(({ api, way }) => ({
    methods: way.methods,
    path: pattern(way.template),
    scope: way.permission,
    audience: api.minimal ? '' : api.audience,
  })),
  undefined,
  2,
)};

const handler = async ({ headers = {}, rawPath, requestContext }) => {
  const refused = { isAuthorized: false };
  const [, token] = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(headers.authorization ?? '') ?? [];
  if (!token || /%2f|%5c|%2e|\\\\|\\/\\/|\\/\\.\\.?(?:\\/|$)|;/i.test(rawPath)) return refused;
  const { method } = requestContext.http;
  const way = ways.find(({ methods, path }) => (methods.length === 0 || methods.includes(method)) && new RegExp(path).test(rawPath));
  if (!way) return refused;
  const answer = await fetch(${JSON.stringify(introspectUrl(deployment))}, {
    method: 'POST',
    // ${basic({ ...deployment, client: { ...deployment.client, secret: placeholder } }).replace(/ .*/, '')} base64(client_id:client_secret) of ${deployment.client.id}
    headers: { authorization: env.SALLYPORT_AUTHORIZATION, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token }),
    signal: AbortSignal.timeout(5000),
  });
  // An error here is 500 for the caller: nothing is let through.
  if (!answer.ok) throw new Error(\`introspection answered \${answer.status}\`);
  const { active, aud, cnf, sub, client_id, scope = '', roles_str = '' } = await answer.json();
  if (active !== true || cnf || (way.audience && ![aud].flat().includes(way.audience))) return refused;
  if (!scope.split(' ').includes(way.scope)) return refused;
  return { isAuthorized: true, context: { sub, client_id, scope, roles_str } };
};

export { handler };
`;

/** AWS API Gateway HTTP API with a JWT authorizer (CloudFormation), and a Lambda authorizer that introspects. */
export const aws: Guide = {
  kind: 'aws',
  about: 'AWS API Gateway (HTTP API) verifies JWT access tokens with a JWT authorizer and checks their scope',
  asks: 'jwt',
  rsaOnly: true,
  files: (deployment) => [
    {
      name: 'template.yaml',
      text: `${comment('#', [
        ...notes(aws, deployment),
        'AWS keeps the key set for two hours; keys are published here two hours before they sign. RS256 only.',
        'The issuer must be reachable from AWS over https.',
        'The service must take claims from $context.authorizer.claims (here: X-Auth-*), never from headers that came along.',
      ])}
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: sallyport, ProtocolType: HTTP }
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { ApiId: !Ref Api, StageName: $default, AutoDeploy: true }
  Service:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: HTTP_PROXY
      IntegrationMethod: ANY
      IntegrationUri: ${deployment.upstream.origin}
      PayloadFormatVersion: "1.0"
      # overwrite: a header of that name that a caller sent is gone.
      RequestParameters:
        overwrite:path: $request.path
        overwrite:header.X-Auth-Subject: $context.authorizer.claims.sub
        overwrite:header.X-Auth-Client: $context.authorizer.claims.client_id
        overwrite:header.X-Auth-Scope: $context.authorizer.claims.scope
${authHeaders
  .filter((name) => !/-(?:Subject|Client|Scope)$/.test(name))
  .map((name) => `        remove:header.${name}: "''"`)
  .join('\n')}
${deployment.apis.map((api) => authorizer(deployment, api)).join('\n')}
${routes(deployment)}
`,
    },
    { name: 'authorizer.mjs', text: lambda(deployment) },
  ],
};
