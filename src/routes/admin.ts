import type Koa from 'koa';
import { adminApi } from '../directory/built-in.ts';
import type { Decide } from '../directory/decide.ts';
import type { Organizations } from '../directory/organizations.ts';
import { openapi } from '../http/openapi.ts';
import { type Caller, type Operation, resource } from '../http/resource.ts';
import { watched } from '../http/watch.ts';
import { stillAllowed } from '../protocol/claims.ts';
import { organizationNow, type TokenStatus } from '../protocol/token-status.ts';
import { adminApis } from './admin-apis.ts';
import { adminAssignments } from './admin-assignments.ts';
import { adminAudit } from './admin-audit.ts';
import { adminClients } from './admin-clients.ts';
import { adminConnectionKeys } from './admin-connection-keys.ts';
import { adminConnectionPreview } from './admin-connection-preview.ts';
import { adminConnectionTests } from './admin-connection-tests.ts';
import { adminConnections } from './admin-connections.ts';
import { adminFactors } from './admin-factors.ts';
import { adminGateways } from './admin-gateways.ts';
import { adminGroups } from './admin-groups.ts';
import { adminImpersonation } from './admin-impersonation.ts';
import { adminIntrospectionTokens } from './admin-introspection-tokens.ts';
import { adminKeys } from './admin-keys.ts';
import { adminMfa } from './admin-mfa.ts';
import { adminOrganizations } from './admin-organizations.ts';
import { adminOverview } from './admin-overview.ts';
import { adminRegistrars } from './admin-registrars.ts';
import { resources } from './admin-resources.ts';
import { adminRoles } from './admin-roles.ts';
import { adminScimTokens } from './admin-scim-tokens.ts';
import { adminSessions } from './admin-sessions.ts';
import { adminSettings } from './admin-settings.ts';
import { adminSetupLinks } from './admin-setup-links.ts';
import { adminStreams } from './admin-streams.ts';
import { adminTiers } from './admin-tiers.ts';
import { adminUserSignIn } from './admin-user-sign-in.ts';
import { adminUsers } from './admin-users.ts';
import { AdminWatch } from './admin-watch.ts';
import { adminWebhooks } from './admin-webhooks.ts';

interface Door {
  issuer: string;
  decide: Decide;
  organizations: Organizations;
  status: TokenStatus;
}

const base = '/admin/api/v1';

/** The rooms of administration, one file for each. */
const makers = [
  ...[
    adminClients,
    adminIntrospectionTokens,
    adminRegistrars,
    adminTiers,
    adminConnections,
    adminConnectionKeys,
    adminConnectionPreview,
    adminConnectionTests,
    adminSetupLinks,
  ],
  ...[adminUsers, adminUserSignIn, adminImpersonation, adminFactors, adminSessions, adminMfa, adminKeys],
  ...[adminWebhooks, adminStreams, adminAudit],
  ...[adminApis, adminRoles, adminGroups, adminOrganizations, adminAssignments, adminScimTokens, adminOverview],
  ...[adminSettings, adminGateways],
];

/** What they are put together of: what each file names, which is its first argument. */
type Parts = Together<(typeof makers)[number]>;
type Together<F> = (F extends (parts: infer P) => unknown ? (all: P) => void : never) extends (all: infer A) => void
  ? A
  : never;

/**
 * Everything that administration can do, each declared once: HTTP, console, commands and files run these, and whoever they do
 * it for is on the trail before.
 */
export const adminOperations = (parts: Parts): Operation[] =>
  watched(
    makers.flatMap((make) => make(parts)),
    new AdminWatch(parts),
  );

/** The admin API and its OpenAPI document, which is no secret. */
export function admin(operations: readonly Operation[], door: Door): Koa.Middleware {
  const { issuer } = door;
  const about = { title: 'Sallyport administration', version: '1', issuer, base, resources };
  // Made when somebody reads it: a start takes noticeably longer with it, and few starts need it.
  let document: ReturnType<typeof openapi> | undefined;
  const api = resource(base, operations, (token) => callerBehind(token, door));
  return (ctx, next) => {
    if (ctx.path !== '/admin/api/openapi.json' || ctx.method !== 'GET') return api(ctx, next);
    document ??= openapi(about, operations);
    ctx.body = document;
    return undefined;
  };
}

/**
 * Who calls with this token, and what it may do: what the token was granted, its client may have and its subject holds now; in
 * a token for an organisation also what it holds within that one. A token bound to a key or certificate proves nothing by
 * itself, so it is refused (RFC 8705 §3, RFC 9449 §7.1).
 */
export async function callerBehind(
  token: string,
  { status, decide, organizations }: Door,
): Promise<Caller | undefined> {
  const live = await status.live(token);
  if (!live || live.payload.kind === 'RefreshToken' || live.payload.aud !== adminApi) return undefined;
  const { payload, client, user } = live;
  if (payload.jkt !== undefined || payload['x5t#S256'] !== undefined) return undefined;
  const actor = user ? `user:${user.id}` : `client:${client.id}`;
  const granted = new Set(stillAllowed(payload.scope, client.metadata.scope)?.split(' '));
  const allowed = async (place?: string) => {
    const { entitlements } = await decide.held(actor, adminApi, place);
    return new Set(entitlements.filter((name) => granted.has(name)));
  };
  const permissions = await allowed();
  const organization = await organizationNow(organizations, live);
  if (organization === undefined) return { actor, permissions };
  return { actor, permissions, within: { organization, permissions: await allowed(organization) } };
}
