import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import {
  badge,
  type Deed,
  empty,
  facts,
  filterChoice,
  filters,
  filterText,
  head,
  more,
  named,
  section,
  table,
  tabs,
} from './parts.ts';
import { type WhyView, whyTable } from './why.ts';

/** A person as the console shows one. Times in seconds. */
export interface PersonView {
  id: string;
  href: string;
  /** What they are called, at least by their address or id. */
  name: string;
  email?: string | undefined;
  emailVerified: boolean;
  state: 'active' | 'disabled';
  hasPassword: boolean;
  locale?: string | undefined;
  created: number;
  updated: number;
}

/** Whether somebody may come in, as a word. */
export const personBadge = ({ say }: Frame, { state }: PersonView): Html =>
  badge(say(`console.people.state.${state}`), state === 'active' ? 'good' : 'bad');

/** What the list of people shows. */
export interface PeopleList {
  all: readonly PersonView[];
  asked: { q?: string | undefined; state?: string | undefined };
  first?: string | undefined;
  next?: string | undefined;
  add?: string | undefined;
  timeZone: string | undefined;
}

/** The list of people. */
export function peopleContent(frame: Frame, list: PeopleList): Html {
  const { say } = frame;
  const { all, asked, add, timeZone } = list;
  const deeds: Deed[] = add === undefined ? [] : [{ href: add, text: say('console.people.add'), kind: 'primary' }];
  const filtered = asked.q !== undefined || asked.state !== undefined;
  return html`${head(say('console.nav.people'), { deeds })}
${filters(
  frame,
  '/admin/people',
  html`${filterText('q', say('console.people.q'), asked.q)}
${filterChoice('state', say('console.state'), {
  value: asked.state,
  options: [
    ['', say('console.all')],
    ...(['active', 'disabled'] as const).map((one) => [one, say(`console.people.state.${one}`)] as const),
  ],
})}`,
)}
${table(say('console.nav.people'), {
  columns: [
    { title: say('console.name'), cell: ({ href, name, email }) => named(href, name, email) },
    { title: say('console.state'), cell: (one) => personBadge(frame, one) },
    { title: say('console.created'), wide: true, cell: ({ created }) => moment(frame, created * 1000, timeZone) },
  ],
  rows: all,
  none: filtered
    ? empty(say('console.nothing-found'), { href: '/admin/people', text: say('console.show-all') })
    : empty(say('console.people.none'), deeds[0]),
})}
${more(frame, list)}`;
}

const tabNames = ['about', 'factors', 'access', 'sessions', 'audit'] as const;
/** A tab of the page of a person. */
export type PersonTab = (typeof tabNames)[number];

/** The head of every page of one person, with its tabs. */
export const personHead = (
  frame: Frame,
  one: PersonView,
  { tab, open, deeds }: { tab: PersonTab; open: readonly PersonTab[]; deeds: readonly Deed[] },
): Html => html`${head(one.name, {
  badge: personBadge(frame, one),
  about: html`<code>${one.id}</code>`,
  deeds,
  up: { href: '/admin/people', text: frame.say('console.nav.people') },
})}
${tabs(
  frame.say('console.applications.tabs', { name: one.name }),
  tabNames
    .filter((name) => open.includes(name))
    .map((name) => ({
      href: name === 'about' ? one.href : `${one.href}/${name}`,
      text: frame.say(`console.people.tab.${name}`),
      open: name === tab,
    })),
)}`;

/** An account of the person at a provider. Times in seconds. */
export interface IdentityView {
  connection: string;
  label: string;
  lastUsed: number;
}

/** What is known of a person. */
export function personContent(
  frame: Frame,
  one: PersonView,
  { identities, timeZone }: { identities: readonly IdentityView[]; timeZone: string | undefined },
): Html {
  const { say } = frame;
  const at = (seconds: number): Html => moment(frame, seconds * 1000, timeZone);
  return html`${facts([
    [say('console.people.email'), one.email],
    [say('console.people.verified'), say(one.emailVerified ? 'console.yes' : 'console.no')],
    [say('console.people.password'), say(one.hasPassword ? 'console.yes' : 'console.no')],
    [say('console.people.locale'), one.locale],
    [say('console.created'), at(one.created)],
    [say('console.updated'), at(one.updated)],
  ])}
${
  identities.length > 0 &&
  section(
    say('console.people.identities'),
    table(say('console.people.identities'), {
      columns: [
        { title: say('console.search.connection'), cell: ({ connection }) => connection },
        { title: say('console.people.known-as'), cell: ({ label }) => label },
        { title: say('console.last-used'), wide: true, cell: ({ lastUsed }) => at(lastUsed) },
      ],
      rows: identities,
      none: html``,
    }),
  )
}`;
}

