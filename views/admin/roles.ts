import { type Html, html } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { listed } from '../words.ts';
import type { Cell } from './access.ts';
import { badge, type Deed, empty, head, more, section, table, tabs } from './parts.ts';

/** A name that leads to the page of what it names, for those who may open that. */
export interface NamedLink {
  id: string;
  href?: string | undefined;
}

/** A role as the console shows one. */
export interface RoleView {
  id: string;
  href: string;
  /** Part of this server, which nobody changes. */
  builtIn: boolean;
  /** What it holds, one API after the other. */
  apis: readonly { id: string; permissions: readonly { name: string; how: Exclude<Cell, undefined> }[] }[];
  includes: readonly NamedLink[];
  includedBy: readonly NamedLink[];
}

const tabNames = ['about', 'holders', 'audit'] as const;
/** A tab of the page of a role. */
export type RoleTab = (typeof tabNames)[number];

/** The head of every page of one role, with its tabs. */
export const roleHead = (
  { say }: Frame,
  { id, href, builtIn }: Pick<RoleView, 'id' | 'href' | 'builtIn'>,
  { tab, open, deeds }: { tab: RoleTab; open: readonly RoleTab[]; deeds: readonly Deed[] },
): Html => html`${head(id, {
  badge: builtIn ? badge(say('console.access.built-in')) : undefined,
  deeds,
  up: { href: '/admin/access', text: say('console.access.roles') },
})}
${tabs(
  say('console.applications.tabs', { name: id }),
  tabNames
    .filter((name) => open.includes(name))
    .map((name) => ({
      href: name === 'about' ? href : `${href}/${name}`,
      text: say(`console.access.tab.${name}`),
      open: name === tab,
    })),
)}`;

/** Names that are links, one after another. */
export const links = ({ tag }: Frame, all: readonly NamedLink[]): Html =>
  listed(
    tag,
    all.map(({ id, href }) => (href === undefined ? id : html`<a href="${href}">${id}</a>`)),
  );

/** What a role holds, and how it hangs together with others. */
export function roleContent(frame: Frame, view: RoleView): Html {
  const { say, tag } = frame;
  const { builtIn, apis, includes, includedBy } = view;
  return html`${builtIn && html`<p class="notice">${say('console.access.built-in.about')}</p>`}
${apis.map(({ id, permissions }) =>
  section(
    html`${id}`,
    table(say('console.access.on', { api: id }), {
      columns: [
        { title: say('console.people.permission'), cell: ({ name }) => html`<code>${name}</code>` },
        {
          title: say('console.access.how'),
          cell: ({ how }) =>
            how === 'own' ? say('console.access.own') : say('console.access.from', { roles: listed(tag, how) }),
        },
      ],
      rows: permissions,
      none: html``,
    }),
  ),
)}
${apis.length === 0 && html`<div class="part">${empty(say('console.access.holds-nothing'))}</div>`}
${section(say('console.access.includes'), html`<p>${includes.length > 0 ? links(frame, includes) : say('console.access.includes.none')}</p>`)}
${section(say('console.access.included-by'), html`<p>${includedBy.length > 0 ? links(frame, includedBy) : say('console.access.included-by.none')}</p>`)}`;
}

/** Somebody who was given a role. Times in seconds. */
export interface HolderView {
  subject: Html;
  kind: 'user' | 'client' | 'group';
  role: NamedLink;
  until?: number | undefined;
  organization?: string | undefined;
  connection?: string | undefined;
  /** Where it is taken, for those who may, and what it is taken from in plain words. */
  take?: string | undefined;
  name: string;
}

/** Assignments, part by part. */
export interface HolderList {
  all: readonly HolderView[];
  /** The role is the same for all of them. */
  withoutRole?: boolean;
  none: Html;
  first?: string | undefined;
  next?: string | undefined;
  timeZone: string | undefined;
}

/** Who has which role, within what and until when. */
export function holdersContent(frame: Frame, list: HolderList): Html {
  const { say } = frame;
  const { all, none, timeZone, withoutRole } = list;
  return html`${table(say('console.access.assignments'), {
    columns: [
      {
        title: say('console.access.subject'),
        cell: ({ subject, kind }) => html`${subject}<span class="id">${say(`console.access.kind.${kind}`)}</span>`,
      },
      ...(withoutRole
        ? []
        : [{ title: say('console.people.role'), cell: ({ role }: HolderView) => links(frame, [role]) }]),
      { title: say('console.access.organization'), wide: true, cell: ({ organization }) => organization ?? '–' },
      {
        title: say('console.overview.until'),
        cell: ({ until }) => (until === undefined ? '–' : moment(frame, until * 1000, timeZone)),
      },
      {
        title: say('console.people.given-by'),
        wide: true,
        cell: ({ connection }) => connection ?? say('console.people.given-here'),
      },
      {
        title: html`<span class="said">${say('console.deeds')}</span>`,
        cell: ({ take, role, name }) =>
          take !== undefined &&
          html`<a class="button" href="${take}">${say('console.people.take')}<span class="said">: ${role.id}, ${name}</span></a>`,
      },
    ],
    rows: all,
    none,
  })}
${more(frame, list)}`;
}
