import { question } from '../../views/account/frame.ts';
import { type SessionView, sessionName, sessionsContent } from '../../views/account/sessions.ts';
import type { Trail } from '../audit/trail.ts';
import { isBuiltInClient } from '../clients/built-in.ts';
import type { Clients } from '../clients/clients.ts';
import { browserName } from '../http/user-agent.ts';
import { missing } from '../kernel/errors.ts';
import type { OpenSession, Sessions } from '../protocol/sessions.ts';
import type { SeenSessions } from '../signin/seen-sessions.ts';
import { pageOf, parameter } from './account-list.ts';
import { type AccountPage, accountPage, type Reply, type Shown, type Visit } from './account-page.ts';

interface Parts {
  clients: Clients;
  trail: Trail;
  seenSessions: SeenSessions;
  ending: Sessions;
  /** Whether a session counts no more, though it is still kept (signin/standing.ts). */
  ended(session: { uid: string; accountId: string; loginTs: number; amr: readonly string[] }): Promise<boolean>;
}

const list = '/account/sessions';
/** So many that the page stays below 30 kB with the longest names. */
const perPage = 25;
const ending = '/account/sessions/end';

/** Where somebody is signed in, and an end to it. To end a session takes a fresh proof: whoever stole one must not end the owner's. */
export const sessionPages = (parts: Parts): AccountPage[] => [
  accountPage({ path: list, room: list, needs: 'session', get: (visit) => overview(parts, visit) }),
  accountPage({
    path: ending,
    room: list,
    needs: 'fresh',
    async get(visit) {
      const id = parameter(visit.ctx, 'session');
      return id === undefined ? askAll(visit) : askOne(visit, await own(parts, visit, id));
    },
    async post(visit, form) {
      const id = form.get('session');
      if (id === undefined) return endOthers(parts, visit);
      const session = await own(parts, visit, id);
      await end(parts, visit, session);
      const { frame } = visit;
      return {
        goOn: list,
        said: { key: 'account.sessions.ended', values: { name: String(sessionName(frame, session)) } },
      };
    },
  }),
];

/** The sessions of this person that count, newest first. */
async function openOnes({ ending: sessions, ended }: Parts, { user }: Visit): Promise<OpenSession[]> {
  const all = await sessions.list(user.id);
  const gone = await Promise.all(all.map(({ account: accountId, ...one }) => ended({ ...one, accountId })));
  return all.filter((_, at) => !gone[at]);
}

/** Sessions with what is known of them. */
async function views(parts: Parts, visit: Visit, sessions: readonly OpenSession[]): Promise<SessionView[]> {
  const seen = await parts.seenSessions.ofAccount(visit.user.id);
  return Promise.all(
    sessions.map(async ({ id, uid, loginTs, clients }) => {
      const known = seen.get(uid);
      const names = await Promise.all(
        clients
          .filter((client) => !isBuiltInClient(client))
          .slice(0, 10)
          .map(async (client) => (await parts.clients.get(client))?.name ?? client),
      );
      return {
        ...{ id, began: loginTs, seen: known?.seen, ip: known?.ip },
        browser: known && browserName(known.browser),
        applications: names,
        current: uid === visit.session.uid,
      };
    }),
  );
}

async function overview(parts: Parts, visit: Visit): Promise<Shown> {
  const { ctx, frame, user, session } = visit;
  const open = await openOnes(parts, visit);
  const here = open.filter(({ uid }) => uid === session.uid);
  const others = open.filter(({ uid }) => uid !== session.uid);
  const { part, pages } = pageOf(ctx, [...here, ...others], perPage);
  const all = await views(parts, visit, part);
  const timeZone = user.profile.zoneinfo;
  const content = sessionsContent(frame, { all, others: others.length > 0, pages, timeZone });
  return { title: frame.say('account.nav.sessions'), content };
}

/** A session of this person by the name that a form or an address gives; those of others are not there. Throws `missing`. */
async function own(parts: Parts, visit: Visit, id: string): Promise<SessionView & { session: OpenSession }> {
  const session = (await openOnes(parts, visit)).find((one) => one.id === id);
  const [view] = session ? await views(parts, visit, [session]) : [];
  if (!session || !view) throw missing('This session');
  return { ...view, session };
}

function askOne({ frame }: Visit, view: SessionView): Shown {
  const name = sessionName(frame, view);
  const title = frame.say('account.sessions.end-one.title', { name });
  const content = question(frame, {
    ...{ title, action: ending, fields: { session: view.id }, back: list },
    sentence: frame.say('account.sessions.end-one.sentence'),
    deed: frame.say('account.sessions.end'),
  });
  return { title, content };
}

function askAll({ frame }: Visit): Shown {
  const title = frame.say('account.sessions.end-others.title');
  const content = question(frame, {
    ...{ title, action: ending, fields: {}, back: list },
    sentence: frame.say('account.sessions.end-others.sentence'),
    deed: frame.say('account.sessions.end-others'),
  });
  return { title, content };
}

async function endOthers(parts: Parts, visit: Visit): Promise<Reply> {
  const others = (await parts.ending.list(visit.user.id)).filter(({ uid }) => uid !== visit.session.uid);
  await Promise.all(others.map((session) => end(parts, visit, { session })));
  return { goOn: list, said: { key: 'account.sessions.others-ended' } };
}

async function end(
  { ending: sessions, seenSessions, trail }: Parts,
  visit: Visit,
  { session }: { session: OpenSession },
) {
  const { user, seen } = visit;
  await seenSessions.end(session);
  const done = await sessions.end(session.uid);
  if (!done) return;
  const actor = `user:${user.id}`;
  const detail = { reason: 'ended by the person', untold: done.untold.join(' ') || undefined };
  await trail.record({ type: 'session.ended', actor, target: actor, ...seen, detail });
}
