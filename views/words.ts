import { Html, html, type Value } from '../src/kernel/html.ts';
import english from './locales/en.json' with { type: 'json' };

type Text = keyof typeof english;

/** What has a form for one and a form for several: `wait.minutes.one` and `wait.minutes.other` are the text `wait.minutes`. */
type Counted<T> = T extends `${infer Name}.one` ? (`${Name}.other` extends Text ? Name : never) : never;

/** The name of a text; `en.json` has them all. Which form of one that has several is said follows from `count`. */
export type Key = Exclude<Text, `${Counted<Text>}.one` | `${Counted<Text>}.other`> | Counted<Text>;

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

type Texts = Readonly<Record<string, string>>;

/** A language out of its file of texts; what it lacks is said in English. */
export function language(tag: string, texts: Texts): Language {
  const rules = new Intl.PluralRules(tag);
  const inEnglish = new Intl.PluralRules('en');
  const say: Say = (key, values = {}) => {
    const text = form(texts, key, rules, values.count) ?? form(english, key, inEnglish, values.count) ?? key;
    const parts = text.split(/\{(\w+)\}/);
    return new Html(parts.map((part, at) => (at % 2 === 0 ? html`${part}` : html`${values[part]}`)).join(''));
  };
  return { tag, name: texts.language ?? tag, say };
}

function form(texts: Texts, key: string, rules: Intl.PluralRules, count: Value): string | undefined {
  if (typeof count !== 'number') return texts[key];
  return texts[key] ?? texts[`${key}.${rules.select(count)}`] ?? texts[`${key}.other`];
}

/** How long to wait, from a second up to minutes. */
export function duration(say: Say, seconds: number): Html {
  if (seconds < 90) return say('wait.seconds', { count: Math.max(1, Math.ceil(seconds)) });
  return say('wait.minutes', { count: Math.ceil(seconds / 60) });
}

/** Things one after another, the last one joined with an "and" of the language. */
export function listed(tag: string, items: readonly Value[]): Html {
  const names = items.map((_, at) => String(at));
  const parts = new Intl.ListFormat(tag).formatToParts(names);
  return html`${parts.map(({ type, value }) => (type === 'element' ? items[Number(value)] : value))}`;
}

const entities: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

/** The text of what we made ourselves: its own tags go, and then what was escaped comes back. */
export const plain = (part: Html): string =>
  part
    .toString()
    .replaceAll('<li>', '\n- ')
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? entity)
    .trim();
