import { z } from 'zod';
import type { Trail } from '../audit/trail.ts';
import type { Clients } from '../clients/clients.ts';
import type { Reach } from '../directory/reach.ts';
import type { Users } from '../directory/users.ts';
import { given } from '../http/given.ts';
import { listOf, page, sifted } from '../http/paging.ts';
import { type By, type Operation, operation } from '../http/resource.ts';
import { invalid, missing } from '../kernel/errors.ts';
import type { Grants } from '../protocol/grants.ts';
import type { OpenSession, Sessions } from '../protocol/sessions.ts';
import type { SeenSession, SeenSessions } from '../signin/seen-sessions.ts';
import { managedUser, seenUser } from './known-user.ts';

interface Parts {
  users: Users;
  clients: Clients;
  reach: Reach;
  trail: Trail;
  grants: Grants;
  ending: Sessions;
  seenSessions: SeenSessions;
  /** Whether a session counts no more, though it is still kept (signin/standing.ts). */
  ended(session: { uid: string; accountId: string; loginTs: number; amr: readonly string[] }): Promise<boolean>;
}

const text = z.string();
const texts = z.array(text);
const time = z.int().meta({ description: 'Seconds since the epoch' });
const params = z.object({ id: text });
const scope = 'organization';

/** A session as the admin API shows it. */
export const sessionReply = z
  .object({
    id: text,
    user: text.meta({ description: 'The id of the person' }),
    signed_in: time,
    ends: time.meta({ description: 'Unless it is used before' }),
    amr: texts.meta({ description: 'How the person signed in (RFC 8176)' }),
    clients: texts.meta({ description: 'Those that were signed in to by it' }),
    last_seen: time.optional(),
    ip: text.optional(),
    user_agent: text.optional().meta({ description: 'What the browser says of itself' }),
  })
  .meta({ id: 'Session', description: 'Where somebody is signed in' });

const document = (session: OpenSession, seen: SeenSession | undefined): z.input<typeof sessionReply> => {
  const { id, account: user, loginTs, ends, amr, clients } = session;
  return {
    ...{ id, user, signed_in: loginTs, ends, amr: [...amr], clients },
    ...given({ last_seen: seen?.seen, ip: seen?.ip, user_agent: seen?.browser }),
  };
};

/** The admin API's operations on where people are signed in. */
export const adminSessions = (parts: Parts): Operation[] => [...reading(parts), endingOne(parts), endingAll(parts)];

/** Whether it still counts and is the caller's to see. */
async function stands({ ended, reach }: Parts, by: By, { account, ...session }: OpenSession): Promise<boolean> {
  if (account === '' || !(await reach.sees(by, `user:${account}`))) return false;
  return !(await ended({ ...session, accountId: account }));
}

async function known(parts: Parts, by: By, id: string): Promise<OpenSession> {
  const session = await parts.ending.get(id);
  if (!session || !(await stands(parts, by, session))) throw missing('This session');
  return session;
}

const reading = (parts: Parts): Operation[] => [
  operation({
    name: 'listSessions',
    method: 'get',
    path: '/sessions',
    about: 'List where people are signed in, of one person or client; a page may have fewer items than asked for',
    permission: 'sessions:read',
    scope,
    query: page.extend({ user: text.optional(), client: text.optional() }),
    reply: listOf(sessionReply),
    async run({ query: { user, client, ...part }, by }) {
      if (user !== undefined) await seenUser(parts, by, user);
      const known = new Map<string, Promise<Map<string, SeenSession>>>();
      const seenOf = (account: string) => {
        const all = known.get(account) ?? parts.seenSessions.ofAccount(account);
        known.set(account, all);
        return all;
      };
      return sifted(
        part,
        (some) => parts.ending.page(given({ account: user }), some),
        async ({ session }) => {
          if (client !== undefined && !session.clients.includes(client)) return undefined;
          if (!(await stands(parts, by, session))) return undefined;
          return document(session, (await seenOf(session.account)).get(session.uid));
        },
      );
    },
  }),
  operation({
    name: 'getSession',
    method: 'get',
    path: '/sessions/:id',
    about: 'Show where somebody is signed in',
    permission: 'sessions:read',
    scope,
    params,
    reply: sessionReply,
    async run({ params: { id }, by }) {
      const session = await known(parts, by, id);
      return document(session, (await parts.seenSessions.ofAccount(session.account)).get(session.uid));
    },
  }),
];

/** Ends it with what rests on it, and tells who asked for it; false when somebody else was faster. */
async function end({ seenSessions, ending, trail }: Parts, session: OpenSession, actor: string): Promise<boolean> {
  await seenSessions.end(session);
  const done = await ending.end(session.uid);
  if (!done) return false;
  const detail = { reason: 'ended by an administrator', untold: done.untold.join(' ') || undefined };
  await trail.record({ type: 'session.ended', actor, target: `user:${session.account}`, detail });
  return true;
}

const endingOne = (parts: Parts): Operation =>
  operation({
    name: 'endSession',
    method: 'delete',
    path: '/sessions/:id',
    about: 'End a session with its tokens; applications that want to hear of it are told',
    permission: 'sessions:write',
    scope,
    params,
    async run({ params: { id }, actor, by }) {
      const session = await known(parts, by, id);
      await managedUser(parts, by, session.account);
      if (!(await end(parts, session, actor))) throw missing('This session');
    },
  });

const endingAll = (parts: Parts): Operation =>
  operation({
    name: 'endSessions',
    method: 'post',
    path: '/sessions/end',
    about: 'End all sessions of a person, or all that people have granted a client, with the tokens',
    permission: 'sessions:write',
    scope,
    body: z.strictObject({ user: text, client: text }).partial(),
    reply: z.object({ sessions: z.int(), grants: z.int() }).meta({ description: 'How many were ended' }),
    async run({ body: { user, client }, actor, by }) {
      if ((user === undefined) === (client === undefined)) throw invalid('Name a user or a client, whose sessions end');
      if (user !== undefined) return { sessions: await endOf(parts, by, user), grants: 0 };
      const id = client ?? '';
      const name = `The client ${id.slice(0, 200)}`;
      if (!(await parts.clients.get(id))) throw missing(name);
      await parts.reach.refuseBeyond(by, `client:${id}`, name);
      const grants = await parts.grants.endOfClient(id);
      await parts.trail.record({ type: 'client.signed-out', actor, target: `client:${id}`, detail: { grants } });
      return { sessions: 0, grants };
    },
  });

async function endOf(parts: Parts, by: By, user: string): Promise<number> {
  await managedUser(parts, by, user);
  const all = await parts.ending.list(user);
  const done = await Promise.all(all.map((session) => end(parts, session, by.actor)));
  return done.filter(Boolean).length;
}
