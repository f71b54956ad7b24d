import {
  allWays,
  apiName,
  comment,
  type Deployment,
  type Guarded,
  type Guide,
  introspectUrl,
  yamlText,
} from './guide.ts';
import { notes } from './notes.ts';

const provider = (deployment: Deployment): string => {
  const { issuer, reach, client } = deployment;
  return `${comment('#', [
    ...notes(mulesoft, deployment),
    client.keep === 0
      ? `MuleSoft keeps an answer until exp. Give the client cache seconds and it hears an exp that is so near: otherwise a revoked token counts until it ends (${Math.max(0, ...deployment.apis.map(({ ttl }) => ttl))} s).`
      : `MuleSoft keeps an answer until exp; ${client.id} is told one that is ${client.keep} s away at most, which is the bound.`,
    'Enter this in Anypoint: Access Management > Client Providers > OpenID Connect Dynamic Client Registration.',
  ])}
Issuer: ${issuer}
Client Registration URL: ${reach}/oauth2/register
# sallyport registrar add anypoint prints the credential; the header is the word Bearer, a space, and it.
Authorization Header: Bearer REGISTRATION-CREDENTIAL
Token Introspection Client ID: ${client.id}
Token Introspection Client Secret: ${client.secret}
Authorize URL: ${issuer}/oauth2/authorize
Token URL: ${issuer}/oauth2/token
Token Introspection URL: ${introspectUrl(deployment)}
# Advanced: leave the certificate check on; "client deletion and updates in IdP" can be on, the same header serves for them.
`;
};

const policy = (deployment: Deployment, api: Guarded): string => {
  const permissions = [...new Set(api.ways.map(({ permission }) => permission))];
  const rules = (permission: string): string =>
    api.ways
      .filter((way) => way.permission === permission)
      .map(
        ({ methods, template }) =>
          `      path: ${JSON.stringify(template.replace(/\/\*\*$/, '(/.*)?').replaceAll(/\*(?!\))|\{[^}]*\}/g, '[^/]+'))}${methods.length === 0 ? '' : `\n      methods: ${methods.join('|')}`}`,
      )
      .map((text) => `    - ${text.trimStart()}`)
      .join('\n');
  return permissions
    .map(
      (permission) => `---
apiVersion: gateway.mulesoft.com/v1alpha1
kind: PolicyBinding
metadata:
  name: ${apiName(api)}-${permission.replaceAll(/[^A-Za-z0-9]+/g, '-').toLowerCase()}
spec:
  targetRef:
    name: ${apiName(api)}
  policyRef:
    name: openidconnect-access-token-enforcement-flex
  rules:
${rules(permission)}
  config:
    tokenUrl: ${introspectUrl(deployment)}
    clientId: ${yamlText(deployment.client.id)}
    clientSecret: ${JSON.stringify(deployment.client.secret)}
    scopes: ${JSON.stringify(permission)}
    scopeValidationCriteria: AND
    # X-AGW-* to the service: scalars only, so roles_str and not roles.
    exposeHeaders: true
    authenticationTimeout: 5000${deployment.client.keep === 0 ? '' : `\n    maxFederationExpirationTime: ${deployment.client.keep}`}`,
    )
    .join('\n');
};

/** MuleSoft Anypoint: the client provider (Mule and Flex in connected mode), and policies for Flex in local mode. */
export const mulesoft: Guide = {
  kind: 'mulesoft',
  about:
    'MuleSoft Anypoint registers clients here and introspects each token (OpenID Connect OAuth 2.0 Token Enforcement)',
  asks: 'introspection',
  everyApi: true,
  headers:
    'Headers: the service reads X-AGW-*; a policy of its own must take X-AGW-* and X-Auth-* of callers away before.',
  files: (deployment) => [
    { name: 'client-provider.txt', text: provider(deployment) },
    {
      name: 'flex-policies.yaml',
      text: `${comment('#', [
        ...notes(mulesoft, deployment),
        'Flex Gateway in local mode: the policy for each permission. In connected mode set the same in API Manager, by resource and method.',
        'The service gets X-AGW-*; a Flex header policy (header-removal) must take X-Auth-* and X-AGW-* of callers away before.',
        'A request that no rule fits is NOT held back by a policy: let the API instance offer only the paths below.',
      ])}
${allWays(deployment).length === 0 ? '' : deployment.apis.map((api) => policy(deployment, api)).join('\n')}
`,
    },
  ],
};