/** A second factor. Times in seconds. */
export interface FactorView {
  name: string;
  kind: 'totp' | 'webauthn' | 'recovery-codes';
  phishingResistant: boolean;
  blocked: boolean;
  left?: number | undefined;
  created: number;
  used?: number | undefined;
  /** Where it is removed, for those who may. */
  remove?: string | undefined;
}

/** The second factors of a person. */
export function personFactorsContent(frame: Frame, all: readonly FactorView[], timeZone: string | undefined): Html {
  const { say } = frame;
  const at = (seconds: number | undefined): Value =>
    seconds === undefined ? '–' : moment(frame, seconds * 1000, timeZone);
  return table(say('console.people.tab.factors'), {
    columns: [
      {
        title: say('console.people.factor'),
        cell: ({ kind, name }) =>
          html`${say(`console.people.factor.${kind}`)}${name !== '' && html`<span class="id">${name}</span>`}`,
      },
      {
        title: say('console.state'),
        cell: ({ blocked, phishingResistant, left }) =>
          blocked
            ? badge(say('console.people.factor.blocked'), 'bad')
            : left !== undefined
              ? say('console.people.factor.left', { count: left })
              : phishingResistant && badge(say('console.people.factor.phr'), 'good'),
      },
      { title: say('console.created'), wide: true, cell: ({ created }) => at(created) },
      { title: say('console.last-used'), wide: true, cell: ({ used }) => at(used) },
      {
        title: html`<span class="said">${say('console.deeds')}</span>`,
        cell: ({ remove, kind, name }) =>
          remove !== undefined &&
          html`<a class="button" href="${remove}">${say('console.people.factor.remove.deed')}<span class="said">: ${say(`console.people.factor.${kind}`)} ${name}</span></a>`,
      },
    ],
    rows: all,
    none: empty(say('console.people.factor.none')),
  });
}

/** A role that somebody was given. */
export interface GivenRole {
  role: string;
  until?: number | undefined;
  organization?: string | undefined;
  connection?: string | undefined;
  /** Where it is taken, for those who may. */
  take?: string | undefined;
}

/** What the page of somebody's access shows. */
export interface PersonAccess {
  roles: readonly GivenRole[];
  audiences: readonly string[];
  audience?: string | undefined;
  why: readonly WhyView[];
  give?: string | undefined;
  path: string;
  timeZone: string | undefined;
}

/** The roles of a person, and what they may do on an API, with the path for each. */
export function personAccessContent(frame: Frame, view: PersonAccess): Html {
  const { say } = frame;
  const { roles, audiences, audience, why, give, path, timeZone } = view;
  return html`${section(
    say('console.people.roles'),
    table(say('console.people.roles'), {
      columns: [
        { title: say('console.people.role'), cell: ({ role }) => role },
        {
          title: say('console.people.given-by'),
          wide: true,
          cell: ({ connection, organization }) => connection ?? organization ?? say('console.people.given-here'),
        },
        {
          title: say('console.overview.until'),
          cell: ({ until }) => (until === undefined ? '–' : moment(frame, until * 1000, timeZone)),
        },
        {
          title: html`<span class="said">${say('console.deeds')}</span>`,
          cell: ({ take, role }) =>
            take !== undefined &&
            html`<a class="button" href="${take}">${say('console.people.take')}<span class="said">: ${role}</span></a>`,
        },
      ],
      rows: roles,
      none: empty(say('console.people.no-roles')),
    }),
  )}
${give !== undefined && html`<p class="more"><a class="button" href="${give}">${say('console.people.give')}</a></p>`}
${
  audiences.length > 0 &&
  section(
    say('console.people.may'),
    html`${filters(frame, path, filterChoice('audience', say('console.people.api'), { value: audience, options: audiences.map((one) => [one, one] as const) }))}
${whyTable(frame, { why, none: empty(say('console.people.may-nothing')), timeZone })}`,
  )
}`;
}
