import type { Context, Middleware } from 'koa';
import { wrongMethod } from '../http/edge.ts';
import { ownOrigin } from '../http/origin.ts';
import { goOn } from './answer.ts';
import { sentForm } from './sent-form.ts';

const cookie = 'language';
const aYear = 365 * 24 * 60 * 60;

/** So long a choice counts more than what the application asks for, which would undo it on the next page (seconds). */
const justNow = 60 * 60;

const seconds = (): number => Math.floor(Date.now() / 1000);

/** The language that was chosen in this browser (BCP 47), and whether that was in the last hour. */
export function chosenIn(ctx: Context): { tag: string; justNow: boolean } | undefined {
  const [, tag, at = 0] =
    /^([\w-]{1,35})(?:\.(\d{1,12}))?$/.exec(ctx.cookies.get(cookie, { signed: false }) ?? '') ?? [];
  return tag === undefined ? undefined : { tag, justNow: Math.abs(seconds() - Number(at)) < justNow };
}

/** Keeps a choice in this browser for a year. It is no secret, and proves nothing. */
export function choose(ctx: Context, tag: string): void {
  ctx.cookies.set(cookie, `${tag}.${seconds()}`, {
    ...{ path: '/', maxAge: aYear * 1000, httpOnly: true, sameSite: 'lax', secure: ctx.secure, signed: false },
  });
}

/** Takes the choice that stands below every page, and goes back to that page. Throws as `sentForm` does. */
export const languageChoice =
  (tags: readonly string[]): Middleware =>
  async (ctx, next) => {
    if (ctx.path !== '/language') return next();
    if (ctx.method !== 'POST') {
      ctx.set('Allow', 'POST');
      throw wrongMethod(ctx.method);
    }
    const form = await sentForm(ctx);
    const tag = form.get('language') ?? '';
    if (tags.includes(tag)) choose(ctx, tag);
    return goOn(ctx, ownAddress(ctx, form.get('to') ?? '/'));
  };

/** The address on this server, whole, so that no path can pass for the name of another host; the start page for any other. */
function ownAddress(ctx: Context, to: string): string {
  const origin = ownOrigin(ctx);
  const url = URL.parse(to, origin);
  return url?.origin === origin ? url.href : `${origin}/`;
}
