import { addressesOf } from './addresses.ts';
import type { Connection, Surroundings } from './connection.ts';
import type { Handoff, Memo, Reply, Trace, UpstreamSession } from './connector.ts';

/** How a browser is sent to a provider's logout. */
export type LogoutWay = Exclude<Handoff, { by: 'form' }>;

/**
 * Where the browser goes to sign out at the provider of this session too; undefined when the provider has no place for it.
 * The settings are in clear. Throws `refused` when the provider cannot be asked.
 */
export async function beginSignOut(
  settings: Connection,
  around: Surroundings,
  session: UpstreamSession,
  ticket: string,
): Promise<LogoutWay | undefined> {
  if (settings.kind === 'saml') {
    const { logoutRequest } = await import('./saml-logout.ts');
    return logoutRequest(settings, around, session, ticket);
  }
  if (settings.kind === 'ldap') return undefined;
  const { endSessionUrl } = await import('./oidc-logout.ts');
  const { logoutUri: postLogoutRedirectUri = '' } = addressesOf(settings, around.issuer);
  const hint = { idTokenHint: session.hint, postLogoutRedirectUri, state: ticket };
  const url = await endSessionUrl(settings, around, hint);
  return url === undefined ? undefined : { by: 'redirect', url, memo: {} };
}

/** Whether the provider says that its session has ended. Throws `refused` for an answer that is not as it must be. */
export async function endSignOut(
  settings: Connection,
  around: Surroundings,
  { reply, memo, trace }: { reply: Reply; memo: Memo; trace: Trace },
): Promise<boolean> {
  // OpenID Connect signs nothing here: the browser comes back, or it does not (RP-Initiated Logout 1.0 §3).
  if (settings.kind !== 'saml') return reply.fields.error === undefined;
  const { verifyLogoutResponse } = await import('./saml-logout.ts');
  return verifyLogoutResponse(reply, memo, { settings, around, trace });
}
