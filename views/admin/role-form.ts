import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { strong } from '../layout.ts';
import { listed } from '../words.ts';
import { type Conflict, conflicts, editForm, madeFor } from './forms.ts';
import { badge, head, section, table } from './parts.ts';

/** A box of a form. */
export interface Box {
  name: string;
  label: Value;
  ticked: boolean;
}

/** Boxes that belong together. */
export interface Boxes {
  title: string | Html;
  all: readonly Box[];
}

/** A form of a role. */
export interface RoleForm {
  /** The name that it has, or that was typed for a new one. */
  id: string;
  isNew: boolean;
  apis: readonly Boxes[];
  roles: Boxes;
  etag?: string;
  was?: string;
  conflicting: readonly Conflict[];
  back: string;
}

/** Boxes under a line that says how many are ticked; open where some are. */
export const boxes = ({ say }: Frame, { title, all }: Boxes, open: boolean): Html => {
  const ticked = all.filter((one) => one.ticked).length;
  return html`<details${(open || ticked > 0) && html` open`}><summary>${title} <span class="badge">${say('console.access.ticked', { ticked, of: all.length })}</span></summary>
<div class="counts" role="group" aria-label="${title}">${all.map(
    ({ name, label, ticked: on }) => html`
<label class="choice"><input type="checkbox" name="${name}" value="yes"${on && html` checked`}> <span>${label}</span></label>`,
  )}</div></details>`;
};

/** Makes or changes a role: its own permissions by API, and the roles that it includes. */
export function roleFormContent(frame: Frame, form: RoleForm): Html {
  const { say } = frame;
  const { id, isNew, apis, roles, etag, was, conflicting, back } = form;
  const title = isNew ? say('console.access.roles.add') : say('console.access.change.title', { name: strong(id) });
  const about = say(isNew ? 'console.access.roles.about' : 'console.access.change.about');
  return html`${head(title, { about })}
${conflicts(frame, conflicting)}
${editForm(frame, {
  etag,
  was,
  wide: true,
  fields: html`${
    isNew &&
    field({
      ...{ name: 'id', label: say('console.name'), value: id, autocomplete: 'off', required: true, maxlength: 100 },
      hint: say('console.access.roles.name'),
    })
  }
<h2>${say('console.access.permissions')}</h2>
${apis.map((one) => boxes(frame, one, apis.length === 1))}
${roles.all.length > 0 && html`<h2>${say('console.access.includes')}</h2>${boxes(frame, roles, false)}`}`,
  deed: say(isNew ? 'console.save' : 'console.access.preview'),
  back,
})}`;
}

/** How many people and clients something comes to, in words. */
export function countOf(
  { say, tag }: Frame,
  { people, clients, more }: { people: number; clients: number; more: boolean },
): Html {
  const both = listed(tag, [
    say('console.access.people', { count: people }),
    say('console.access.clients', { count: clients }),
  ]);
  return more ? say('console.access.at-least', { holders: both }) : both;
}

/** A permission that would come or go. */
interface Change {
  kind: 'gained' | 'lost';
  api: string;
  permission: string;
}

/** What would come of a change of a role. */
export interface RolePreviewView {
  title: Html;
  sentence: Html;
  changes: readonly Change[];
  includedBy: readonly { id: string; gained: readonly string[]; lost: readonly string[] }[];
  /** Everything that was sent, to be sent again. */
  carried: readonly (readonly [string, string])[];
  back: string;
}

const change = ({ say }: Frame, { kind }: Change): Html =>
  badge(say(`console.access.${kind}`), kind === 'gained' ? 'good' : 'bad');

/** Everything that a form had, carried to the next step. */
export const carriedFields = (frame: Frame, all: readonly (readonly [string, string])[]): Html =>
  html`${madeFor(frame)}${all.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`;

/** The buttons below a preview: it is done, or the form comes again. */
export const previewed = ({ say }: Frame, { deed, back }: { deed: Html; back: string }): Html =>
  html`<p class="deeds"><button class="primary" name="step" value="save">${deed}</button>
<button name="step" value="form">${say('console.access.again')}</button>
<a class="button" href="${back}">${say('account.cancel')}</a></p>`;

/** Permissions that come, or that there are, with their API. */
export const permissionTable = (
  { say }: Frame,
  caption: Html,
  { rows, none }: { rows: readonly { api: string; permission: string }[]; none: Html },
): Html =>
  table(caption, {
    columns: [
      { title: say('console.people.permission'), cell: ({ permission }) => html`<code>${permission}</code>` },
      { title: say('console.people.api'), cell: ({ api }) => api },
    ],
    rows,
    none,
  });

/** Shows what a change of a role would do before it is done. */
export function rolePreviewContent(frame: Frame, view: RolePreviewView): Html {
  const { say, tag } = frame;
  const { title, sentence, changes, includedBy, carried, back } = view;
  const codes = (all: readonly string[]): Value =>
    all.length === 0
      ? '–'
      : listed(
          tag,
          all.map((one) => html`<code>${one}</code>`),
        );
  return html`${head(title, { about: sentence })}
<form method="post">${carriedFields(frame, carried)}
${table(say('console.access.changes'), {
  columns: [
    { title: say('console.people.permission'), cell: ({ permission }) => html`<code>${permission}</code>` },
    { title: say('console.access.change'), cell: (one) => change(frame, one) },
    { title: say('console.people.api'), cell: ({ api }) => api },
  ],
  rows: changes,
  none: html`<p class="notice">${say('console.access.no-change')}</p>`,
})}
${
  includedBy.length > 0 &&
  section(
    say('console.access.included-by'),
    table(say('console.access.included-by'), {
      columns: [
        { title: say('console.people.role'), cell: ({ id }) => id },
        { title: say('console.access.gained'), cell: ({ gained }) => codes(gained) },
        { title: say('console.access.lost'), cell: ({ lost }) => codes(lost) },
      ],
      rows: includedBy,
      none: html``,
    }),
  )
}
${previewed(frame, { deed: say('console.save'), back })}</form>`;
}
