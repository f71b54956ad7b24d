import { z } from 'zod';
import {
  type IdentityView,
  type PersonTab,
  type PersonView,
  personAccessContent,
  personContent,
  personFactorsContent,
  personHead,
} from '../../views/admin/people.ts';
import { listOf } from '../http/paging.ts';
import { type Html, html } from '../kernel/html.ts';
import { parameter } from './account-list.ts';
import { assignmentReply, explainedReply } from './admin-assignments.ts';
import { accessRoom, addressOf } from './console-access.ts';
import { eventsOf } from './console-events.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage } from './console-page.ts';
import { peoplePath, personOf, personTabs } from './console-people.ts';
import { personDeeds } from './console-person-deeds.ts';
import { sessionsOf } from './console-sessions.ts';
import { whyViews } from './console-why.ts';
import { factorReply } from './factor-document.ts';

const at = `${peoplePath}/:id`;

function tabPage(tab: PersonTab, calls: string, inside: (visit: ConsoleVisit, one: PersonView) => Promise<Html>) {
  return consolePage({
    path: tab === 'about' ? at : `${at}/${tab}`,
    room: peoplePath,
    calls,
    async get(visit) {
      const { one } = await personOf(visit);
      const content = html`${personHead(visit.frame, one, { tab, open: personTabs(visit), deeds: personDeeds(visit, one, tab) })}
${await inside(visit, one)}`;
      return { title: html`${one.name}`, content };
    },
  });
}

/** The pages of one person. */
export const personPages: readonly ConsolePage[] = [
  tabPage('about', 'getUser', async (visit, one) => {
    const timeZone = visit.user.profile.zoneinfo;
    return personContent(visit.frame, one, { identities: await identities(visit, one), timeZone });
  }),
  tabPage('factors', 'listFactors', factors),
  tabPage('access', 'listAssignments', access),
  tabPage('sessions', 'listSessions', (visit, { id, href }) => sessionsOf(visit, { user: id }, `${href}/sessions`)),
  tabPage('audit', 'listAuditEvents', (visit, { id, href }) =>
    eventsOf(visit, { target: `user:${id}` }, `${href}/audit`),
  ),
];

const mostTried = 20;

const identityReply = z.object({ connection: z.string(), label: z.string(), last_used: z.int() });

async function identities(visit: ConsoleVisit, { id }: PersonView): Promise<IdentityView[]> {
  if (visit.caller.within !== undefined || !visit.may('listUserIdentities')) return [];
  const { items } = await visit.read('listUserIdentities', listOf(identityReply), { params: { id } });
  return items.map(({ connection, label, last_used: lastUsed }) => ({ connection, label, lastUsed }));
}

async function factors(visit: ConsoleVisit, { id }: PersonView): Promise<Html> {
  const { items } = await visit.read('listFactors', listOf(factorReply), { params: { id } });
  const removes = visit.may('removeFactor');
  const all = items.map(({ id: factor, name, kind, level, blocked, left, created, used }) => ({
    ...{ name, kind, blocked, left, created, used },
    remove: removes ? consoleAt('people', id, 'factors', factor, 'remove') : undefined,
    phishingResistant: level === 'phr',
  }));
  return personFactorsContent(visit.frame, all, visit.user.profile.zoneinfo);
}

/** The roles that were given, and by which ways the person holds what, on one API at a time. */
async function access(visit: ConsoleVisit, { id, href, email }: PersonView): Promise<Html> {
  const subject = `user:${id}`;
  const { items } = await visit.read('listAssignments', listOf(assignmentReply), { query: { subject, limit: 500 } });
  const take = visit.may('removeAssignment');
  const roles = items.map(({ id: assignment, role, until, organization, connection }) => ({
    ...{ role, until, organization, connection },
    take: take && connection === undefined ? consoleAt('people', id, 'take', assignment) : undefined,
  }));
  const audiences = await audiencesOf(visit);
  const asked = parameter(visit.ctx, 'audience');
  const { audience, paths } = await held(visit, subject, asked === undefined ? audiences : [asked]);
  return personAccessContent(visit.frame, {
    ...{ roles, audiences, audience, why: paths },
    give: visit.may('addAssignment') ? giveAt(visit, subject, email) : undefined,
    path: `${href}/access`,
    timeZone: visit.user.profile.zoneinfo,
  });
}

/** Whoever acts for an organization gives roles within it. */
const giveAt = ({ standing: { organization } }: ConsoleVisit, subject: string, email: string | undefined): string =>
  organization === undefined
    ? addressOf(`${accessRoom}/assignments/new`, { subject: email ?? subject })
    : consoleAt('settings', 'organizations', organization.id, 'members', subject, 'give');

async function audiencesOf(visit: ConsoleVisit): Promise<string[]> {
  if (!visit.may('listApis') || !visit.may('explainAccess')) return [];
  const { items } = await visit.read('listApis', listOf(z.object({ id: z.string() })), { query: { limit: 500 } });
  return items.map(({ id }) => id);
}

/** The first of these APIs on which the person holds anything, or else the first. */
async function held(visit: ConsoleVisit, subject: string, audiences: readonly string[]) {
  for (const audience of audiences.slice(0, mostTried)) {
    const paths = await why(visit, subject, audience);
    if (paths.length > 0) return { audience, paths };
  }
  return { audience: audiences[0], paths: [] };
}

const why = async (visit: ConsoleVisit, subject: string, audience: string) =>
  whyViews(visit, await visit.read('explainAccess', explainedReply, { query: { subject, audience } }));
