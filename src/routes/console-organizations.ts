import { z } from 'zod';
import type { FormField } from '../../views/admin/form-page.ts';
import {
  type OrganizationTab,
  type OrganizationView,
  organizationContent,
  organizationHead,
  organizationsContent,
} from '../../views/admin/organizations.ts';
import type { Deed } from '../../views/admin/parts.ts';
import { type Html, html } from '../kernel/html.ts';
import { organizationDomain, organizationReply } from './admin-organizations.ts';
import { connectionReply } from './connection-document.ts';
import { eventsOf } from './console-events.ts';
import { askingPage, fillingPage } from './console-forms.ts';
import { policiesOf } from './console-mfa.ts';
import { namesOf } from './console-names.ts';
import {
  askedOf,
  openTabs,
  organizationOf,
  organizationPath,
  organizationsPath,
  organizationView,
} from './console-organization.ts';
import { memberPages, membersOf } from './console-organization-members.ts';
import { type ConsolePage, type ConsoleVisit, consoleAt, consolePage, filled, lines, matchOf } from './console-page.ts';
import { scimDeeds, scimOf, scimPages } from './console-scim.ts';
import { pageOf, partPage, settings } from './console-settings-parts.ts';

const room = settings;

const listPage = partPage(
  'organizations',
  async (visit) => {
    const { frame } = visit;
    const { items, ...ways } = await pageOf(visit, {
      ...{ operation: 'listOrganizations', item: organizationReply, path: organizationsPath },
    });
    const add = { href: `${organizationsPath}/new`, text: frame.say('console.add') };
    const list = { all: items.map(organizationView), ...ways };
    return organizationsContent(frame, list, visit.may('addOrganization') ? add : undefined);
  },
  { add: 'addOrganization' },
);

/** A tab of an organization. */
function tabPage(
  tab: OrganizationTab,
  calls: string,
  {
    inside,
    deeds,
  }: {
    inside(visit: ConsoleVisit, one: OrganizationView): Promise<Html>;
    deeds?(visit: ConsoleVisit, one: OrganizationView): Deed[];
  },
): ConsolePage {
  return consolePage({
    path: tab === 'about' ? organizationPath : `${organizationPath}/${tab}`,
    ...{ room, calls },
    async get(visit) {
      const { one } = await organizationOf(visit);
      const head = { tab, open: openTabs(visit), deeds: deeds?.(visit, one) ?? [] };
      const content = html`${organizationHead(visit.frame, one, head)}\n${await inside(visit, one)}`;
      return { title: html`${one.name}`, content };
    },
  });
}

function deedsOf(visit: ConsoleVisit, { href }: OrganizationView): Deed[] {
  const { say } = visit.frame;
  return [
    ...(visit.may('changeOrganization') ? [{ href: `${href}/edit`, text: say('console.edit') }] : []),
    ...(visit.may('removeOrganization')
      ? [{ href: `${href}/remove`, text: say('console.organizations.remove.deed'), kind: 'danger' as const }]
      : []),
  ];
}

const domainsReply = z.object({ items: z.array(organizationDomain) });

/** So many of its connections are asked for the records of domains. */
const mostAsked = 20;

/** What the owner of a domain publishes for one of the connections, by the name of the domain. */
async function recordsOf(visit: ConsoleVisit, { connections }: OrganizationView) {
  if (!visit.may('getConnection')) return new Map();
  const all = await Promise.all(
    connections.slice(0, mostAsked).map(async (id) => {
      const { domains } = await visit.read('getConnection', connectionReply, { params: { id } });
      return domains.map(({ name, record }) => [name, { record, at: consoleAt('connections', id) }] as const);
    }),
  );
  return new Map(all.flat());
}

async function about(visit: ConsoleVisit, one: OrganizationView): Promise<Html> {
  const { items } = await visit.read('listOrganizationDomains', domainsReply, { params: { id: one.id } });
  const [records, names] = await Promise.all([
    recordsOf(visit, one),
    namesOf(
      visit,
      one.connections.map((id) => `connection:${id}`),
    ),
  ]);
  const subjects = [
    ...one.connections.map((id) => `connection:${id}`),
    ...one.domains.map((domain) => `domain:${domain}`),
  ];
  return organizationContent(visit.frame, {
    connections: one.connections.map((id) => names.of(`connection:${id}`)),
    domains: items.map((domain) => ({ ...domain, ...records.get(domain.name) })),
    policies: visit.may('getMfaPolicy') ? await policiesOf(visit, subjects) : undefined,
  });
}

