import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Context, Middleware } from 'koa';
import type { Frame } from '../../views/layout.ts';
import { type Language, language } from '../../views/words.ts';
import { frameOf } from './assets.ts';
import { chosenIn } from './language-choice.ts';

const folder = join(import.meta.dirname, '../../views/locales');

/** Every language that has a file, under its tag in small letters; adding one is adding its file. */
const languages = new Map<string, Language>(
  readdirSync(folder).map((file) => {
    const tag = basename(file, '.json');
    return [tag.toLowerCase(), language(tag, JSON.parse(readFileSync(join(folder, file), 'utf8')))];
  }),
);

/** Their tags and their names for themselves. */
export const languageChoices: readonly (readonly [string, string])[] = [...languages.values()].map(({ tag, name }) => [
  tag,
  name,
]);

const usual = 'en';

/** More wishes than this, or longer tags, nobody has who means them. */
const [mostTags, longestTag] = [20, 35];

/** The language of the first of these tags (BCP 47, best first) that there is a file for, `de` for `de-AT` (RFC 4647 §3.4); English otherwise. */
export function languageOf(tags: readonly string[]): Language {
  for (const tag of tags.slice(0, mostTags)) {
    for (let range = tag.toLowerCase().slice(0, longestTag); range !== ''; range = shorter(range)) {
      const known = languages.get(range);
      if (known) return known;
    }
  }
  const english = languages.get(usual);
  if (!english) throw new Error(`views/locales/${usual}.json is missing`);
  return english;
}

const shorter = (range: string): string => range.slice(0, Math.max(0, range.lastIndexOf('-')));

/** What a page needs, in the language of whoever asks for it. */
export type Frames = (ctx: Context) => Frame;

/**
 * In the language of the request: what the person has chosen just now, `ui_locales` of the sign-in that it belongs to
 * (OIDC Core §3.1.2.1), what the person chose in this browser some time, then the browser's own languages.
 */
export const framesOf = (issuer: string): Frames => {
  const bare = frameOf(issuer);
  return (ctx) => {
    const chosen = chosenIn(ctx);
    const now = chosen?.justNow ? [chosen.tag] : [];
    const before = chosen ? [chosen.tag] : [];
    const spoken = languageOf([...now, ...asked(ctx), ...before, ...accepted(ctx.get('accept-language'))]);
    ctx.state.language = spoken.tag;
    return { ...bare, ...spoken, languages: languageChoices, here: hereOf(ctx) };
  };
};

/** `ui_locales` of the sign-in that the request belongs to, or of the protocol's request that it is. */
function asked(ctx: Context): string[] {
  const { uiLocales = ctx.path.startsWith('/oauth2/') ? ctx.query.ui_locales : undefined } = ctx.state;
  return typeof uiLocales === 'string' ? uiLocales.split(' ') : [];
}

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

/** Forms of these pages are sent to the page's own address. */
const toThemselves = /^\/(?:account|admin|setup)\//;

/** Asked for a second time, these answer something else. */
const once = /^\/oauth2\/authorize\/|^\/federation\/|\/return$/;

const longestHere = 2000;

/** Where the same page comes from again in another language, if it does. */
function hereOf({ method, path, querystring }: Context): string | undefined {
  if (path.startsWith('/signin/')) return path.replace(/\/return$/, '');
  const reading = method === 'GET' || method === 'HEAD';
  if (once.test(path) || !(reading || toThemselves.test(path))) return undefined;
  const here = reading && querystring !== '' ? `${path}?${querystring}` : path;
  return here.length <= longestHere ? here : undefined;
}

/** Tells browsers and caches of a page in which language it is, and what decided that. */
export const toldLanguage: Middleware = async (ctx, next) => {
  await next();
  const { language: tag } = ctx.state;
  if (typeof tag !== 'string' || ctx.headerSent || ctx.type !== 'text/html') return;
  ctx.set('Content-Language', tag);
  ctx.vary('Accept-Language');
  ctx.vary('Cookie');
};
