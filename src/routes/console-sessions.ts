import { type SessionView, sessionsContent } from '../../views/admin/sessions.ts';
import { listOf } from '../http/paging.ts';
import type { Html } from '../kernel/html.ts';
import { parameter } from './account-list.ts';
import { sessionReply } from './admin-sessions.ts';
import { namesOf } from './console-names.ts';
import { type ConsoleVisit, consoleAt } from './console-page.ts';

const perPage = 50;

/** Where people are signed in, of one person or at one application, as a part of a page at `path`. */
export async function sessionsOf(
  visit: ConsoleVisit,
  of: { user?: string; client?: string },
  path: string,
): Promise<Html> {
  const cursor = parameter(visit.ctx, 'cursor');
  const query = { ...of, cursor, limit: perPage };
  const { items, next } = await visit.read('listSessions', listOf(sessionReply), { query });
  const subjects = [
    ...items.map(({ user }) => `user:${user}`),
    ...items.flatMap(({ clients }) => clients.map((id) => `client:${id}`)),
  ];
  const names = await namesOf(visit, subjects);
  const all = items.map(
    (session): SessionView => ({
      who: names.of(`user:${session.user}`),
      where: session.clients.map((id) => names.of(`client:${id}`)),
      ...{ browser: session.user_agent, ip: session.ip, signedIn: session.signed_in, seen: session.last_seen },
      end: visit.may('endSession') ? consoleAt('sessions', session.id, 'end') : undefined,
    }),
  );
  return sessionsContent(visit.frame, {
    all,
    showsWho: of.user === undefined,
    first: cursor === undefined ? undefined : path,
    next: next === null ? undefined : `${path}?cursor=${next}`,
    timeZone: visit.user.profile.zoneinfo,
  });
}
