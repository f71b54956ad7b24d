import { type Html, html, type Value } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { strong } from '../layout.ts';

/** Something that somebody else has changed since the form was shown. */
export interface Conflict {
  name: Html;
  now: string | Html;
}

/** A form of the console: what it carries unseen, its fields, what it does, and the way back. */
export interface EditForm {
  /** Where it is sent, when not to the address of the page. */
  action?: string;
  /** The state that it was made of, and the values then: what a lost update is told by. */
  etag?: string | undefined;
  was?: string | undefined;
  fields?: Value;
  /** Over the whole page, for many boxes. */
  wide?: boolean;
  deed: Html;
  danger?: boolean | undefined;
  back: string;
}

/** For whom a form is made: it is not done for another that was chosen meanwhile. */
export const madeFor = ({ actsFor }: Pick<Frame, 'actsFor'>): Html | false =>
  actsFor !== undefined && html`<input type="hidden" name="acts-for" value="${actsFor}">`;

/** What a form carries unseen. */
export const carried = (frame: Frame, { etag, was }: Pick<EditForm, 'etag' | 'was'>): Html =>
  html`${madeFor(frame)}${etag !== undefined && html`<input type="hidden" name="etag" value="${etag}">`}${was !== undefined && html`<input type="hidden" name="was" value="${was}">`}`;

/** A form with its button and a way back. */
export const editForm = (
  frame: Frame,
  { action, fields, wide = false, deed, danger, back, ...hidden }: EditForm,
): Html =>
  html`<form method="post"${action !== undefined && html` action="${action}"`}${!wide && html` class="edit"`}>${carried(frame, hidden)}
${fields}
<p class="deeds"><button class="${danger ? 'danger' : 'primary'}">${deed}</button>
<a class="button" href="${back}">${frame.say('account.cancel')}</a></p></form>`;

/** What somebody else has changed since the form was shown; what was typed stands below, with what they changed elsewhere, and counts when it is sent again. */
export const conflicts = ({ say }: Frame, all: readonly Conflict[]): Html | false =>
  all.length > 0 &&
  html`<div class="notice"><p>${say('console.conflict')}</p>
<ul>${all.map(({ name, now }) => html`<li>${say('console.conflict.now', { name, now: strong(now === '' ? '–' : now) })}</li>`)}</ul></div>`;

/** What stands about a field. */
export interface AreaField {
  name: string;
  label: Html;
  value: string;
  hint?: Html | undefined;
  maxlength?: number;
  /** So many lines are seen at most; the rest is scrolled to. */
  rows?: number;
}

/** A field of several lines. */
export const area = ({ name, label, value, hint, maxlength = 10_000, rows = 1000 }: AreaField): Html =>
  html`<label for="${name}">${label}</label>
${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
<textarea id="${name}" name="${name}" rows="${Math.min(rows, Math.max(3, value.split('\n').length + 1))}" spellcheck="false" maxlength="${maxlength}"${hint !== undefined && html` aria-describedby="${name}-hint"`}>
${value}</textarea>`;

/** Something that is shown this once, with a button that copies it where scripts run. */
export const once = ({ say }: Frame, { id, label, value }: { id: string; label: Html; value: string }): Html =>
  html`<div class="card once"><p id="${id}-label">${label}</p><code id="${id}" class="secret">${value}</code>
<button type="button" hidden data-copies="${id}" data-done="${say('console.copied')}" data-failed="${say('console.not-copied')}">${say('console.copy')}</button></div>`;
