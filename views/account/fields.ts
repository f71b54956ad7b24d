import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { alert, type Frame, invalid } from '../layout.ts';

/** A field of a form: its label above it, what is wrong with it next to it. */
export interface Field {
  name: string;
  label: Html;
  value?: string | undefined;
  type?: 'text' | 'email' | 'password' | 'tel' | 'url' | 'datetime-local';
  autocomplete: string;
  required?: boolean;
  maxlength?: number;
  /** What would do, below the label. */
  hint?: Html | undefined;
  error?: Html | undefined;
}

const hintId = (name: string): string => `${name}-hint`;
const wrongId = (name: string): string => `${name}-wrong`;

const described = ({ name, hint, error }: Pick<Field, 'name' | 'hint' | 'error'>): Html | false => {
  if (error !== undefined) return invalid(wrongId(name), error);
  return hint !== undefined && html` aria-describedby="${hintId(name)}"`;
};

const above = ({ name, label, hint, error }: Pick<Field, 'name' | 'label' | 'hint' | 'error'>): Html =>
  html`<label for="${name}">${label}</label>
${hint !== undefined && html`<p class="hint" id="${hintId(name)}">${hint}</p>`}
${alert(wrongId(name), error)}`;

/** A field that is typed into. */
export const field = (it: Field): Html => {
  const { name, value, type = 'text', autocomplete, required = false, maxlength = 500 } = it;
  return html`${above(it)}
<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" maxlength="${maxlength}"${required && html` required`}${type !== 'password' && html` value="${value}"`}${described(it)}>`;
};

/** A field that is chosen from a list; `options` are values and what they are called. */
export const choice = (
  it: Pick<Field, 'name' | 'label' | 'value' | 'hint' | 'error'> & { options: readonly (readonly [string, Value])[] },
): Html =>
  html`${above(it)}
<select id="${it.name}" name="${it.name}"${described(it)}>
${it.options.map(([value, text]) => html`<option${value !== text && html` value="${value}"`}${value === (it.value ?? '') && html` selected`}>${text}</option>`)}
</select>`;

/** Says at the top that something is not right; each field says what. */
export const summary = (frame: Frame, wrong: boolean): Html | false =>
  wrong && html`<p class="alert" role="alert">${frame.say('account.wrong')}</p>`;
