import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { area, type Conflict, conflicts, editForm } from './forms.ts';
import { head } from './parts.ts';

/** A field of a form: a line, several lines, or one of a list. */
export interface FormField {
  name: string;
  label: Html;
  hint?: Html | undefined;
  /** Several lines. */
  lines?: true;
  /** The values that there are, and what they are called. */
  options?: readonly (readonly [string, Value])[];
  required?: true;
  maxlength?: number;
}

/** A form on a page of its own. */
export interface FormPage {
  title: Html;
  about?: Html | undefined;
  fields: readonly (FormField & { value: string })[];
  etag?: string | undefined;
  was?: string | undefined;
  conflicting?: readonly Conflict[];
  deed: Html;
  back: string;
}

const fieldOf = (one: FormField & { value: string }): Html => {
  if (one.options !== undefined) return choice({ ...one, options: one.options });
  return one.lines ? area(one) : field({ ...one, autocomplete: 'off', required: one.required ?? false });
};

/** The page of a form: what it is for, its fields, what it does, and the way back. */
export const formContent = (frame: Frame, { title, about, fields, conflicting = [], ...form }: FormPage): Html =>
  html`${head(title, { about })}
${conflicts(frame, conflicting)}
${editForm(frame, { ...form, fields: fields.map((one) => html`${fieldOf(one)}\n`) })}`;
