import type { Context, Middleware } from 'koa';
import { type SetupOver, setupFrame, setupOverPage, setupStartPage } from '../../views/admin/setup.ts';
import type { Organizations } from '../directory/organizations.ts';
import { network } from '../factors/attempts.ts';
import { type SetupLink, type SetupLinks, setupEnd, setupState, setupTime } from '../federation/setup-links.ts';
import type { Calls } from '../http/calls.ts';
import { wrongMethod } from '../http/edge.ts';
import { Failures, tooManyFailures } from '../http/limits.ts';
import type { Caller } from '../http/resource.ts';
import type { Vault } from '../kernel/crypto.ts';
import { missing, type Problem, problem } from '../kernel/errors.ts';
import { goOn, show } from './answer.ts';
import { type ConsolePage, type ConsoleShown, mayOpen, PageVisit, sendFile } from './console-page.ts';
import { answerTo, type Found, pageFinder } from './console-serving.ts';
import type { Frames } from './languages.ts';
import { Carried } from './own-sign-in.ts';
import { sentForm } from './sent-form.ts';

interface Parts {
  vault: Vault;
  frames: Frames;
  calls: Calls;
  organizations: Organizations;
  setupLinks: SetupLinks;
  /** What a link allows at this moment; undefined when whoever made it may not do that any more, or the organisation is gone. */
  callerOf(link: SetupLink): Promise<Caller | undefined>;
  /** Who made it, for people; undefined when that was no person, or one who is gone. */
  inviterOf(link: SetupLink): Promise<string | undefined>;
  pages: readonly ConsolePage<PageVisit>[];
}

type Rooms = Parts & { carried: Carried; wrong: Failures };

const root = '/setup';
const hours = setupTime / 3600;

/** Wrong keys that one network may show at once, and one more in half a minute; a right one is always looked at. */
const wrongKeys = { burst: 20, perSecond: 1 / 30 };

const notPermitted = problem(
  'insufficient_scope',
  403,
  () => 'Whoever made your set-up link may not do this; ask them for somebody who may',
);

/**
 * The connection wizard for whoever has a set-up link. The key in its address is good for one browser, which gets a cookie in
 * its place: it opens these pages and nothing else, and at each request counts what the one who made the link may do then.
 */
export function setup(parts: Parts): Middleware {
  const rooms: Rooms = { ...parts, carried: new Carried(parts.vault, { root }), wrong: new Failures(wrongKeys) };
  const find = pageFinder(parts.pages);
  return async (ctx, next) => {
    if (ctx.path !== root && !ctx.path.startsWith(`${root}/`)) return next();
    const [, id, key] = /^\/setup\/link\/([\w-]{1,40})\/([\w-]{1,100})$/.exec(ctx.path) ?? [];
    const found = id === undefined ? find(ctx.path) : undefined;
    const posts = id !== undefined || found?.page.post !== undefined;
    const [reads, sends] = [ctx.method === 'GET' || ctx.method === 'HEAD', ctx.method === 'POST' && posts];
    if (!reads && !sends) {
      ctx.set('Allow', posts ? 'GET, HEAD, POST' : 'GET, HEAD');
      throw wrongMethod(ctx.method);
    }
    if (id !== undefined && key !== undefined) return arrive(rooms, ctx, { id, key });
    return visit(rooms, ctx, found);
  };
}

const cookieName = (ctx: Context): string => `${ctx.secure ? '__Host-' : ''}setup`;
const browserOf = (ctx: Context): string | undefined => ctx.cookies.get(cookieName(ctx), { signed: false });

function keepCookie(ctx: Context, browser: string, end: number): void {
  const maxAge = Math.max(0, end * 1000 - Date.now());
  ctx.cookies.set(cookieName(ctx), browser, {
    ...{ path: '/', maxAge, httpOnly: true, sameSite: 'lax', secure: ctx.secure, signed: false },
  });
}

/** How a link stands for whoever shows it; `good` while it opens something. */
async function standing({ callerOf }: Rooms, link: SetupLink): Promise<{ good: Caller } | { over: SetupOver }> {
  const state = setupState(link);
  if (state === 'ended' || state === 'expired') return { over: state };
  const good = await callerOf(link);
  return good ? { good } : { over: 'ended' };
}

