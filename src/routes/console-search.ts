import { z } from 'zod';
import { type Found, foundContent } from '../../views/admin/search.ts';
import type { SettingsPart } from '../../views/admin/settings.ts';
import type { Key } from '../../views/words.ts';
import { listOf } from '../http/paging.ts';
import { parameter } from './account-list.ts';
import { clientReply } from './client-document.ts';
import { connectionReply } from './connection-document.ts';
import { wholeList } from './console-access.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';
import { openParts, settings } from './console-settings-parts.ts';
import { userReply } from './user-document.ts';

const most = 10;
/** People are found by no less. */
const shortest = 3;

/** The search over everything that has a page, as far as this person may see it. */
export const searchPages: readonly ConsolePage[] = [
  consolePage({
    path: '/admin/search',
    room: '/admin',
    async get(visit) {
      const { ctx, frame } = visit;
      const q = parameter(ctx, 'q')?.trim().slice(0, 100) ?? '';
      const all = [applications(visit, q), people(visit, q), connections(visit, q), access(visit, q)];
      const found = q === '' ? [] : (await Promise.all(all)).flat();
      const places = [...rooms, ...openParts(visit).map(partPlace)];
      const named = places.flatMap((place) => pageNamed(visit, place, q));
      const content = foundContent(frame, { q, all: [...named, ...found] });
      return { title: frame.say('console.search.title', { q }), content };
    },
  }),
];

/** A page that is found by its name. */
interface Place {
  href: string;
  /** One of these is enough. */
  calls?: readonly string[];
  key: Key;
}

const rooms: readonly Place[] = [
  { href: '/admin', key: 'console.nav.overview' },
  { href: '/admin/applications', calls: ['listClients'], key: 'console.nav.applications' },
  { href: '/admin/people', calls: ['listUsers'], key: 'console.nav.people' },
  {
    href: '/admin/access',
    calls: ['listRoles', 'listAssignments', 'listGroups', 'listApis'],
    key: 'console.nav.access',
  },
  { href: '/admin/connections', calls: ['listConnections'], key: 'console.nav.connections' },
  { href: '/admin/gateways', calls: ['listGatewayKinds'], key: 'console.nav.gateways' },
  { href: '/admin/audit', calls: ['listAuditEvents'], key: 'console.nav.audit' },
];
const partPlace = (part: SettingsPart): Place => ({ href: `${settings}/${part}`, key: `console.settings.${part}` });

function pageNamed(visit: ConsoleVisit, { href, calls, key }: Place, q: string): Found[] {
  const name = visit.frame.say(key);
  const open = calls === undefined || calls.some((one) => visit.may(one));
  return q !== '' && open && String(name).toLowerCase().includes(q.toLowerCase())
    ? [{ href, name, kind: visit.frame.say('console.search.page') }]
    : [];
}

async function applications(visit: ConsoleVisit, q: string): Promise<Found[]> {
  if (!visit.may('listClients')) return [];
  const { items } = await visit.read('listClients', listOf(clientReply), { query: { q, limit: most } });
  const kind = visit.frame.say('console.search.application');
  return items.map(({ id, client_name: name }) => ({ href: consoleAt('applications', id), name, id, kind }));
}

async function people(visit: ConsoleVisit, q: string): Promise<Found[]> {
  if (!visit.may('listUsers') || q.length < shortest) return [];
  const { items } = await visit.read('listUsers', listOf(userReply), { query: { q, limit: most } });
  const kind = visit.frame.say('console.search.person');
  return items.map(({ id, email, name }) => ({
    href: consoleAt('people', id),
    name: name ?? email ?? id,
    id: email ?? id,
    kind,
  }));
}

const withName = connectionReply.extend({ name: z.string().optional() });

async function connections(visit: ConsoleVisit, q: string): Promise<Found[]> {
  if (!visit.may('listConnections')) return [];
  const { items } = await visit.read('listConnections', listOf(withName), { query: { limit: 500 } });
  const kind = visit.frame.say('console.search.connection');
  return items
    .filter(({ id, name = '' }) => `${id}\n${name}`.toLowerCase().includes(q.toLowerCase()))
    .slice(0, most)
    .map(({ id, name = id }) => ({ href: consoleAt('connections', id), name, id, kind }));
}

const nouns = [
  ['roles', 'listRoles', 'console.people.role'],
  ['groups', 'listGroups', 'console.access.kind.group'],
  ['apis', 'listApis', 'console.people.api'],
] as const;

/** Roles, groups and APIs with this in their names. */
async function access(visit: ConsoleVisit, q: string): Promise<Found[]> {
  const open = nouns.filter(([, operation]) => visit.may(operation));
  const all = await Promise.all(
    open.map(async ([noun, operation, key]) =>
      (await wholeList(visit, operation, z.object({ id: z.string() })))
        .filter(({ id }) => id.toLowerCase().includes(q.toLowerCase()))
        .slice(0, most)
        .map(({ id }) => ({ href: consoleAt('access', noun, id), name: id, id, kind: visit.frame.say(key) })),
    ),
  );
  return all.flat();
}
