/** What a template may hold: texts and numbers are escaped, `Html` is kept, lists are joined, nothing prints nothing. */
export type Value = Html | string | number | false | null | undefined | readonly Value[];

/** Text that is HTML already. Only `html` and `trusted` make it, so that a plain string can never pass for it. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

function print(value: Value): string {
  if (value === false || value === null || value === undefined) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  return value.map(print).join('');
}

/** Template tag: every value is escaped for text and for attributes in quotes (the quotes stand in the template). */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  let text = strings[0] ?? '';
  for (const [index, value] of values.entries()) text += print(value) + (strings[index + 1] ?? '');
  return new Html(text);
}

/** HTML that was made elsewhere with the same care (a form of the protocol library); never anything a person typed. */
export const trusted = (text: string): Html => new Html(text);
