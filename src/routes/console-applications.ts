import type { z } from 'zod';
import { type ApplicationTab, type ApplicationView, applicationsContent } from '../../views/admin/applications.ts';
import { listOf } from '../http/paging.ts';
import { parameter } from './account-list.ts';
import { clientWithUse } from './client-document.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';
import { tierReply } from './tier-document.ts';

/** The path of the list, below which each application has its page. */
export const applicationsPath = '/admin/applications';
/** So many that wait can be decided on the list itself. */
const mostDecided = 5;
const perPage = 50;

/** A client of the admin API as the console shows it. */
export function applicationView(client: z.output<typeof clientWithUse>): ApplicationView {
  const { id, client_name: name, state, reason, tier, registrar, scope, created, updated, introspects } = client;
  return {
    ...{ id, name, state, reason, tier, registrar, scope, created, updated, introspects },
    href: consoleAt('applications', id),
    grants: client.grant_types ?? [],
    redirects: client.redirect_uris ?? [],
    logoutRedirects: client.post_logout_redirect_uris ?? [],
    homePage: client.client_uri,
    auth: client.token_endpoint_auth_method,
    firstParty: client.first_party,
    lastUsed: client.last_used,
  };
}

/** The application of this address, with the state that its forms are made of. Throws `missing`. */
export async function applicationOf(visit: ConsoleVisit): Promise<{ one: ApplicationView; etag: string }> {
  const { reply, etag } = await visit.run('getClient', clientWithUse, { params: { id: visit.params.id ?? '' } });
  return { one: applicationView(reply), etag };
}

/** The tabs that this person may open. */
export const openTabs = (visit: ConsoleVisit): ApplicationTab[] => [
  ...(['about', 'secrets'] as const),
  ...(visit.may('listSessions') ? (['sessions'] as const) : []),
  ...(visit.may('listAuditEvents') ? (['audit'] as const) : []),
];

/** The names of all tiers that may be given, as far as this person may know them. */
export async function tiersOf(visit: ConsoleVisit): Promise<string[]> {
  if (!visit.may('listTiers')) return [];
  return (await visit.read('listTiers', listOf(tierReply), { query: { limit: 500 } })).items.map(({ id }) => id);
}

/** The list of applications. */
export const applicationPages: readonly ConsolePage[] = [
  consolePage({
    path: applicationsPath,
    room: applicationsPath,
    calls: 'listClients',
    async get(visit) {
      const { ctx, frame, user } = visit;
      const asked = { q: parameter(ctx, 'q')?.slice(0, 200), state: parameter(ctx, 'state') };
      const cursor = parameter(ctx, 'cursor');
      const query = { ...asked, cursor, limit: perPage };
      const { items, next } = await visit.read('listClients', listOf(clientWithUse), { query });
      const mayDecide = visit.may('approveClient');
      const decides = mayDecide && cursor === undefined && asked.q === undefined;
      const waiting = decides ? await pending(visit) : { pending: [] };
      const content = applicationsContent(frame, {
        all: items.map(applicationView),
        ...waiting,
        tiers: mayDecide ? await tiersOf(visit) : [],
        mayDecide,
        asked,
        first: cursor === undefined ? undefined : withQuery(asked),
        next: next === null ? undefined : withQuery({ ...asked, cursor: next }),
        add: visit.may('addClient') ? `${applicationsPath}/new` : undefined,
        timeZone: user.profile.zoneinfo,
      });
      return { title: frame.say('console.nav.applications'), content };
    },
  }),
];

function withQuery(asked: Record<string, string | undefined>): string {
  const given = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return `${applicationsPath}?${new URLSearchParams(given)}`;
}

/** Each is read by itself, so that a decision counts for what was seen and for nothing that it became meanwhile. */
async function pending(visit: ConsoleVisit) {
  const query = { state: 'pending', limit: mostDecided };
  const { items, next } = await visit.read('listClients', listOf(clientWithUse), { query });
  const all = await Promise.all(
    items.map(async ({ id }) => {
      const { reply, etag } = await visit.run('getClient', clientWithUse, { params: { id } });
      return { ...applicationView(reply), etag };
    }),
  );
  return { pending: all, morePending: next === null ? undefined : withQuery({ state: 'pending' }) };
}
