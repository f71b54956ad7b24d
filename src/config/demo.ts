import { z } from 'zod';

const id = z.string().min(1);
const list = z.array(z.string().min(1)).default([]);

const api = z.strictObject({
  id: id.meta({ description: 'The audience' }),
  permissions: list,
  tokenFormat: z.enum(['opaque', 'jwt']).default('opaque'),
  signingAlg: z.enum(['RS256', 'ES256', 'EdDSA']).default('RS256'),
  routes: list.meta({ description: '`METHOD PATH = PERMISSION`' }),
  host: z.string().optional(),
  acr: z.enum(['1fa', '2fa', 'phr']).optional().meta({ description: 'What a sign-in must be worth for its tokens' }),
  maxAge: z.int().optional().meta({ description: 'Seconds that a sign-in may be old' }),
});

const role = z.strictObject({
  id,
  permissions: list.meta({ description: '`AUDIENCE#PERMISSION`' }),
  includes: list.meta({ description: 'Roles whose permissions it has too' }),
});

const client = z.strictObject({
  id,
  name: z.string(),
  firstParty: z.boolean().default(false),
  introspects: z.union([z.literal('all'), z.array(z.string())]).default([]),
  roles: list,
  metadata: z
    .strictObject({
      grant_types: list,
      response_types: list,
      redirect_uris: list,
      post_logout_redirect_uris: list,
      token_endpoint_auth_method: z
        .enum(['client_secret_basic', 'client_secret_post', 'none'])
        .default('client_secret_basic'),
      scope: z.string().optional(),
    })
    .meta({ description: 'Client metadata under the names of RFC 7591' }),
});

const registrar = z.strictObject({
  id,
  approve: z.enum(['pending', 'at-once']).default('pending'),
  grants: list,
  scopes: list,
  redirectHosts: list,
});

const user = z.strictObject({
  email: z.email('must be an e-mail address'),
  name: z.string().optional(),
  profile: z.record(z.string(), z.unknown()).default({}).meta({ description: 'Claims of OIDC Core §5.1' }),
  roles: list,
});

/** Resources made on the first start in development, never in production; their secrets are made too, and random. */
export const demo = z
  .strictObject({
    apis: z.array(api).default([]),
    roles: z.array(role).default([]),
    clients: z.array(client).default([]),
    registrars: z.array(registrar).default([]),
    users: z.array(user).default([]),
  })
  .meta({ description: 'Demo resources, made on the first start in development; refused in production' });
