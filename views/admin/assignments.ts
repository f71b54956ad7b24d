import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { type AccessPart, accessHead } from './access.ts';
import { editForm } from './forms.ts';
import { type Deed, empty, facts, filters, filterText, head, section } from './parts.ts';
import { carriedFields, permissionTable, previewed } from './role-form.ts';
import { type HolderList, holdersContent } from './roles.ts';

/** What the list of assignments shows. */
export interface AssignmentsView {
  open: readonly AccessPart[];
  asked: { subject?: string | undefined; role?: string | undefined; organization?: string | undefined };
  list: Omit<HolderList, 'none'>;
  give?: string | undefined;
}

/** Who has which role. */
export function assignmentsContent(frame: Frame, { open, asked, list, give }: AssignmentsView): Html {
  const { say } = frame;
  const deeds: Deed[] = give === undefined ? [] : [{ href: give, text: say('console.access.give'), kind: 'primary' }];
  const filtered = Object.values(asked).some((one) => one !== undefined);
  const none = filtered
    ? empty(say('console.nothing-found'), { href: '/admin/access/assignments', text: say('console.show-all') })
    : empty(say('console.access.assignments.about'), deeds[0]);
  return html`${accessHead(frame, { part: 'assignments', open, deeds })}
${filters(
  frame,
  '/admin/access/assignments',
  html`${filterText('subject', say('console.access.subject'), asked.subject)}
${filterText('role', say('console.people.role'), asked.role)}
${filterText('organization', say('console.access.organization'), asked.organization)}`,
)}
${holdersContent(frame, { ...list, none })}`;
}

/** A value that is chosen where one may see what there is, and typed elsewhere. */
interface Asked {
  value: string;
  options?: readonly string[] | undefined;
}

/** The form that gives a role. */
export interface GiveForm {
  subject: string;
  role: Asked;
  /** Nothing is asked where it can be one only. */
  organization: Asked | { only: string };
  until: string;
  back: string;
}

const asked = (
  name: string,
  label: Html,
  { value, options, hint, none }: Asked & { hint?: Html; none?: Html },
): Html => {
  const required = none === undefined;
  if (!options) return field({ name, label, value, hint, required, autocomplete: 'off', maxlength: 100 });
  const listed = options.map((one) => [one, one] as const);
  const known = value === '' || options.includes(value) ? listed : [[value, value] as const, ...listed];
  return choice({ name, label, value, hint, options: none === undefined ? known : [['', none], ...known] });
};

/** Gives a role: to whom, within what, until when. */
export function giveContent(frame: Frame, form: GiveForm): Html {
  const { say } = frame;
  const { subject, role, organization, until, back } = form;
  return html`${head(say('console.access.give'), { about: say('console.people.give.sentence') })}
${editForm(frame, {
  fields: html`${field({
    ...{ name: 'subject', label: say('console.access.subject'), value: subject, autocomplete: 'off', required: true },
    ...{ hint: say('console.access.subject.hint'), maxlength: 210 },
  })}
${asked('role', say('console.people.role'), role)}
${
  'only' in organization
    ? html`<p class="hint">${say('console.access.only-within', { organization: organization.only })}</p>`
    : asked('organization', say('console.access.organization'), {
        ...organization,
        none: say('console.access.everywhere'),
        hint: say('console.access.organization.hint'),
      })
}
${field({
  ...{ name: 'until', label: say('console.access.until'), value: until, type: 'datetime-local' },
  ...{ autocomplete: 'off', hint: say('console.access.until.hint') },
})}`,
  deed: say('console.access.preview'),
  back,
})}`;
}

/** What giving a role would do. */
export interface GivePreview {
  title: Html;
  /** For whom, within what and until when. */
  known: readonly (readonly [Html, Value])[];
  gained: readonly { api: string; permission: string }[];
  held: readonly { api: string; permission: string }[];
  /** It would not count at once. */
  waits: boolean;
  carried: readonly (readonly [string, string])[];
  back: string;
}

/** Shows what giving a role would do before it is given. */
export function givePreviewContent(frame: Frame, view: GivePreview): Html {
  const { say } = frame;
  const { title, known, gained, held, waits, carried, back } = view;
  return html`${head(title)}
${waits && html`<p class="notice">${say('console.access.waits')}</p>`}
${facts(known)}
<form method="post">${carriedFields(frame, carried)}
${section(
  say('console.access.would-gain'),
  permissionTable(frame, say('console.access.would-gain'), {
    rows: gained,
    none: html`<p>${say('console.access.gains-nothing')}</p>`,
  }),
)}
${
  held.length > 0 &&
  section(
    say('console.access.holds-already'),
    permissionTable(frame, say('console.access.holds-already'), { rows: held, none: html`` }),
  )
}
${previewed(frame, { deed: say('console.people.give'), back })}</form>`;
}
