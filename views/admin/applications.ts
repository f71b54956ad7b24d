import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { listed } from '../words.ts';
import { area, type Conflict, carried, conflicts, editForm, once } from './forms.ts';
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
  type Tone,
  table,
  tabs,
} from './parts.ts';

/** A client as the console shows it. Times in seconds. */
export interface ApplicationView {
  id: string;
  href: string;
  name: string;
  state: 'pending' | 'approved' | 'rejected' | 'suspended' | 'revoked';
  reason?: string | undefined;
  tier?: string | undefined;
  registrar?: string | undefined;
  grants: readonly string[];
  redirects: readonly string[];
  logoutRedirects: readonly string[];
  scope?: string | undefined;
  homePage?: string | undefined;
  auth?: string | undefined;
  firstParty: boolean;
  introspects: 'all' | readonly string[];
  created: number;
  updated: number;
  lastUsed?: number | undefined;
}

/** One that waits, and what may be decided of it here. */
export interface PendingView extends ApplicationView {
  etag: string;
}

const tones: Record<ApplicationView['state'], Tone> = {
  pending: 'warn',
  approved: 'good',
  rejected: 'plain',
  suspended: 'bad',
  revoked: 'plain',
};

/** Where an application stands, as a word. */
export const stateBadge = ({ say }: Frame, state: ApplicationView['state']): Html =>
  badge(say(`console.applications.state.${state}`), tones[state]);

const codes = (all: readonly string[]): Html | false =>
  all.length > 0 && html`<ul>${all.map((one) => html`<li><code>${one}</code></li>`)}</ul>`;

/** The tiers that can be given; the first choice is none. */
const tierChoice = ({ say }: Frame, id: string, tiers: readonly string[]): Html =>
  html`<label for="${id}" class="said">${say('console.applications.tier')}</label>
<select id="${id}" name="tier"><option value="">${say('console.applications.no-tier')}</option>${tiers.map((tier) => html`<option>${tier}</option>`)}</select>`;

function decidable(
  frame: Frame,
  one: PendingView,
  { tiers, mayDecide }: { tiers: readonly string[]; mayDecide: boolean },
): Html {
  const { say } = frame;
  return html`<li class="decide"><div><strong>${named(one.href, one.name, one.id)}</strong>
${one.registrar !== undefined && html`<p class="hint">${say('console.applications.registrar')}: ${one.registrar}</p>`}
<p class="hint">${say('console.applications.grants')}: ${one.grants.join(', ')}</p>
${one.redirects.length > 0 && html`<p class="hint">${say('console.applications.redirects')}: ${listed(frame.tag, one.redirects)}</p>`}
${one.scope !== undefined && html`<p class="hint">${say('console.applications.scope')}: ${one.scope}</p>`}</div>
${
  mayDecide &&
  html`<div><form method="post" action="${one.href}/approve">${carried(frame, one)}
${tierChoice(frame, `tier-${one.id}`, tiers)}
<button class="primary">${say('console.applications.approve')}<span class="said">: ${one.name}</span></button></form>
<form method="post" action="${one.href}/reject">${carried(frame, one)}
<label class="said" for="reason-${one.id}">${say('console.reason')}</label>
<input id="reason-${one.id}" name="reason" maxlength="500" autocomplete="off" placeholder="${say('console.reason')}">
<button class="danger">${say('console.applications.reject')}<span class="said">: ${one.name}</span></button></form></div>`
}</li>`;
}

/** What the list of applications shows. */
export interface ApplicationList {
  all: readonly ApplicationView[];
  pending: readonly PendingView[];
  tiers: readonly string[];
  mayDecide: boolean;
  /** Where all are that wait, when there are more. */
  morePending?: string | undefined;
  asked: { q?: string | undefined; state?: string | undefined };
  first?: string | undefined;
  next?: string | undefined;
  /** Where one is added, for those who may. */
  add?: string | undefined;
  timeZone: string | undefined;
}

const states = ['pending', 'approved', 'rejected', 'suspended', 'revoked'] as const;

/** All applications, with those first that wait for a decision. */
export function applicationsContent(frame: Frame, list: ApplicationList): Html {
  const { say } = frame;
  const { all, pending, asked, add, timeZone } = list;
  const deeds: Deed[] =
    add === undefined ? [] : [{ href: add, text: say('console.applications.add'), kind: 'primary' }];
  const filtered = asked.q !== undefined || asked.state !== undefined;
  const none = filtered
    ? empty(say('console.nothing-found'), { href: '/admin/applications', text: say('console.show-all') })
    : empty(say('console.applications.none'), deeds[0]);
  return html`${head(say('console.nav.applications'), { deeds })}
${
  pending.length > 0 &&
  section(
    say('console.overview.pending'),
    html`<ul class="waiting">${pending.map((one) => decidable(frame, one, list))}</ul>`,
    list.morePending === undefined ? undefined : { href: list.morePending, text: say('console.show-all') },
  )
}
${filters(
  frame,
  '/admin/applications',
  html`${filterText('q', say('console.applications.q'), asked.q)}
${filterChoice('state', say('console.state'), {
  value: asked.state,
  options: [
    ['', say('console.all')],
    ...states.map((state) => [state, say(`console.applications.state.${state}`)] as const),
  ],
})}`,
)}
${table(say('console.nav.applications'), {
  columns: [
    { title: say('console.name'), cell: ({ href, name, id }) => named(href, name, id) },
    { title: say('console.state'), cell: ({ state }) => stateBadge(frame, state) },
    { title: say('console.applications.tier'), wide: true, cell: ({ tier }) => tier },
    { title: say('console.applications.registrar'), wide: true, cell: ({ registrar }) => registrar },
    {
      title: say('console.last-used'),
      wide: true,
      cell: ({ lastUsed }) => (lastUsed === undefined ? '–' : moment(frame, lastUsed * 1000, timeZone)),
    },
  ],
  rows: all,
  none,
})}
${more(frame, list)}`;
}

