import type { Identities } from '../directory/identities.ts';
import type { Users } from '../directory/users.ts';
import type { Connections } from '../federation/connections.ts';
import type { SeenSessions } from './seen-sessions.ts';
import type { FederatedSession, UpstreamSessions } from './upstream-sessions.ts';

/** How long a session lives, in seconds: unused, and since the sign-in. */
export interface SessionLimits {
  idle: number;
  absolute: number;
}

/** What a session rests on. */
export interface StandingParts {
  users: Users;
  limits: SessionLimits;
  connections: Pick<Connections, 'get'>;
  identities: Pick<Identities, 'of'>;
  upstreamSessions: UpstreamSessions;
  seenSessions: Pick<SeenSessions, 'hasEnded'>;
}

/** A session of a browser, as far as the library keeps it. */
export interface Session {
  uid?: string | undefined;
  accountId?: string | undefined;
  loginTs?: number | undefined;
  amr?: readonly string[] | undefined;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Whether a session came through a provider. */
export const isFederated = (session: Session | undefined): boolean => session?.amr?.includes('fed') === true;

/** A session counts no more when its person is gone or was signed out everywhere since, or when it, or the one at the provider that it rests on, has become too old. */
export async function hasEnded(parts: StandingParts, session: Session | undefined): Promise<boolean> {
  const { users, limits, seenSessions, upstreamSessions } = parts;
  const { accountId, loginTs = 0, uid } = session ?? {};
  if (accountId === undefined) return false;
  const user = await users.get(accountId);
  if (user?.state !== 'active' || loginTs < (user.signedOut ?? 0) || loginTs + limits.absolute <= seconds())
    return true;
  if (uid === undefined) return false;
  if (await seenSessions.hasEnded(uid, loginTs)) return true;
  if (!isFederated(session)) return false;
  const upstream = await upstreamSessions.ofSession(uid);
  // A logout forgets it first: a request that was under way, and kept its session after that, brings nothing back.
  if (upstream === undefined || (upstream.ends !== undefined && upstream.ends <= seconds())) return true;
  return !(await stillLetIn(upstream, parts));
}

/** Whether the way in is still open: a connection that was switched off or removed, or an identity that was taken away, carries no session. */
async function stillLetIn(session: FederatedSession, { connections, identities }: StandingParts): Promise<boolean> {
  const connection = await connections.get(session.connection);
  if (connection?.state !== 'enabled') return false;
  return (await identities.of(connection, session.subject))?.user === session.account;
}