type Name = 'id' | 'name' | 'domains' | 'connections';

function fieldsOf({ frame: { say }, caller }: ConsoleVisit): (FormField & { name: Name })[] {
  const name = { name: 'name' as const, label: say('console.name'), required: true as const, maxlength: 100 };
  // What belongs to it is the whole server's to say.
  if (caller.within !== undefined) return [name];
  return [
    name,
    {
      ...{ name: 'domains', label: say('console.connections.domains'), lines: true },
      hint: say('console.organizations.domains.hint'),
    },
    {
      ...{ name: 'connections', label: say('console.nav.connections'), lines: true },
      hint: say('console.organizations.connections.hint'),
    },
  ];
}

const addPage = fillingPage<Name>({
  path: `${organizationsPath}/new`,
  ...{ room, calls: 'addOrganization', fresh: true, names: ['id', 'name'] },
  title: ({ frame }) => frame.say('console.organizations.add'),
  about: ({ frame }) => frame.say('console.organizations.add.about'),
  deed: 'console.organizations.add',
  async fields({ frame: { say } }) {
    return [
      {
        ...{ name: 'id', label: say('console.organizations.id'), required: true, maxlength: 100 },
        hint: say('console.organizations.id.hint'),
      },
      { name: 'name', label: say('console.name'), maxlength: 100 },
    ];
  },
  now: async () => ({
    ...{ name: '', back: organizationsPath },
    values: { id: '', name: '', domains: '', connections: '' },
  }),
  async send(visit, form) {
    const { id, name } = await visit.read('addOrganization', organizationReply, { body: filled(form, 'id', 'name') });
    const goOn = visit.may('getOrganization') ? consoleAt('settings', 'organizations', id) : organizationsPath;
    return { goOn, said: { key: 'console.saved', values: { name } } };
  },
});

const editPage = fillingPage<Name>({
  path: `${organizationPath}/edit`,
  ...{ room, calls: 'changeOrganization', fresh: true, names: ['name', 'domains', 'connections'] },
  title: ({ frame }, name) => frame.say('console.applications.edit.title', { name }),
  deed: 'console.save',
  fields: async (visit) => fieldsOf(visit),
  async now(visit) {
    const { one, etag } = await organizationOf(visit);
    const { id, name, domains, connections, href: back } = one;
    const values = { id, name, domains: domains.join('\n'), connections: connections.join('\n') };
    return { name, back, etag, values };
  },
  async send(visit, form) {
    const id = visit.params.id ?? '';
    const lists = { domains: lines(form, 'domains'), connections: lines(form, 'connections') };
    const body = { name: form.get('name') ?? '', ...(visit.caller.within === undefined && lists) };
    const given = { params: { id }, body, match: matchOf(form) };
    const { name } = await visit.read('changeOrganization', organizationReply, given);
    return { goOn: consoleAt('settings', 'organizations', id), said: { key: 'console.saved', values: { name } } };
  },
});

const removePage = askingPage({
  path: `${organizationPath}/remove`,
  ...{ room, calls: 'removeOrganization', fresh: true, danger: true, text: 'organizations.remove' },
  of: askedOf('about'),
  list: organizationsPath,
});

/** The organizations, and the pages of each. */
export const organizationPages: readonly ConsolePage[] = [
  ...[listPage, addPage, editPage, removePage],
  tabPage('about', 'getOrganization', { inside: about, deeds: deedsOf }),
  tabPage('members', 'listOrganizationMembers', { inside: membersOf }),
  tabPage('scim', 'listScimTokens', { inside: scimOf, deeds: scimDeeds }),
  tabPage('audit', 'listAuditEvents', {
    inside: (visit, { id, href }) => eventsOf(visit, { target: `organization:${id}` }, `${href}/audit`),
  }),
  ...memberPages,
  ...scimPages,
];
