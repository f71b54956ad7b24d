import { allWays, claimHeaders, type Deployment, type Guarded, type Guide, jwksUrl, type Way } from './guide.ts';
import { notes } from './notes.ts';

/** KrakenD knows `{name}`; its open edition has no wildcard, so `**` becomes the one of the Enterprise edition. */
const path = (template: string): string =>
  template
    .split('/')
    .map((segment, index) => (segment === '*' ? `{p${index}}` : segment === '**' ? '*' : segment))
    .join('/');

/** Only claims that every token has: one that is missing would leave the header as the caller sent it. */
const claimsOf = ({ minimal }: Guarded) =>
  minimal ? claimHeaders.filter(([claim]) => claim !== 'roles_str') : claimHeaders;

const endpoints = (deployment: Deployment, { api, way }: { api: Guarded; way: Way }): object[] =>
  (way.methods.length === 0 ? ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] : way.methods)
    .filter((method) => method !== 'HEAD' && method !== 'OPTIONS')
    .map((method) => ({
      endpoint: path(way.template),
      method,
      output_encoding: 'no-op',
      // Only what stands here goes on; the X-Auth-* among them are written from the token before.
      input_headers: ['Content-Type', 'Accept', ...claimsOf(api).map(([, header]) => header)],
      extra_config: {
        'auth/validator': {
          alg: api.signingAlg,
          issuer: deployment.issuer,
          audience: [api.audience],
          jwk_url: jwksUrl(deployment),
          cache: true,
          cache_duration: 300,
          disable_jwk_security: deployment.reach.startsWith('http:'),
          scopes_key: 'scope',
          scopes_matcher: 'all',
          scopes: [way.permission],
          propagate_claims: claimsOf(api),
        },
      },
      backend: [{ url_pattern: path(way.template), encoding: 'no-op', host: [deployment.upstream.origin] }],
    }));

/** KrakenD: verifies JWT access tokens, asks nobody. */
export const krakend: Guide = {
  kind: 'krakend',
  about: 'KrakenD verifies JWT access tokens and checks their scope; it never introspects',
  asks: 'jwt',
  files: (deployment) => [
    {
      name: 'krakend.json',
      text: `${JSON.stringify(
        {
          $schema: 'https://www.krakend.io/schema/v2.9/krakend.json',
          '@comment': [
            ...notes(krakend, deployment),
            'A path that ends in /* needs the Enterprise edition; with the open one write an endpoint for each depth.',
            'By roles instead of scopes: roles_key "roles", roles ["…"].',
            'A path that is no endpoint is not found.',
          ].filter((line) => line !== ''),
          version: 3,
          port: deployment.port,
          endpoints: allWays(deployment).flatMap((each) => endpoints(deployment, each)),
        },
        undefined,
        2,
      )}
`,
    },
  ],
};
