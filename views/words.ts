import { Html, html, type Value } from '../src/kernel/html.ts';
import english from './locales/en.json' with { type: 'json' };

/** The name of a text; `en.json` has them all. */
export type Key = keyof typeof english;

/** A text in one language. What stands in braces is filled in, escaped unless it is HTML already. */
export type Say = (key: Key, values?: Readonly<Record<string, Value>>) => Html;

/** One language of the pages. */
export interface Language {
  /** BCP 47. */
  tag: string;
  /** Its name for itself. */
  name: string;
  say: Say;
}

/** A language out of its file of texts; what it lacks is said in English. */
export function language(tag: string, texts: Partial<Record<Key, string>>): Language {
  const say: Say = (key, values = {}) => {
    const parts = (texts[key] ?? english[key]).split(/\{(\w+)\}/);
    return new Html(parts.map((part, at) => (at % 2 === 0 ? html`${part}` : html`${values[part]}`)).join(''));
  };
  return { tag, name: texts.language ?? tag, say };
}
