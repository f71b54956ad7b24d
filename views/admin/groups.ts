import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { field } from '../account/fields.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { strong } from '../layout.ts';
import { type AccessPart, accessHead } from './access.ts';
import { type Conflict, conflicts, editForm } from './forms.ts';
import { type Deed, empty, head, more, section, table, tabs } from './parts.ts';
import { type Boxes, boxes } from './role-form.ts';
import { type HolderView, links, type NamedLink } from './roles.ts';

/** A group with those whose members are in it too. */
export interface GroupView extends NamedLink {
  href: string;
  includes: readonly NamedLink[];
}

/** What the list of groups shows. */
export interface GroupList {
  open: readonly AccessPart[];
  all: readonly GroupView[];
  add?: string | undefined;
  first?: string | undefined;
  next?: string | undefined;
}

/** The list of groups. */
export function groupsContent(frame: Frame, list: GroupList): Html {
  const { say } = frame;
  const { open, all, add } = list;
  const deeds: Deed[] =
    add === undefined ? [] : [{ href: add, text: say('console.access.groups.add'), kind: 'primary' }];
  return html`${accessHead(frame, { part: 'groups', open, deeds })}
${table(say('console.access.groups'), {
  columns: [
    { title: say('console.name'), cell: (one) => links(frame, [one]) },
    {
      title: say('console.access.groups.includes'),
      cell: ({ includes }) => (includes.length === 0 ? '–' : links(frame, includes)),
    },
  ],
  rows: all,
  none: empty(say('console.access.groups.none'), deeds[0]),
})}
${more(frame, list)}`;
}

const tabNames = ['about', 'roles', 'audit'] as const;
/** A tab of the page of a group. */
export type GroupTab = (typeof tabNames)[number];

/** The head of every page of one group, with its tabs. */
export const groupHead = (
  { say }: Frame,
  { id, href }: Pick<GroupView, 'id' | 'href'>,
  { tab, open, deeds }: { tab: GroupTab; open: readonly GroupTab[]; deeds: readonly Deed[] },
): Html => html`${head(id, { deeds, up: { href: '/admin/access/groups', text: say('console.access.groups') } })}
${tabs(
  say('console.applications.tabs', { name: id }),
  tabNames
    .filter((name) => open.includes(name))
    .map((name) => ({
      href: name === 'about' ? href : `${href}/${name}`,
      text: say(`console.access.groups.tab.${name}`),
      open: name === tab,
    })),
)}`;

/** Somebody who is in a group. Times in seconds. */
export interface GroupMember extends Pick<HolderView, 'subject' | 'kind' | 'until' | 'connection' | 'name'> {
  /** Where they are taken out, for those who may. */
  out?: string | undefined;
}

/** What the page of a group shows. */
export interface GroupPage {
  members: readonly GroupMember[];
  includedBy: readonly NamedLink[];
  /** Connections whose provider puts people in, with the name that it uses there. */
  mapped: readonly { connection: NamedLink; upstream: string }[];
  first?: string | undefined;
  next?: string | undefined;
  timeZone: string | undefined;
}

/** Who is in a group, what it is in itself, and whose providers put people in. */
export function groupContent(frame: Frame, page: GroupPage): Html {
  const { say } = frame;
  const { members, includedBy, mapped, timeZone } = page;
  return html`${table(say('console.access.groups.members'), {
    columns: [
      {
        title: say('console.access.subject'),
        cell: ({ subject, kind }) => html`${subject}<span class="id">${say(`console.access.kind.${kind}`)}</span>`,
      },
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
        cell: ({ out, name }) =>
          out !== undefined &&
          html`<a class="button" href="${out}">${say('console.access.groups.out')}<span class="said">: ${name}</span></a>`,
      },
    ],
    rows: members,
    none: empty(say('console.access.groups.empty')),
  })}
${more(frame, page)}
${section(say('console.access.groups.is-in'), html`<p>${includedBy.length > 0 ? links(frame, includedBy) : say('console.access.groups.is-in.none')}</p>`)}
${
  mapped.length > 0 &&
  section(
    say('console.access.groups.mapped'),
    table(say('console.access.groups.mapped'), {
      columns: [
        { title: say('console.search.connection'), cell: ({ connection }) => links(frame, [connection]) },
        { title: say('console.access.groups.upstream'), cell: ({ upstream }) => html`<code>${upstream}</code>` },
      ],
      rows: mapped,
      none: html``,
    }),
  )
}`;
}

/** A form of a group. */
export interface GroupForm {
  /** The name that it has, or that was typed for a new one. */
  id: string;
  isNew: boolean;
  groups: Boxes;
  etag?: string;
  was?: string;
  conflicting: readonly Conflict[];
  back: string;
}

/** Makes a group, or changes which groups it includes. */
export function groupFormContent(frame: Frame, form: GroupForm): Html {
  const { say } = frame;
  const { id, isNew, groups, etag, was, conflicting, back } = form;
  const title: Value = isNew
    ? say('console.access.groups.add')
    : say('console.access.groups.change', { name: strong(id) });
  return html`${head(title, { about: say('console.access.groups.about') })}
${conflicts(frame, conflicting)}
${editForm(frame, {
  ...{ etag, was, wide: true },
  fields: html`${
    isNew &&
    field({
      ...{ name: 'id', label: say('console.name'), value: id, autocomplete: 'off', required: true, maxlength: 100 },
      hint: say('console.access.roles.name'),
    })
  }
${groups.all.length > 0 && html`<h2>${say('console.access.groups.includes')}</h2>${boxes(frame, groups, true)}`}`,
  deed: say('console.save'),
  back,
})}`;
}

/** Takes somebody into a group, perhaps until a time. */
export const joinContent = (
  frame: Frame,
  { id, subject, until, back }: { id: string; subject: string; until: string; back: string },
): Html => {
  const { say } = frame;
  return html`${head(say('console.access.groups.join.title', { name: strong(id) }), { about: say('console.access.groups.join.about') })}
${editForm(frame, {
  fields: html`${field({
    ...{ name: 'subject', label: say('console.access.subject'), value: subject, autocomplete: 'off', required: true },
    ...{ hint: say('console.access.subject.hint'), maxlength: 210 },
  })}
${field({
  ...{ name: 'until', label: say('console.access.until'), value: until, type: 'datetime-local' },
  ...{ autocomplete: 'off', hint: say('console.access.until.hint') },
})}`,
  deed: say('console.access.groups.join'),
  back,
})}`;
};
