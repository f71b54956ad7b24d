import type { Config } from './config/schema.ts';
import { adminApi, delegable } from './directory/built-in.ts';
import type { User } from './directory/users.ts';
import type { House } from './house.ts';
import { Calls } from './http/calls.ts';
import type { Caller, Operation } from './http/resource.ts';
import { BrowserSessions } from './protocol/browser-session.ts';
import { addApplicationPages } from './routes/console-add-application.ts';
import { applicationChangePages, applicationTabs } from './routes/console-application.ts';
import { applicationDeedPages } from './routes/console-application-deeds.ts';
import { applicationPages } from './routes/console-applications.ts';
import { auditPages } from './routes/console-audit.ts';
import { connectionPages } from './routes/console-connections.ts';
import { overviewPages } from './routes/console-overview.ts';
import type { ConsolePage } from './routes/console-page.ts';
import { peoplePages } from './routes/console-people.ts';
import { personPages } from './routes/console-person.ts';
import { personChangePages } from './routes/console-person-changes.ts';
import { personDeedPages } from './routes/console-person-deeds.ts';
import { searchPages } from './routes/console-search.ts';
import { setupLinkPages } from './routes/console-setup-links.ts';
import { Freshness } from './signin/freshness.ts';
import { hasEnded, type Session } from './signin/standing.ts';

/** So old may a sign-in be before a deed that matters (seconds). */
const freshFor = 900;

/** Every page of the console, in no order that matters; the rail lists the rooms whose first page is here. */
export const consolePages: readonly ConsolePage[] = [
  ...overviewPages,
  ...[
    ...applicationPages,
    ...addApplicationPages,
    ...applicationTabs,
    ...applicationChangePages,
    ...applicationDeedPages,
  ],
  ...[...peoplePages, ...personPages, ...personChangePages, ...personDeedPages],
  ...[...connectionPages, ...setupLinkPages, ...auditPages, ...searchPages],
];

/** The console, and what it is put together of. */
export function consoleRooms(
  { console, ttl }: Config,
  house: House,
  provider: ConstructorParameters<typeof BrowserSessions>[0]['provider'],
  operations: readonly Operation[],
) {
  const standing = { ...house, limits: ttl.session };
  return {
    sessions: new BrowserSessions({ provider, ended: (session: Session) => hasEnded(standing, session) }),
    freshness: new Freshness({ ...house, within: freshFor, levelOf: async () => console.level }),
    calls: new Calls(operations),
    callerOf: (user: User) => callerOf(house, user),
    pages: consolePages,
  };
}

/** Who somebody is to the admin API at this moment: all that they hold on the whole server, or within an organisation that they look after. */
async function callerOf({ decide, organizations }: House, { id }: User): Promise<Caller> {
  const actor = `user:${id}`;
  const { entitlements } = await decide.held(actor, adminApi);
  const permissions = new Set(entitlements);
  for (const organization of await organizations.of(actor)) {
    const within = await decide.held(actor, adminApi, organization);
    const more = within.entitlements.filter((name) => delegable.has(name) && !permissions.has(name));
    if (more.length > 0)
      return { actor, permissions, within: { organization, permissions: new Set(within.entitlements) } };
  }
  return { actor, permissions };
}
