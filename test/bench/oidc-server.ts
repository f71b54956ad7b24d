import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type Configuration, Provider } from 'oidc-provider';

/**
 * The library by itself, with its own in-memory adapter (which keeps the last 1000 rows): the grants and endpoints that
 * are measured, opaque tokens, refresh tokens that rotate, a sign-in without pages. The secrets come as JSON in the first
 * argument: of `service`, `web` and `gateway`.
 */
const secrets: Record<string, string> = JSON.parse(process.argv[2] ?? '{}');

let handle: RequestListener = () => {};
const server = createServer((request, response) => handle(request, response));
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = typeof address === 'object' ? address?.port : undefined;

const client = (id: string, grants: string[], redirectUris: string[] = []) => ({
  client_id: id,
  client_secret: secrets[id] ?? '',
  grant_types: grants,
  redirect_uris: redirectUris,
  response_types: redirectUris.length > 0 ? (['code'] as const) : [],
});

const configuration: Configuration = {
  clients: [
    client('service', ['client_credentials']),
    client('gateway', []),
    client('web', ['authorization_code', 'refresh_token'], ['http://localhost:8080/callback']),
  ].map((one) => ({ ...one, response_types: [...one.response_types] })),
  cookies: { keys: ['a key for the cookies of a measurement'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
  },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_ctx, interaction) => `/sign-in/${interaction.uid}` },
  issueRefreshToken: (_ctx, one) => one.grantTypeAllowed('refresh_token'),
  async loadExistingGrant(ctx) {
    const { client: asking, session } = ctx.oidc;
    if (!asking || !session?.accountId) return undefined;
    const known = session.grantIdFor(asking.clientId);
    if (known) return ctx.oidc.provider.Grant.find(known);
    const grant = new ctx.oidc.provider.Grant({ accountId: session.accountId, clientId: asking.clientId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  scopes: ['openid', 'offline_access'],
  ttl: {
    AccessToken: 600,
    AuthorizationCode: 60,
    ClientCredentials: 600,
    Grant: 14 * 86_400,
    IdToken: 3600,
    Interaction: 900,
    RefreshToken: 14 * 86_400,
    Session: 8 * 3600,
  },
};

const provider = new Provider(`http://localhost:${port}`, configuration);
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/sign-in/')) return next();
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, { login: { accountId: 'alice' } }));
  return undefined;
});
handle = provider.callback();
process.stdout.write(`listening on ${port}\n`);
