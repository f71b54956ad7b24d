import type { z } from 'zod';
import type { Client, Clients } from '../clients/clients.ts';
import type { Access } from '../directory/access.ts';
import { isBuiltIn } from '../directory/built-in.ts';
import type { Api, Role } from '../directory/terms.ts';
import {
  type GatewayApi,
  type GatewayClient,
  guardedByDefault,
  type Obstacle,
  obstaclesOfApis,
  obstaclesOfClient,
} from '../gateways/fitness.ts';
import { type Deployment, type Guarded, type Guide, placeholder } from '../gateways/guide.ts';
import { longestTtl } from '../gateways/notes.ts';
import { boundOf } from '../gateways/products.ts';
import { standIns } from '../gateways/stand-in.ts';
import { waysOf } from '../gateways/ways.ts';
import { invalid, missing } from '../kernel/errors.ts';
import type { configurationBody, configurationReply } from './gateway-document.ts';

/** What configurations are made of. */
export interface Configuring {
  issuer: string;
  clients: Clients;
  access: Access;
  gateways: {
    /** Life of access tokens where an API says nothing else (seconds). */
    lifetime: number;
    everyApi(): Promise<Api[]>;
    everyRole(): Promise<Role[]>;
  };
}

/**
 * The files of a gateway for this server as it is now. Throws `missing`, and `invalid` for a client or API with which it could
 * not work, with the command that mends it.
 */
export async function configurationOf(
  parts: Configuring,
  guide: Guide,
  body: z.output<typeof configurationBody>,
): Promise<z.input<typeof configurationReply>> {
  const client = await parts.clients.get(body.client);
  if (!client) throw missing(`The client ${body.client}`);
  const caller = gatewayClient(client);
  refuse(
    guide,
    client.id,
    obstaclesOfClient(guide, caller, []).filter(({ what }) => what === 'state'),
  );
  const apis = await guarded(parts, guide, { caller, named: body.apis ?? [] });
  refuse(guide, client.id, [...obstaclesOfClient(guide, caller, apis), ...obstaclesOfApis(guide, apis)]);
  const secret = body.stand_in ?? placeholder;
  const files = guide.files(deployment(parts, { body, client, secret, apis }));
  return {
    kind: guide.kind,
    files: files.map(({ name, text }) => ({ name, text })),
    apis: apis.map(({ audience }) => audience),
    unrouted: apis.filter(({ routed }) => !routed).map(({ audience }) => audience),
    stand_ins: standIns(files, client.id, secret),
    bound: boundOf(guide.kind, { keep: client.cacheSeconds ?? 0, ttl: longestTtl(apis) }),
  };
}

function deployment(
  { issuer }: Configuring,
  {
    body,
    client,
    secret,
    apis,
  }: { body: z.output<typeof configurationBody>; client: Client; secret: string; apis: readonly Guarded[] },
): Deployment {
  return {
    issuer,
    reach: new URL(body.reach ?? issuer).origin,
    client: {
      ...{ id: client.id, secret, keep: client.cacheSeconds ?? 0 },
      redirectUri: client.metadata.redirect_uris?.[0],
    },
    apis,
    upstream: new URL(body.upstream ?? 'http://127.0.0.1:8080'),
    ca: body.ca ?? '/etc/ssl/certs/ca-certificates.crt',
    port: body.port ?? 8000,
  };
}

const gatewayClient = ({ id, state, introspects, metadata }: Client): GatewayClient => ({
  ...{ id, state, introspects },
  auth: metadata.token_endpoint_auth_method,
  grants: metadata.grant_types ?? [],
  redirects: metadata.redirect_uris ?? [],
});

/** The APIs that were named, or all that such a gateway guards by itself. */
async function guarded(
  { access, gateways: { everyApi, everyRole, lifetime } }: Configuring,
  guide: Guide,
  { caller, named }: { caller: GatewayClient; named: readonly string[] },
): Promise<(Guarded & GatewayApi)[]> {
  const roles = await everyRole();
  const described = (api: Api) => ({
    ...{ audience: api.id, host: api.host, tokenFormat: api.tokenFormat, signingAlg: api.signingAlg },
    ...{ routed: api.routes.length > 0, ways: waysOf(api.routes), roles: rolesOn(api, roles) },
    ...{ minimal: api.profile === 'minimal', ttl: api.tokenTtl ?? lifetime },
  });
  if (named.length === 0) {
    const all = (await everyApi()).filter(({ id }) => !isBuiltIn(id));
    return guardedByDefault(guide, caller, all.map(described));
  }
  return Promise.all(
    [...new Set(named)].map(async (id) => {
      const api = await access.api(id);
      if (!api) throw missing(`The API ${id}`);
      return described(api);
    }),
  );
}

/** The roles that hold a permission on it, themselves or by one that they include. */
function rolesOn({ id }: Api, roles: readonly Role[]): string[] {
  const holds = new Set<string>();
  const own = (role: Role) => role.permissions.some((permission) => permission.startsWith(`${id}#`));
  for (let size = -1; size !== holds.size; ) {
    size = holds.size;
    for (const role of roles) if (own(role) || role.includes.some((name) => holds.has(name))) holds.add(role.id);
  }
  return [...holds].sort();
}

function refuse(guide: Guide, client: string, [first]: readonly Obstacle[]): void {
  if (first) throw invalid(advice(guide.kind, client, first));
}

/** What is in the way, with the command that changes it. */
function advice(kind: string, id: string, obstacle: Obstacle): string {
  switch (obstacle.what) {
    case 'state':
      return `The client ${id} is ${obstacle.state}, so its gateway would get no answer: sallyport client ${obstacle.state === 'suspended' ? 'resume' : 'approve'} ${id}`;
    case 'introspects':
      return `The client ${id} may not introspect these tokens: sallyport client set ${id} ${obstacle.wanted.map((one) => `--introspect ${one}`).join(' ')}`;
    case 'secret':
      return `A gateway of the kind ${kind} proves itself by a secret: sallyport client set ${id} --auth client_secret_basic`;
    case 'redirect':
      return `People are sent back by a redirect URI, and ${id} has none: sallyport client set ${id} --grant authorization_code --grant refresh_token --redirect-uri https://APPLICATION/oauth2/callback`;
    case 'no-jwt':
      return `${kind} verifies JWTs, and no API with routes has them: sallyport api set AUDIENCE --token-format jwt`;
    case 'opaque':
      return `${kind} verifies JWTs, and the tokens of ${obstacle.audience} are opaque: sallyport api set ${obstacle.audience} --token-format jwt`;
    case 'algorithm':
      return `${kind} verifies RSA signatures only: sallyport api set ${obstacle.audience} --signing-alg RS256`;
  }
}
