import type { Context, Middleware } from 'koa';
import { accountFrame } from '../../views/account/frame.ts';
import type { Trail } from '../audit/trail.ts';
import { accountClientId } from '../clients/built-in.ts';
import { calledAs, type User, type Users } from '../directory/users.ts';
import { wrongMethod } from '../http/edge.ts';
import type { Vault } from '../kernel/crypto.ts';
import type { BrowserSession, BrowserSessions } from '../protocol/browser-session.ts';
import type { Freshness } from '../signin/freshness.ts';
import type { AccountPage, Reply, Shown, Visit } from './account-page.ts';
import { goOn, show } from './answer.ts';
import type { Frames } from './languages.ts';
import { comeBack, frameFor, keepTyped, saidBefore, sentHome, typedBefore } from './own-return.ts';
import { type Area, Carried, toSignIn } from './own-sign-in.ts';
import { sentForm } from './sent-form.ts';

interface Parts {
  issuer: string;
  vault: Vault;
  trail: Trail;
  users: Users;
  sessions: BrowserSessions;
  freshness: Freshness;
  frames: Frames;
  pages: readonly AccountPage[];
}

type Rooms = Omit<Parts, 'pages'> & { area: Area; carried: Carried };

const area: Area = { root: '/account', client: accountClientId, first: '/account/profile' };

/**
 * The pages on which people look after their own account. Each needs the session of this browser, and those that matter a
 * fresh one; whoever has none signs in first and comes back. No form and no address names a person: it is always the one
 * who is signed in.
 */
export function account({ pages, ...parts }: Parts): Middleware {
  const rooms: Rooms = { ...parts, area, carried: new Carried(parts.vault, area) };
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
  const { freshness } = rooms;
  if (sentHome(ctx, rooms.issuer)) return true;
  if (ctx.path === '/account') goOn(ctx, area.first);
  else if (ctx.path === '/account/return')
    await comeBack(rooms, ctx, async (session, needs) => needs === 'session' || freshness.isFresh(session));
  else if (page) await ask(rooms, ctx, page);
  else return false;
  return true;
}

/** Who is here, if it is enough for the page. */
async function visitOf(
  rooms: Rooms,
  ctx: Context,
  page: AccountPage,
): Promise<{ visit?: Visit; session?: BrowserSession; user?: User }> {
  const { sessions, users, freshness, frames } = rooms;
  const session = await sessions.of(ctx);
  const user = session && (await users.get(session.account));
  if (!session || !user) return {};
  if (page.needs === 'fresh' && !(await freshness.isFresh(session))) return { session, user };
  const typed = typedBefore(rooms, ctx, user, page.path);
  const { ip, requestId } = ctx.state;
  const frame = frameFor(frames, ctx, user);
  return { visit: { ctx, frame, session, user, seen: { ip, requestId }, typed } };
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
  if (!visit) return keepTyped(rooms, ctx, { form, user, keeps: page.keeps, path: page.path });
  // Before anything is changed: whatever stops us in between, it is known that they were at it.
  const asking = { actor: `user:${visit.user.id}`, detail: { operation: page.path } };
  await rooms.trail.record({ type: 'account.asked', ...asking });
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

function present(rooms: Rooms, visit: Visit, { room }: AccountPage, shown: Shown): void {
  const { ctx, frame, user } = visit;
  const { title, content, wrong = false, status = wrong ? 400 : 200 } = shown;
  const said = saidBefore(rooms, ctx, frame, user);
  show(ctx, accountFrame(frame, { room, account: calledAs(user), title, content, said, wrong }), status);
}

async function signInFor(rooms: Rooms, ctx: Context, { needs }: AccountPage, user: User | undefined): Promise<void> {
  const { freshness, frames } = rooms;
  const language = frameFor(frames, ctx, user).tag;
  const wish = needs === 'fresh' ? { maxAge: freshness.within, acr: user && (await freshness.wanted(user.id)) } : {};
  toSignIn(ctx, rooms, { needs, language, loginHint: user?.email, ...wish });
}
