import type { Context, Middleware } from 'koa';
import { accountFrame } from '../../views/account/frame.ts';
import { againPage, type NotIn, notInPage } from '../../views/account/signing-in.ts';
import type { Frame } from '../../views/layout.ts';
import { calledAs, type User, type Users } from '../directory/users.ts';
import { wrongMethod } from '../http/edge.ts';
import type { Vault } from '../kernel/crypto.ts';
import type { BrowserSession, BrowserSessions } from '../protocol/browser-session.ts';
import { type Freshness, freshFor } from '../signin/freshness.ts';
import type { AccountPage, Reply, Shown, Visit } from './account-page.ts';
import { Carried, cameBack, toSignIn } from './account-sign-in.ts';
import { goOn, show } from './answer.ts';
import type { Frames } from './languages.ts';
import { sentForm } from './sent-form.ts';

interface Parts {
  issuer: string;
  vault: Vault;
  users: Users;
  sessions: BrowserSessions;
  freshness: Freshness;
  frames: Frames;
  pages: readonly AccountPage[];
}

type Rooms = Omit<Parts, 'pages'> & { carried: Carried };

const first = '/account/profile';

/**
 * The pages on which people look after their own account. Each needs the session of this browser, and those that matter a
 * fresh one; whoever has none signs in first and comes back. No form and no address names a person: it is always the one
 * who is signed in.
 */
export function account({ pages, ...parts }: Parts): Middleware {
  const rooms: Rooms = { ...parts, carried: new Carried(parts.vault) };
  const byPath = new Map(pages.map((page) => [page.path, page]));
  return async (ctx, next) => {
    if (ctx.path !== '/account' && !ctx.path.startsWith('/account/')) return next();
    ctx.set('Cache-Control', 'no-store');
    const page = byPath.get(ctx.path);
    if (ctx.method === 'GET' || ctx.method === 'HEAD') return (await open(rooms, ctx, page)) ? undefined : next();
    if (!page) return next();
    if (ctx.method === 'POST' && page.post) return receive(rooms, ctx, page);
    ctx.set('Allow', page.post ? 'GET, HEAD, POST' : 'GET, HEAD');
    throw wrongMethod(ctx.method);
  };
}

/** Answers whether there is something at this address. */
async function open(rooms: Rooms, ctx: Context, page: AccountPage | undefined): Promise<boolean> {
  const { host, origin } = new URL(rooms.issuer);
  // On a developer's machine a browser may come by another name of it; the sign-in comes back to this one.
  if (ctx.host !== host) goOn(ctx, `${origin}${ctx.url}`);
  else if (ctx.path === '/account') goOn(ctx, first);
  else if (ctx.path === '/account/return') await comeBack(rooms, ctx);
  else if (page) await ask(rooms, ctx, page);
  else return false;
  return true;
}

/** Who is here, if it is enough for the page. */
async function visitOf(
  { sessions, users, freshness, frames, carried }: Rooms,
  ctx: Context,
  page: AccountPage,
): Promise<{ visit?: Visit; session?: BrowserSession; user?: User }> {
  const session = await sessions.of(ctx);
  const user = session && (await users.get(session.account));
  if (!session || !user) return {};
  if (page.needs === 'fresh' && !(await freshness.isFresh(session))) return { session, user };
  const note = carried.note(ctx);
  const typed = note?.account === user.id && note.typed?.path === page.path ? note.typed.fields : {};
  const { ip, requestId } = ctx.state;
  const frame = frameFor(frames, ctx, user);
  return { visit: { ctx, frame, session, user, seen: { ip, requestId }, typed: new Map(Object.entries(typed)) } };
}

/** In the language that the person has chosen, where there is one. */
function frameFor(frames: Frames, ctx: Context, user: User | undefined): Frame {
  if (user?.profile.locale !== undefined) ctx.state.uiLocales = user.profile.locale.replace('_', '-');
  return frames(ctx);
}

