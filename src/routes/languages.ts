import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Context } from 'koa';
import type { Frame } from '../../views/layout.ts';
import { type Language, language } from '../../views/words.ts';
import { frameOf } from './assets.ts';

const folder = join(import.meta.dirname, '../../views/locales');

/** Every language that has a file; adding one is adding its file. */
const languages = new Map<string, Language>(
  readdirSync(folder).map((file) => {
    const tag = basename(file, '.json');
    return [tag, language(tag, JSON.parse(readFileSync(join(folder, file), 'utf8')))];
  }),
);

/** Their tags and their names for themselves. */
export const languageChoices: readonly (readonly [string, string])[] = [...languages.values()].map(({ tag, name }) => [
  tag,
  name,
]);

const usual = 'en';

/** The language of the first of these tags (BCP 47, best first) that there is a file for, `de` for `de-AT`; English otherwise. */
export function languageOf(tags: readonly string[]): Language {
  for (const tag of tags) {
    const [primary = ''] = tag.toLowerCase().split('-');
    const known = languages.get(tag) ?? languages.get(primary);
    if (known) return known;
  }
  const english = languages.get(usual);
  if (!english) throw new Error(`views/locales/${usual}.json is missing`);
  return english;
}

/** What a page needs, in the language of whoever asks for it. */
export type Frames = (ctx: Context) => Frame;

/** In the language of the request: `ui_locales` of the sign-in that it belongs to, then the browser's own. */
export const framesOf = (issuer: string): Frames => {
  const bare = frameOf(issuer);
  return (ctx) => {
    const { uiLocales } = ctx.state;
    const wished = typeof uiLocales === 'string' ? uiLocales.split(' ') : [];
    return { ...bare, ...languageOf([...wished, ...accepted(ctx.get('accept-language'))]) };
  };
};

/** The tags of an Accept-Language header, best first (RFC 9110 §12.5.4). */
function accepted(header: string): string[] {
  const ranges = header.split(',').map((range) => {
    const [tag = '', ...parameters] = range.trim().split(';');
    const q = parameters.map((one) => /^\s*q=([\d.]+)$/.exec(one)?.[1]).find((one) => one !== undefined);
    return { tag, q: q === undefined ? 1 : Number(q) };
  });
  return ranges
    .filter(({ tag, q }) => tag !== '' && q > 0)
    .sort((a, b) => b.q - a.q)
    .map(({ tag }) => tag);
}
