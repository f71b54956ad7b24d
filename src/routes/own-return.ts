import type { Context } from 'koa';
import { againPage, type NotIn, notInPage } from '../../views/account/signing-in.ts';
import type { Frame } from '../../views/layout.ts';
import type { User, Users } from '../directory/users.ts';
import type { BrowserSession, BrowserSessions } from '../protocol/browser-session.ts';
import type { Freshness } from '../signin/freshness.ts';
import { goOn, show } from './answer.ts';
import type { Frames } from './languages.ts';
import { type Area, type Carried, cameBack, type Needs } from './own-sign-in.ts';

interface Parts {
  area: Area;
  issuer: string;
  users: Users;
  sessions: BrowserSessions;
  frames: Frames;
  carried: Carried;
  freshness: Pick<Freshness, 'within'>;
}

/** In the language that the person has chosen, where there is one. */
export function frameFor(frames: Frames, ctx: Context, user: User | undefined): Frame {
  if (user?.profile.locale !== undefined) ctx.state.uiLocales = user.profile.locale.replace('_', '-');
  return frames(ctx);
}

/** On a developer's machine a browser may come by another name of it; the sign-in comes back to this one. Answers whether it was sent on. */
export function sentHome(ctx: Context, issuer: string): boolean {
  const { host, origin } = new URL(issuer);
  if (ctx.host !== host) goOn(ctx, `${origin}${ctx.url}`);
  return ctx.host !== host;
}

/**
 * Back from the sign-in: the session is what counts now, and the page itself looks at it again. `isEnough` is asked here and
 * not on the page, which would ask for a sign-in again, for ever.
 */
export async function comeBack(
  { area, carried, frames, freshness, sessions, users }: Parts,
  ctx: Context,
  isEnough: (session: BrowserSession, needs: Needs) => Promise<boolean>,
): Promise<void> {
  const errand = cameBack(ctx, carried);
  const refuse = (why: NotIn, user?: User) => {
    const place = { path: errand?.path ?? area.first, minutes: freshness.within / 60 };
    const page = notInPage(frameFor(frames, ctx, user), why, place);
    show(ctx, page, why === 'denied' ? 200 : 400);
  };
  const { error } = ctx.query;
  // A second page that was opened at the same time has written over where this one was to go; nobody is kept out for that.
  if (!errand) return (await sessions.of(ctx)) ? goOn(ctx, area.first) : refuse('lost');
  if (error === 'access_denied') return refuse('denied');
  if (error === 'unmet_authentication_requirements') return refuse('unmet');
  if (error !== undefined) return refuse('other');
  const session = await sessions.of(ctx);
  if (!session) return refuse('lost');
  if (!(await isEnough(session, errand.needs))) return refuse('stale', await users.get(session.account));
  return goOn(ctx, errand.path);
}

/** What was sent with a form for which the sign-in is not enough. */
interface Sent {
  form: ReadonlyMap<string, string>;
  user: User | undefined;
  /** The names of fields that are shown again. */
  keeps: readonly string[] | undefined;
  /** Where the form is. */
  path: string;
}

/** A cookie has 4096 bytes (RFC 6265 §6.1): sealed and encoded, that much of what was typed fits, with its names and its path. */
const mostKept = 2600;

const bytes = (name: string, text: string): number => Buffer.byteLength(JSON.stringify([name, text]));

/** What fits, the shortest first, so that a long text keeps no other away; what the form was made of comes last. */
function fitting(form: ReadonlyMap<string, string>, names: readonly string[], room: number): Record<string, string> {
  const all = names.filter((name) => name !== 'etag').map((name) => [name, form.get(name) ?? ''] as const);
  const size = ([name, text]: readonly [string, string]) => (name === 'was' ? mostKept : 0) + bytes(name, text);
  const kept: Record<string, string> = {};
  let left = room;
  for (const [name, text] of all.sort((one, other) => size(one) - size(other))) {
    left -= bytes(name, text);
    if (left < 0) break;
    kept[name] = text;
  }
  const etag = names.includes('etag') && kept.was !== undefined ? form.get('etag') : undefined;
  return etag === undefined ? kept : { ...kept, etag };
}

/**
 * A form for which nobody is signed in, or not lately enough, changes nothing. It is no redirect that follows but a page with
 * a link: a form may not lead away from here (form-action), and a sign-in may lead to a provider.
 */
export function keepTyped({ carried, frames }: Parts, ctx: Context, { form, user, keeps, path }: Sent): void {
  // A cookie holds little. What is cut would be saved as it comes back, so what is long stands there again as it is now; and
  // without what the form was made of, it is made anew.
  const fields = fitting(form, keeps ?? [], mostKept - path.length);
  if (user && keeps) carried.keep(ctx, 'note', { account: user.id, typed: { path, fields } });
  show(ctx, againPage(frameFor(frames, ctx, user), path), 403);
}

/** What was typed into the form of this page before a sign-in came between. */
export function typedBefore({ carried }: Parts, ctx: Context, user: User, path: string): ReadonlyMap<string, string> {
  const note = carried.note(ctx);
  return new Map(Object.entries(note?.account === user.id && note.typed?.path === path ? note.typed.fields : {}));
}

/** What was done on the page before, in words; told once. */
export function saidBefore({ carried }: Parts, ctx: Context, frame: Frame, user: User) {
  const note = carried.note(ctx);
  carried.forget(ctx, 'note');
  return note?.account === user.id && note.said ? frame.say(note.said.key, note.said.values) : undefined;
}