const tabNames = ['about', 'secrets', 'sessions', 'audit'] as const;
/** A tab of the page of an application. */
export type ApplicationTab = (typeof tabNames)[number];

/** The head of every page of one application, with its tabs. */
export const applicationHead = (
  frame: Frame,
  one: ApplicationView,
  { tab, open, deeds }: { tab: ApplicationTab; open: readonly ApplicationTab[]; deeds?: readonly Deed[] },
): Html => html`${head(one.name, {
  badge: stateBadge(frame, one.state),
  about: html`<code>${one.id}</code>`,
  deeds: deeds ?? [],
  up: { href: '/admin/applications', text: frame.say('console.nav.applications') },
})}
${tabs(
  frame.say('console.applications.tabs', { name: one.name }),
  tabNames
    .filter((name) => open.includes(name))
    .map((name) => ({
      href: name === 'about' ? one.href : `${one.href}/${name}`,
      text: frame.say(`console.applications.tab.${name}`),
      open: name === tab,
    })),
)}`;

/** What is known of an application. */
export function aboutContent(frame: Frame, one: ApplicationView, timeZone: string | undefined): Html {
  const { say } = frame;
  const at = (seconds: number): Html => moment(frame, seconds * 1000, timeZone);
  return facts([
    [say('console.reason'), one.reason],
    [say('console.applications.tier'), one.tier],
    [say('console.applications.registrar'), one.registrar],
    [say('console.applications.home'), one.homePage],
    [say('console.applications.grants'), one.grants.join(', ')],
    [say('console.applications.auth'), one.auth],
    [say('console.applications.redirects'), codes(one.redirects)],
    [say('console.applications.logout-redirects'), codes(one.logoutRedirects)],
    [say('console.applications.scope'), one.scope],
    [
      say('console.applications.consent'),
      say(one.firstParty ? 'console.applications.own' : 'console.applications.asks'),
    ],
    [
      say('console.applications.introspects'),
      one.introspects === 'all' ? say('console.applications.introspects.all') : codes(one.introspects),
    ],
    [say('console.last-used'), one.lastUsed === undefined ? say('console.never') : at(one.lastUsed)],
    [say('console.created'), at(one.created)],
    [say('console.updated'), at(one.updated)],
  ]);
}

/** A secret, of which only times are known. */
export interface SecretView {
  created: number;
  expires?: number | undefined;
  lastUsed?: number | undefined;
}

/** The secrets of an application. */
export function secretsContent(frame: Frame, secrets: readonly SecretView[], timeZone: string | undefined): Html {
  const { say } = frame;
  const at = (seconds: number | undefined, otherwise: Value): Value =>
    seconds === undefined ? otherwise : moment(frame, seconds * 1000, timeZone);
  return table(say('console.applications.tab.secrets'), {
    columns: [
      { title: say('console.created'), cell: ({ created }) => at(created, '') },
      {
        title: say('console.overview.until'),
        cell: ({ expires }) => at(expires, say('console.applications.replaced')),
      },
      { title: say('console.last-used'), wide: true, cell: ({ lastUsed }) => at(lastUsed, '–') },
    ],
    rows: secrets,
    none: empty(say('console.applications.no-secrets')),
  });
}

/** A secret that was made just now. */
export const newSecretContent = (
  frame: Frame,
  { name, id, secret, back }: { name: string; id: string; secret: string; back: string },
): Html =>
  html`${head(frame.say('console.applications.new-secret', { name }))}
<p class="notice" role="status">${frame.say('console.once')}</p>
${once(frame, { id: 'client-id', label: frame.say('console.applications.id'), value: id })}
${once(frame, { id: 'client-secret', label: frame.say('console.applications.secret'), value: secret })}
<p class="deeds"><a class="primary" href="${back}">${frame.say('console.kept')}</a></p>`;

/** The fields of an application that are changed in the console. */
export interface ApplicationForm {
  name: string;
  redirects: string;
  logoutRedirects: string;
  scope: string;
  tier: string;
}

/** Changes an application. */
export function editContent(
  frame: Frame,
  one: ApplicationView,
  {
    values,
    tiers,
    etag,
    was,
    conflicting,
  }: { values: ApplicationForm; tiers: readonly string[]; etag: string; was: string; conflicting: readonly Conflict[] },
): Html {
  const { say } = frame;
  const known = tiers.includes(values.tier) || values.tier === '' ? tiers : [values.tier, ...tiers];
  return html`${head(say('console.applications.edit.title', { name: one.name }), { about: say('console.applications.edit.about') })}
${conflicts(frame, conflicting)}
${editForm(frame, {
  etag,
  was,
  fields: html`${field({ name: 'name', label: say('console.name'), value: values.name, autocomplete: 'off', required: true, maxlength: 200 })}
${area({ name: 'redirects', label: say('console.applications.redirects'), value: values.redirects, hint: say('console.lines') })}
${area({ name: 'logoutRedirects', label: say('console.applications.logout-redirects'), value: values.logoutRedirects, hint: say('console.lines') })}
${field({ name: 'scope', label: say('console.applications.scope'), value: values.scope, autocomplete: 'off', hint: say('console.applications.scope.hint'), maxlength: 2000 })}
${choice({ name: 'tier', label: say('console.applications.tier'), value: values.tier, options: [['', say('console.applications.no-tier')], ...known.map((tier) => [tier, tier] as const)] })}`,
  deed: say('console.save'),
  back: one.href,
})}`;
}
