import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { listed } from '../words.ts';
import { badge, type Deed, empty, facts, head, more, named, section, table, tabs } from './parts.ts';

/** An organization as the console shows one. */
export interface OrganizationView {
  id: string;
  href: string;
  name: string;
  domains: readonly string[];
  connections: readonly string[];
}

/** The list of organizations. */
export const organizationsContent = (
  frame: Frame,
  list: { all: readonly OrganizationView[]; first?: string | undefined; next?: string | undefined },
  add: Deed | undefined,
): Html => {
  const { say } = frame;
  return html`${table(say('console.settings.organizations'), {
    columns: [
      { title: say('console.name'), cell: ({ href, name, id }) => named(href, name, id) },
      { title: say('console.connections.domains'), wide: true, cell: ({ domains }) => domains.join(', ') || '–' },
      {
        title: say('console.nav.connections'),
        wide: true,
        cell: ({ connections }) => connections.join(', ') || '–',
      },
    ],
    rows: list.all,
    none: empty(say('console.organizations.none'), add),
  })}
${more(frame, list)}`;
};

/** The tabs of the page of an organization. */
export const organizationTabs = ['about', 'members', 'scim', 'audit'] as const;
export type OrganizationTab = (typeof organizationTabs)[number];

/** The head of every page of one organization, with its tabs. */
export const organizationHead = (
  { say }: Frame,
  one: OrganizationView,
  { tab, open, deeds }: { tab: OrganizationTab; open: readonly OrganizationTab[]; deeds: readonly Deed[] },
): Html => html`${head(one.name, {
  about: html`<code>${one.id}</code>`,
  deeds,
  up: { href: '/admin/settings/organizations', text: say('console.settings.organizations') },
})}
${tabs(
  say('console.applications.tabs', { name: one.name }),
  open.map((name) => ({
    href: name === 'about' ? one.href : `${one.href}/${name}`,
    text: say(`console.organizations.tab.${name}`),
    open: name === tab,
  })),
)}`;

/** A domain of an organization, and what is still to be done before it counts. */
export interface OrganizationDomain {
  name: string;
  verified: boolean;
  /** The record that its owner publishes, and the connection for which. */
  record?: { name: string; value: string } | undefined;
  at?: string | undefined;
}

/** A policy of second factors for those who come by one of its domains or connections. */
export interface OrganizationPolicy {
  subject: string;
  href: string;
  says: Html;
}

/** What is known of an organization. */
export interface OrganizationAbout {
  /** Each a link where this person may open it. */
  connections: readonly Html[];
  domains: readonly OrganizationDomain[];
  /** Undefined for whoever may not see policies. */
  policies: readonly OrganizationPolicy[] | undefined;
}

const proof = ({ say }: Frame, { verified, record, at }: OrganizationDomain): Value => {
  if (verified) return '–';
  if (record === undefined) return say('console.organizations.domain.claim');
  return html`${say('console.organizations.domain.publish')} <code>${record.name} TXT &quot;${record.value}&quot;</code>${at !== undefined && html` <a href="${at}">${say('console.organizations.domain.verify')}</a>`}`;
};

/** The first page of an organization: what belongs to it, and what is asked of its people. */
export const organizationContent = (frame: Frame, { connections, domains, policies }: OrganizationAbout): Html => {
  const { say, tag } = frame;
  return html`${facts([[say('console.nav.connections'), connections.length === 0 ? '–' : listed(tag, connections)]])}
${section(
  say('console.connections.domains'),
  table(say('console.connections.domains'), {
    columns: [
      {
        title: say('console.connections.domain'),
        cell: ({ name, verified }) =>
          html`${name} ${badge(say(`console.connections.domain.${verified ? 'verified' : 'waits'}`), verified ? 'good' : 'warn')}`,
      },
      { title: say('console.organizations.domain.todo'), cell: (one) => proof(frame, one) },
    ],
    rows: domains,
    none: empty(say('console.organizations.domain.none')),
  }),
)}
${
  policies !== undefined &&
  section(
    say('console.settings.second-factors'),
    table(say('console.settings.second-factors'), {
      columns: [
        {
          title: say('console.mfa.subject'),
          cell: ({ href, subject, says }) => html`${named(href, subject)}<div>${says}</div>`,
        },
      ],
      rows: policies,
      none: html`<p>${say('console.organizations.mfa.none')}</p>`,
    }),
  )
}`;
};

/** A member of an organization. Times in seconds. */
export interface MemberView {
  name: Html;
  /** For what is read aloud beside a button. */
  called: string;
  roles: readonly string[];
  until?: number | undefined;
  connection?: string | undefined;
  give?: string | undefined;
  take?: string | undefined;
}

/** The members of an organization, and their roles within it. */
export const membersContent = (
  frame: Frame,
  list: {
    all: readonly MemberView[];
    first?: string | undefined;
    next?: string | undefined;
    add?: Deed | undefined;
    timeZone: string | undefined;
  },
): Html => {
  const { say } = frame;
  const { all, add, timeZone } = list;
  const button = (href: string | undefined, text: Html, called: string): Html | false =>
    href !== undefined && html` <a class="button" href="${href}">${text}<span class="said">: ${called}</span></a>`;
  return html`${table(say('console.organizations.tab.members'), {
    columns: [
      {
        title: say('console.organizations.members.and-roles'),
        cell: ({ name, roles }) =>
          html`${name}${roles.length > 0 && html`<span class="id">${roles.join(', ')}</span>`}`,
      },
      {
        title: say('console.people.given-by'),
        wide: true,
        cell: ({ connection }) => connection ?? say('console.people.given-here'),
      },
      {
        title: say('console.overview.until'),
        wide: true,
        cell: ({ until }) => (until === undefined ? '–' : moment(frame, until * 1000, timeZone)),
      },
      {
        title: html`<span class="said">${say('console.deeds')}</span>`,
        cell: ({ give, take, called }) =>
          html`${button(give, say('console.people.give'), called)}${button(take, say('console.sessions.end'), called)}`,
      },
    ],
    rows: all,
    none: empty(say('console.organizations.members.none'), add),
  })}
${more(frame, list)}
${all.length > 0 && add !== undefined && html`<p class="more"><a class="button" href="${add.href}">${add.text}</a></p>`}`;
};
