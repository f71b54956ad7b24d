import type Koa from 'koa';
import type { Clients } from '../clients/clients.ts';
import type { IntrospectionTokens } from '../clients/introspection-tokens.ts';
import type { Tiers } from '../clients/tiers.ts';
import type { Access } from '../directory/access.ts';
import { adminApi } from '../directory/built-in.ts';
import type { Decide } from '../directory/decide.ts';
import type { Groups } from '../directory/groups.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { Rights } from '../directory/rights.ts';
import type { Users } from '../directory/users.ts';
import type { Devices } from '../factors/devices.ts';
import type { Enrolments } from '../factors/enrolments.ts';
import type { MfaPolicies } from '../factors/policies.ts';
import type { Connections } from '../federation/connections.ts';
import type { Refreshing } from '../federation/refreshing.ts';
import type { TestRuns } from '../federation/test-runs.ts';
import { openapi } from '../http/openapi.ts';
import { type Caller, type Operation, resource } from '../http/resource.ts';
import { stillAllowed } from '../protocol/claims.ts';
import type { TokenStatus } from '../protocol/token-status.ts';
import type { ScimTokens } from '../scim/tokens.ts';
import type { Streams } from '../signals/streams.ts';
import type { Webhooks } from '../signals/webhooks.ts';
import { adminApis } from './admin-apis.ts';
import { adminAssignments } from './admin-assignments.ts';
import { adminClients } from './admin-clients.ts';
import { adminConnectionTests } from './admin-connection-tests.ts';
import { adminConnections } from './admin-connections.ts';
import { adminFactors } from './admin-factors.ts';
import { adminGroups } from './admin-groups.ts';
import { adminIntrospectionTokens } from './admin-introspection-tokens.ts';
import { adminMfa } from './admin-mfa.ts';
import { adminOrganizations } from './admin-organizations.ts';
import { adminRoles } from './admin-roles.ts';
import { adminScimTokens } from './admin-scim-tokens.ts';
import { adminStreams } from './admin-streams.ts';
import { adminTiers } from './admin-tiers.ts';
import { adminWebhooks } from './admin-webhooks.ts';

interface Door {
  issuer: string;
  decide: Decide;
  status: TokenStatus;
}

interface Parts {
  issuer: string;
  /** The header with a client's certificate, where a proxy hands one on. */
  clientCertificateHeader?: string | undefined;
  clients: Clients;
  introspectionTokens: IntrospectionTokens;
  tiers: Tiers;
  connections: Connections;
  refreshing: Refreshing;
  testRuns: TestRuns;
  users: Users;
  enrolments: Enrolments;
  devices: Devices;
  mfaPolicies: MfaPolicies;
  access: Access;
  groups: Groups;
  organizations: Organizations;
  decide: Decide;
  rights: Rights;
  webhooks: Webhooks;
  scim: { tokens: ScimTokens };
  streams: Streams;
  forgetClient(id: string, actor: string): Promise<void>;
}

const base = '/admin/api/v1';

/** Everything that administration can do, each declared once: HTTP, console, commands and files run these. */
export function adminOperations(parts: Parts): Operation[] {
  const { clients, clientCertificateHeader } = parts;
  return [
    ...adminClients(clients, parts.forgetClient, parts.rights, clientCertificateHeader),
    ...adminIntrospectionTokens(clients, parts.introspectionTokens),
    ...adminConnections(parts),
    ...adminConnectionTests(parts),
    ...adminMfa(parts),
    ...adminFactors(parts),
    ...adminWebhooks(parts),
    ...adminStreams(parts),
    ...adminTiers(parts.tiers),
    ...adminApis(parts),
    ...adminRoles(parts),
    ...adminGroups(parts),
    ...adminOrganizations(parts),
    ...adminScimTokens(parts),
    ...adminAssignments(parts),
  ];
}

/** The admin API and its OpenAPI document, which is no secret. */
export function admin(operations: readonly Operation[], { issuer, decide, status }: Door): Koa.Middleware {
  // Made when somebody reads it: a start takes noticeably longer with it, and few starts need it.
  let document: ReturnType<typeof openapi> | undefined;
  const api = resource(base, operations, (token) => callerBehind(token, status, decide));
  return (ctx, next) => {
    if (ctx.path !== '/admin/api/openapi.json' || ctx.method !== 'GET') return api(ctx, next);
    document ??= openapi({ title: 'Sallyport administration', version: '1', issuer, base }, operations);
    ctx.body = document;
    return undefined;
  };
}

/**
 * Who calls with this token, and what it may do: what the token was granted, its client may have and its subject holds now. A token bound to
 * a key or certificate proves nothing by itself, so it is refused (RFC 8705 §3, RFC 9449 §7.1).
 */
export async function callerBehind(token: string, status: TokenStatus, decide: Decide): Promise<Caller | undefined> {
  const live = await status.live(token);
  if (!live || live.payload.kind === 'RefreshToken' || live.payload.aud !== adminApi) return undefined;
  const { payload, client, user } = live;
  if (payload.jkt !== undefined || payload['x5t#S256'] !== undefined) return undefined;
  const actor = user ? `user:${user.id}` : `client:${client.id}`;
  const { entitlements } = await decide.held(actor, adminApi);
  const granted = new Set(stillAllowed(payload.scope, client.metadata.scope)?.split(' '));
  return { actor, permissions: new Set(entitlements.filter((name) => granted.has(name))) };
}
