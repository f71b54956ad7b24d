import {
  dataContent,
  deleteContent,
  deletedPage,
  downloadContent,
  lastAdministratorContent,
} from '../../views/account/data.ts';
import { history } from '../audit/history.ts';
import type { Recorded, Trail } from '../audit/trail.ts';
import type { Access } from '../directory/access.ts';
import type { Groups } from '../directory/groups.ts';
import type { Identities } from '../directory/identities.ts';
import type { Organizations } from '../directory/organizations.ts';
import { isLastAdministrator } from '../directory/protected.ts';
import { calledAs, normalEmail, type User, type Users } from '../directory/users.ts';
import type { Notices } from '../notices/notices.ts';
import type { Grants } from '../protocol/grants.ts';
import type { Sessions } from '../protocol/sessions.ts';
import type { Consents } from '../signin/consent.ts';
import type { SeenSessions } from '../signin/seen-sessions.ts';
import { type AccountPage, accountPage, type Reply, type Shown, type Visit } from './account-page.ts';

interface Parts {
  users: Users;
  access: Access;
  groups: Groups;
  organizations: Organizations;
  identities: Identities;
  consents: Consents;
  grants: Grants;
  ending: Sessions;
  seenSessions: SeenSessions;
  notices: Notices;
  trail: Trail;
  /** What second factors and remembered devices there are, without anything secret. */
  factorsOf(user: string): Promise<object>;
  /** What an organisation's identity provider has pushed. */
  pushedOf(user: string): Promise<object | undefined>;
  /** Removes a person and everything of theirs (forgetting.ts). */
  forget(user: User, actor: string): Promise<void>;
}

const room = '/account/data';
const most = 1000;

/** What is kept about somebody, for them to have; and an end to all of it. */
export const dataPages = (parts: Parts): AccountPage[] => [
  accountPage({
    path: room,
    room,
    needs: 'session',
    get: async ({ frame }) => ({ title: frame.say('account.nav.data'), content: dataContent(frame) }),
  }),
  accountPage({
    path: '/account/data/download',
    room,
    needs: 'fresh',
    get: async ({ frame }) => ({ title: frame.say('account.data.download'), content: downloadContent(frame) }),
    async post(visit) {
      const actor = `user:${visit.user.id}`;
      await parts.trail.record({ type: 'user.exported', actor, target: actor, ...visit.seen });
      return {
        file: 'sallyport-account.json',
        json: JSON.stringify(await everything(parts, visit.user), undefined, 2),
      };
    },
  }),
  accountPage({
    path: '/account/data/delete',
    room,
    needs: 'fresh',
    get: (visit) => askToDelete(parts, visit),
    post: (visit, form) => remove(parts, visit, form.get('account')?.trim() ?? ''),
  }),
];

/** All that is kept about a person, in the words of the wire where it has some; nothing by which one could sign in. */
async function everything(parts: Parts, user: User): Promise<object> {
  const { access, consents, ending, factorsOf, grants, groups, identities, organizations, seenSessions, trail } = parts;
  const { id, password, profile, ...account } = user;
  const subject = `user:${id}`;
  const seen = await seenSessions.ofAccount(id);
  const wanted = { subject, limit: most, tells: () => true };
  const events: Recorded[] = [];
  for (let page = await history(trail, wanted); ; page = await history(trail, { ...wanted, before: page.next })) {
    events.push(...page.events);
    if (page.next === undefined) break;
  }
  return {
    account: { sub: id, ...account, has_password: password !== undefined },
    profile,
    roles: (await access.assignmentsOf(subject)).map(({ role, until, connection, organization }) => ({
      ...{ role, until, connection, organization },
    })),
    groups: (await groups.memberships(subject)).map(({ of: group, until, connection }) => ({
      ...{ group, until, connection },
    })),
    organizations: await organizations.of(subject),
    identities: (await identities.ofUser(id, { limit: most })).map(
      ({ connection, subject, label, created, lastUsed }) => ({
        ...{ connection, subject, label, created, last_used: lastUsed },
      }),
    ),
    pushed: await parts.pushedOf(id),
    ...(await factorsOf(id)),
    sessions: (await ending.list(id)).map(({ uid, loginTs, ends, amr, clients }) => {
      const { ip, browser, seen: last } = seen.get(uid) ?? {};
      return { signed_in: loginTs, ends, amr, applications: clients, ip, user_agent: browser, last_seen: last };
    }),
    applications: await grants.ofAccount(id),
    consents: (await consents.ofAccount(id)).map(({ client, given, scopes, claims, resources }) => ({
      ...{ client, given, scopes, claims, resources },
    })),
    events: events.map(({ id: _internal, at, ...event }) => ({ at: new Date(at).toISOString(), ...event })),
  };
}

async function askToDelete(parts: Parts, { frame, user }: Visit, typed?: string): Promise<Shown> {
  const title = frame.say('account.data.delete');
  if (await isLastAdministrator(parts, user.id)) {
    return { title, content: lastAdministratorContent(frame), status: 409 };
  }
  const wrong = typed !== undefined;
  return { title, content: deleteContent(frame, { account: calledAs(user), typed, wrong }), wrong };
}

async function remove(parts: Parts, visit: Visit, typed: string): Promise<Reply> {
  const { forget, notices } = parts;
  const { frame, user } = visit;
  const named = normalEmail(typed) === normalEmail(calledAs(user));
  if (!named || (await isLastAdministrator(parts, user.id))) return askToDelete(parts, visit, typed);
  // Before the address is gone.
  await notices.sendRemoved(user);
  await forget(user, `user:${user.id}`);
  return { alone: deletedPage(frame) };
}