async function ask(rooms: Rooms, ctx: Context, page: AccountPage): Promise<void> {
  const { visit, user: known } = await visitOf(rooms, ctx, page);
  if (!visit) return signInFor(rooms, ctx, page, known);
  const reply = await page.get(visit);
  if (!('goOn' in reply)) return present(rooms, visit, page, reply);
  const { connect: connection, acr } = reply;
  if (connection === undefined && acr === undefined) return goOn(ctx, reply.goOn);
  const { frame, user } = visit;
  const wish = { needs: 'session', language: frame.tag, loginHint: user.email, connection, acr } as const;
  return toSignIn(ctx, rooms, { ...wish, path: reply.goOn });
}

async function receive(rooms: Rooms, ctx: Context, page: AccountPage): Promise<void> {
  const form = await sentForm(ctx);
  const { visit, user } = await visitOf(rooms, ctx, page);
  if (!visit) return keepTyped(rooms, ctx, page, { form, user });
  const reply: Reply = (await page.post?.(visit, form)) ?? { goOn: page.path };
  if ('goOn' in reply) {
    if (reply.said) rooms.carried.keep(ctx, 'note', { account: visit.user.id, said: reply.said });
    return goOn(ctx, reply.goOn);
  }
  if ('alone' in reply) return show(ctx, reply.alone);
  if ('file' in reply) {
    ctx.type = 'application/json';
    ctx.attachment(reply.file);
    ctx.body = reply.json;
    return undefined;
  }
  return present(rooms, visit, page, reply);
}

function present({ carried }: Rooms, visit: Visit, { room }: AccountPage, shown: Shown): void {
  const { ctx, frame, user } = visit;
  const { title, content, wrong = false, status = wrong ? 400 : 200 } = shown;
  const note = carried.note(ctx);
  carried.forget(ctx, 'note');
  const said = note?.account === user.id && note.said ? frame.say(note.said.key, note.said.values) : undefined;
  show(ctx, accountFrame(frame, { room, account: calledAs(user), title, content, said, wrong }), status);
}

/**
 * A form for which nobody is signed in, or not lately enough, changes nothing. It is no redirect that follows but a page with
 * a link: a form may not lead away from here (form-action), and a sign-in may lead to a provider.
 */
function keepTyped(
  { carried, frames }: Rooms,
  ctx: Context,
  page: AccountPage,
  { form, user }: { form: ReadonlyMap<string, string>; user: User | undefined },
): void {
  const fields = Object.fromEntries(
    (page.keeps ?? []).flatMap((name) => [[name, form.get(name)?.slice(0, 500) ?? '']]),
  );
  if (user && page.keeps) carried.keep(ctx, 'note', { account: user.id, typed: { path: page.path, fields } });
  show(ctx, againPage(frameFor(frames, ctx, user), page.path), 403);
}

async function signInFor(rooms: Rooms, ctx: Context, { needs }: AccountPage, user: User | undefined): Promise<void> {
  const { freshness, frames } = rooms;
  const language = frameFor(frames, ctx, user).tag;
  const wish = needs === 'fresh' ? { maxAge: freshFor, acr: user && (await freshness.wanted(user.id)) } : {};
  toSignIn(ctx, rooms, { needs, language, loginHint: user?.email, ...wish });
}

/** Back from the sign-in: the session is what counts now, and the page itself looks at it again. */
async function comeBack(rooms: Rooms, ctx: Context): Promise<void> {
  const { carried, frames, freshness, sessions, users } = rooms;
  const errand = cameBack(ctx, carried);
  const refuse = (why: NotIn, user?: User) =>
    show(ctx, notInPage(frameFor(frames, ctx, user), why, errand?.path ?? first), why === 'denied' ? 200 : 400);
  const { error } = ctx.query;
  // A second page that was opened at the same time has written over where this one was to go; nobody is kept out for that.
  if (!errand) return (await sessions.of(ctx)) ? goOn(ctx, first) : refuse('lost');
  if (error === 'access_denied') return refuse('denied');
  if (error === 'unmet_authentication_requirements') return refuse('unmet');
  if (error !== undefined) return refuse('other');
  const session = await sessions.of(ctx);
  if (!session) return refuse('lost');
  // Here and not on the page, which would ask for a sign-in again, for ever.
  if (errand.needs === 'fresh' && !(await freshness.isFresh(session))) {
    return refuse('stale', await users.get(session.account));
  }
  return goOn(ctx, errand.path);
}
