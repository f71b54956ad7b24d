import { history } from '../audit/history.ts';
import type { Recorded, Trail } from '../audit/trail.ts';
import type { Access } from '../directory/access.ts';
import type { Groups } from '../directory/groups.ts';
import type { Identities } from '../directory/identities.ts';
import type { Organizations } from '../directory/organizations.ts';
import type { User } from '../directory/users.ts';
import type { Grants } from '../protocol/grants.ts';
import type { Sessions } from '../protocol/sessions.ts';
import type { Consents } from '../signin/consent.ts';
import type { SeenSessions } from '../signin/seen-sessions.ts';

/** What is known of people. */
export interface PersonParts {
  access: Access;
  groups: Groups;
  organizations: Organizations;
  identities: Identities;
  consents: Consents;
  grants: Grants;
  ending: Sessions;
  seenSessions: SeenSessions;
  trail: Trail;
  /** What second factors and remembered devices there are, without anything secret. */
  factorsOf(user: string): Promise<object>;
}

const most = 1000;

/** All that is kept about a person, in the words of the wire where it has some; nothing by which one could sign in. */
export async function personDocument(parts: PersonParts, user: User): Promise<object> {
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
