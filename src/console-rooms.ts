import type { Config } from './config/schema.ts';
import { adminApi, delegable } from './directory/built-in.ts';
import type { User } from './directory/users.ts';
import type { House } from './house.ts';
import { Calls } from './http/calls.ts';
import type { Operation } from './http/resource.ts';
import { BrowserSessions } from './protocol/browser-session.ts';
import { accessPages } from './routes/console-access.ts';
import { addApplicationPages } from './routes/console-add-application.ts';
import { apiFormPages } from './routes/console-api-form.ts';
import { apiPages } from './routes/console-apis.ts';
import { applicationChangePages, applicationTabs } from './routes/console-application.ts';
import { applicationDeedPages } from './routes/console-application-deeds.ts';
import { applicationEndPages } from './routes/console-application-end.ts';
import { applicationGatewayPages } from './routes/console-application-gateway.ts';
import { applicationPages } from './routes/console-applications.ts';
import { assignmentPages } from './routes/console-assignments.ts';
import { auditPages } from './routes/console-audit.ts';
import { connectionKeyPages } from './routes/console-connection-keys.ts';
import { connectionPages } from './routes/console-connections.ts';
import { gatewayTrialPages } from './routes/console-gateway-try.ts';
import { gatewayPages } from './routes/console-gateways.ts';
import { givePages } from './routes/console-give.ts';
import { groupChangePages } from './routes/console-group-changes.ts';
import { groupPages } from './routes/console-groups.ts';
import { overviewPages } from './routes/console-overview.ts';
import type { ConsolePage, Standing } from './routes/console-page.ts';
import { peoplePages } from './routes/console-people.ts';
import { personPages } from './routes/console-person.ts';
import { personChangePages } from './routes/console-person-changes.ts';
import { personDeedPages } from './routes/console-person-deeds.ts';
import { personFactorPages } from './routes/console-person-factor.ts';
import { rolePages } from './routes/console-role.ts';
import { roleFormPages } from './routes/console-role-form.ts';
import { searchPages } from './routes/console-search.ts';
import { settingsPages } from './routes/console-settings.ts';
import { setupLinkPages } from './routes/console-setup-links.ts';
import { whyPages } from './routes/console-why.ts';
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
    ...applicationEndPages,
  ],
  ...[...peoplePages, ...personPages, ...personChangePages, ...personDeedPages, ...personFactorPages],
  ...[...accessPages, ...rolePages, ...roleFormPages, ...assignmentPages, ...givePages, ...whyPages],
  ...[...groupPages, ...groupChangePages, ...apiPages, ...apiFormPages],
  ...[...gatewayPages, ...gatewayTrialPages, ...applicationGatewayPages],
  ...[...connectionPages, ...connectionKeyPages, ...setupLinkPages, ...auditPages, ...searchPages, ...settingsPages],
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
    standingsOf: (user: User) => standingsOf(house, user),
    pages: consolePages,
  };
}

/**
 * As what somebody administers at this moment: by what they hold on the whole server, and for each organization that they look
 * after. There everything keeps to it, also what they could do elsewhere.
 */
async function standingsOf({ decide, organizations }: House, { id }: User): Promise<Standing[]> {
  const actor = `user:${id}`;
  const permissions = new Set((await decide.held(actor, adminApi)).entitlements);
  const all: Standing[] = permissions.size > 0 ? [{ caller: { actor, permissions } }] : [];
  for (const organization of await organizations.of(actor)) {
    const { entitlements } = await decide.held(actor, adminApi, organization);
    if (!entitlements.some((name) => delegable.has(name) && !permissions.has(name))) continue;
    const { name = organization } = (await organizations.get(organization)) ?? {};
    const within = { organization, permissions: new Set(entitlements) };
    all.push({ organization: { id: organization, name }, caller: { actor, permissions: new Set(), within } });
  }
  return all;
}
