import { z } from 'zod';
import { type GroupTab, groupContent, groupHead, groupsContent } from '../../views/admin/groups.ts';
import { type Deed, empty } from '../../views/admin/parts.ts';
import { holdersContent } from '../../views/admin/roles.ts';
import { listOf } from '../http/paging.ts';
import { type Html, html } from '../kernel/html.ts';
import { parameter } from './account-list.ts';
import { groupReply } from './admin-groups.ts';
import { accessRoom, addressOf, groupAt, openParts, wholeList } from './console-access.ts';
import { assignmentsOf, kindOf } from './console-assignments.ts';
import { eventsOf } from './console-events.ts';
import { namesOf } from './console-names.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';
import { memberReply } from './member-document.ts';

/** The path of the list. */
export const groupsPath = `${accessRoom}/groups`;
const perPage = 50;

/** A group as the admin API answers it. */
export type Group = z.output<typeof groupReply>;

const linked = (id: string) => ({ id, href: groupAt(id) });

/** The group of this address, with the state that forms are made of. Throws `missing`. */
export async function groupOf(visit: ConsoleVisit): Promise<{ group: Group; etag: string }> {
  const { reply: group, etag } = await visit.run('getGroup', groupReply, { params: { id: visit.params.id ?? '' } });
  return { group, etag };
}

const listPage = consolePage({
  path: groupsPath,
  room: accessRoom,
  calls: 'listGroups',
  async get(visit) {
    const cursor = parameter(visit.ctx, 'cursor');
    const query = { cursor, limit: perPage };
    const { items, next } = await visit.read('listGroups', listOf(groupReply), { query });
    const content = groupsContent(visit.frame, {
      open: openParts(visit),
      all: items.map(({ id, includes }) => ({ ...linked(id), includes: includes.map(linked) })),
      add: visit.may('addGroup') ? `${groupsPath}/new` : undefined,
      first: cursor === undefined ? undefined : groupsPath,
      next: next === null ? undefined : addressOf(groupsPath, { cursor: next }),
    });
    return { title: visit.frame.say('console.access.groups'), content };
  },
});

const openTabs = (visit: ConsoleVisit): GroupTab[] => [
  'about',
  ...(visit.may('listAssignments') ? ['roles' as const] : []),
  ...(visit.may('listAuditEvents') ? ['audit' as const] : []),
];

function deedsOf(visit: ConsoleVisit, id: string, tab: GroupTab): Deed[] {
  const { say } = visit.frame;
  const give = addressOf(`${accessRoom}/assignments/new`, { subject: `group:${id}` });
  const all: readonly [GroupTab, string, Deed][] = [
    [
      'about',
      'addGroupMember',
      { href: groupAt(id, 'join'), text: say('console.access.groups.join'), kind: 'primary' },
    ],
    ['about', 'changeGroup', { href: groupAt(id, 'edit'), text: say('console.edit') }],
    ['about', 'removeGroup', { href: groupAt(id, 'remove'), text: say('console.people.remove'), kind: 'danger' }],
    ['roles', 'addAssignment', { href: give, text: say('console.access.give'), kind: 'primary' }],
  ];
  return all.filter(([on, operation]) => on === tab && visit.may(operation)).map(([, , deed]) => deed);
}

function tabPage(tab: GroupTab, calls: string, inside: (visit: ConsoleVisit, group: Group) => Promise<Html>) {
  return consolePage({
    path: tab === 'about' ? `${groupsPath}/:id` : `${groupsPath}/:id/${tab}`,
    room: accessRoom,
    calls,
    async get(visit) {
      const { group } = await groupOf(visit);
      const { id } = group;
      const shown = { tab, open: openTabs(visit), deeds: deedsOf(visit, id, tab) };
      const content = html`${groupHead(visit.frame, linked(id), shown)}
${await inside(visit, group)}`;
      return { title: html`${id}`, content };
    },
  });
}

const mappingReply = z.object({
  id: z.string(),
  group_rules: z.array(z.object({ upstream: z.string(), group: z.string().optional() })).default([]),
});

/** The connections whose providers put people into a group, and what that is called there. */
async function mappedFrom(visit: ConsoleVisit, group: string) {
  if (!visit.may('listConnections') || visit.caller.within !== undefined) return [];
  const all = await wholeList(visit, 'listConnections', mappingReply);
  return all.flatMap(({ id, group_rules: rules }) =>
    rules
      .filter((rule) => rule.group === group)
      .map(({ upstream }) => ({ connection: { id, href: consoleAt('connections', id) }, upstream })),
  );
}

async function about(visit: ConsoleVisit, { id }: Group): Promise<Html> {
  const cursor = parameter(visit.ctx, 'cursor');
  const given = { params: { id }, query: { cursor, limit: perPage } };
  const { items, next } = await visit.read('listGroupMembers', listOf(memberReply), given);
  const names = await namesOf(
    visit,
    items.map(({ subject }) => subject),
  );
  const takes = visit.may('removeGroupMember');
  const all = await wholeList(visit, 'listGroups', groupReply);
  return groupContent(visit.frame, {
    members: items.map(({ subject, name, until, connection }) => ({
      ...{ subject: names.of(subject), kind: kindOf(subject), name, until, connection },
      out: takes && connection === undefined ? groupAt(id, 'out', subject) : undefined,
    })),
    includedBy: all.filter(({ includes }) => includes.includes(id)).map((one) => linked(one.id)),
    mapped: await mappedFrom(visit, id),
    first: cursor === undefined ? undefined : groupAt(id),
    next: next === null ? undefined : addressOf(groupAt(id), { cursor: next }),
    timeZone: visit.user.profile.zoneinfo,
  });
}

async function roles(visit: ConsoleVisit, { id }: Group): Promise<Html> {
  const list = await assignmentsOf(visit, { subject: `group:${id}` }, groupAt(id, 'roles'));
  return holdersContent(visit.frame, { ...list, none: empty(visit.frame.say('console.access.groups.no-roles')) });
}

/** The list of groups, and the pages of one. */
export const groupPages: readonly ConsolePage[] = [
  listPage,
  tabPage('about', 'listGroupMembers', about),
  tabPage('roles', 'listAssignments', roles),
  tabPage('audit', 'listAuditEvents', (visit, { id }) =>
    eventsOf(visit, { target: `group:${id}` }, groupAt(id, 'audit')),
  ),
];