async function refuse(rooms: Rooms, ctx: Context, why: SetupOver, link?: SetupLink): Promise<void> {
  const inviter = link && (await rooms.inviterOf(link));
  const status = { used: 410, expired: 410, ended: 410, none: 403 }[why];
  show(ctx, setupOverPage(rooms.frames(ctx), why, inviter), status);
}

/** The page of the link itself. */
async function arrive(rooms: Rooms, ctx: Context, { id, key }: { id: string; key: string }): Promise<void> {
  const { setupLinks } = rooms;
  const sends = ctx.method === 'POST';
  if (sends) await sentForm(ctx);
  const link = await setupLinks.look(id, key);
  if (!link) return wrongKey(rooms, ctx);
  const stands = await standing(rooms, link);
  if ('over' in stands) return refuse(rooms, ctx, stands.over, link);
  const mine = await setupLinks.ofBrowser(browserOf(ctx));
  if (mine?.id === link.id) return goOn(ctx, root);
  if (link.opened !== undefined) {
    // It is told of, when it is tried and not only looked at.
    if (sends) await setupLinks.take(id, key, seenBy(ctx));
    return refuse(rooms, ctx, 'used', link);
  }
  if (!sends)
    return show(ctx, setupStartPage(rooms.frames(ctx), await invitation(rooms, link), { action: ctx.path, hours }));
  const browser = await setupLinks.take(id, key, seenBy(ctx));
  const taken = await setupLinks.ofBrowser(browser);
  if (browser === undefined || !taken) return refuse(rooms, ctx, 'used', link);
  keepCookie(ctx, browser, setupEnd(taken));
  return goOn(ctx, root);
}

const seenBy = (ctx: Context) => ({ ip: String(ctx.state.ip), requestId: String(ctx.state.requestId) });

function wrongKey(rooms: Rooms, ctx: Context): Promise<void> {
  const place = network(String(ctx.state.ip));
  const seconds = rooms.wrong.wait(place);
  if (seconds > 0) throw tooManyFailures(seconds);
  rooms.wrong.count(place);
  return refuse(rooms, ctx, 'none');
}

/** What every page says of the link. */
async function invitation({ inviterOf, organizations }: Rooms, link: SetupLink) {
  const name = (await organizations.get(link.organization))?.name ?? link.organization;
  return { organization: name, inviter: await inviterOf(link), until: setupEnd(link) };
}

/** A page of the wizard. */
async function visit(rooms: Rooms, ctx: Context, found: Found<ConsolePage<PageVisit>> | undefined): Promise<void> {
  const form = ctx.method === 'POST' ? await sentForm(ctx) : undefined;
  const link = await rooms.setupLinks.ofBrowser(browserOf(ctx));
  if (!link) return refuse(rooms, ctx, 'none');
  const stands = await standing(rooms, link);
  if ('over' in stands) return refuse(rooms, ctx, stands.over, link);
  if (!found) throw missing('This page');
  const { page, params } = found;
  const caller = stands.good;
  if (!mayOpen(page, (operation) => rooms.calls.may(caller, operation))) throw notPermitted();
  const parts = { ctx, frame: rooms.frames(ctx), caller, calls: rooms.calls, params, typed: new Map<string, string>() };
  const visitor = new PageVisit(parts);
  const { reply, problem } = form
    ? await answerTo(page, visitor, form)
    : { reply: await page.get(visitor), problem: undefined };
  if ('goOn' in reply) {
    if ('said' in reply && reply.said) rooms.carried.keep(ctx, 'note', { account: link.id, said: reply.said });
    return goOn(ctx, reply.goOn);
  }
  if ('file' in reply) return sendFile(ctx, reply);
  return present(rooms, visitor, link, { ...reply, problem });
}

async function present(
  rooms: Rooms,
  { ctx, frame }: PageVisit,
  link: SetupLink,
  { problem, ...shown }: ConsoleShown & { problem?: Problem | undefined },
): Promise<void> {
  const note = rooms.carried.note(ctx);
  rooms.carried.forget(ctx, 'note');
  const said = note?.account === link.id && note.said ? frame.say(note.said.key, note.said.values) : undefined;
  const view = { ...(await invitation(rooms, link)), ...shown, said, problem };
  show(ctx, setupFrame(frame, view), shown.status ?? 200);
}
