import type { Context, Middleware } from 'koa';
import { consoleFrame, isRoom, type Room } from '../../views/admin/frame.ts';
import { noAdministratorPage } from '../../views/admin/refused.ts';
import { consoleClientId } from '../clients/built-in.ts';
import { calledAs, type User, type Users } from '../directory/users.ts';
import type { Calls } from '../http/calls.ts';
import { wrongMethod } from '../http/edge.ts';
import type { Vault } from '../kernel/crypto.ts';
import { type Problem, problem } from '../kernel/errors.ts';
import type { BrowserSession, BrowserSessions } from '../protocol/browser-session.ts';
import type { Freshness } from '../signin/freshness.ts';
import { atLeast } from '../signin/proof.ts';
import { worthOfSession } from '../signin/worth.ts';
import { goOn, show } from './answer.ts';
import { type ConsolePage, type ConsoleShown, ConsoleVisit, mayOpen, type Standing, sendFile } from './console-page.ts';
import { answerTo, type Found, pageFinder } from './console-serving.ts';
import type { Frames } from './languages.ts';
import { comeBack, frameFor, keepTyped, saidBefore, sentHome, typedBefore } from './own-return.ts';
import { type Area, Carried, type Needs, toSignIn } from './own-sign-in.ts';
import { sentForm } from './sent-form.ts';

interface Parts {
  issuer: string;
  vault: Vault;
  users: Users;
  sessions: BrowserSessions;
  /** For what matters; what it wants of a sign-in, every page wants. */
  freshness: Freshness;
  frames: Frames;
  calls: Calls;
  /** As what this person administers at this moment, the usual one first; empty for whoever administers nothing. */
  standingsOf(user: User): Promise<readonly Standing[]>;
  pages: readonly ConsolePage[];
}

type Rooms = Parts & { area: Area; carried: Carried };

const area: Area = { root: '/admin', client: consoleClientId, first: '/admin' };

const notPermitted = problem(
  'insufficient_scope',
  403,
  () => 'Your roles do not allow this; ask an administrator who may give you one that does',
);

const actsForAnother = problem(
  'acts_for_another',
  409,
  () =>
    'You chose another organization meanwhile than the one that this form is for, so nothing was done; you act for the one that stands beside again: send it once more if you mean it',
);
/** The field that says for whom a form was made. */
const actsFor = 'acts-for';

/**
 * The pages of administration. Each needs a session of this browser that is worth what the console asks of administrators, and
 * the permission for what it shows or does at this moment; what matters also needs a fresh sign-in. The admin API and its
 * other addresses are not the console's.
 */
export function adminConsole(parts: Parts): Middleware {
  const rooms: Rooms = { ...parts, area, carried: new Carried(parts.vault, area) };
  const find = pageFinder(parts.pages);
  return async (ctx, next) => {
    if (ctx.path !== '/admin' && !ctx.path.startsWith('/admin/')) return next();
    const found = find(ctx.path);
    if (!found && ctx.path !== '/admin/return') return next();
    ctx.set('Cache-Control', 'no-store');
    if (ctx.method === 'GET' || ctx.method === 'HEAD') return open(rooms, ctx, found);
    if (ctx.method === 'POST' && found?.page.post) return receive(rooms, ctx, found);
    ctx.set('Allow', found?.page.post ? 'GET, HEAD, POST' : 'GET, HEAD');
    throw wrongMethod(ctx.method);
  };
}

async function open(rooms: Rooms, ctx: Context, found: Found<ConsolePage> | undefined): Promise<void> {
  if (sentHome(ctx, rooms.issuer)) return undefined;
  if (!found) return comeBack(rooms, ctx, (session, needs) => isEnough(rooms, session, needs));
  const { visit, user } = await visitOf(rooms, ctx, found);
  if (visit === 'refused') return refuse(rooms, ctx, user);
  if (!visit) return signInFor(rooms, ctx, found, user);
  const reply = await found.page.get(visit);
  if ('file' in reply) return sendFile(ctx, reply);
  return 'goOn' in reply ? goOn(ctx, reply.goOn) : present(rooms, visit, found.page, reply);
}

/** Whether a session is worth what this needs of somebody who administers; from all others nothing is asked, since they may see nothing. */
async function isEnough(
  { standingsOf, freshness, users }: Rooms,
  session: BrowserSession,
  needs: Needs,
): Promise<boolean> {
  const user = await users.get(session.account);
  if (!user || (await standingsOf(user)).length === 0) return true;
  if (needs === 'fresh') return freshness.isFresh(session);
  return atLeast(worthOfSession(session), await freshness.wanted(user.id));
}

/** The one that was chosen in this browser, while it is still one of these. */
function chosen({ carried }: Rooms, ctx: Context, user: User, all: readonly Standing[]): Standing | undefined {
  const place = carried.place(ctx);
  const wished = place?.account === user.id ? place.organization : undefined;
  return all.find((one) => idOf(one) === wished) ?? all[0];
}

/** What somebody wanted who may not open a page. */
const wanted = ({ calls = 'getOverview' }: ConsolePage): string => [calls].flat()[0] ?? 'getOverview';

const idOf = ({ organization }: Standing): string => organization?.id ?? '';

/** What was sent here, and for whom its form was made, where it says so. */
interface Sent {
  form: ReadonlyMap<string, string>;
  madeFor: string | undefined;
}

async function sent(ctx: Context): Promise<Sent> {
  const { [actsFor]: madeFor, ...form } = Object.fromEntries(await sentForm(ctx));
  return { form: new Map(Object.entries(form)), madeFor };
}

/** For whom this is: a form is for whom it was made, also when another was chosen meanwhile. `moved` when it is not the chosen one. */
function standingFor(
  rooms: Rooms,
  { ctx, user, page, all }: { ctx: Context; user: User; page: ConsolePage; all: readonly Standing[] },
  form: Sent | undefined,
): { standing: Standing | undefined; moved: boolean } {
  const now = chosen(rooms, ctx, user, all);
  if (!now || !form || page.forAll || (form.madeFor ?? (all.length === 1 ? idOf(now) : undefined)) === idOf(now))
    return { standing: now, moved: false };
  return { standing: all.find((one) => idOf(one) === form.madeFor) ?? now, moved: true };
}

/** Who is here, if it is enough for the page: `refused` for those who administer nothing. Throws `insufficient_scope`. */
async function visitOf(
  rooms: Rooms,
  ctx: Context,
  { page, params }: Found<ConsolePage>,
  form?: Sent,
): Promise<{ visit?: ConsoleVisit | 'refused'; user?: User; moved?: boolean }> {
  const { calls, standingsOf, frames, sessions, users } = rooms;
  const session = await sessions.of(ctx);
  const user = session && (await users.get(session.account));
  if (!session || !user) return {};
  const standings = await standingsOf(user);
  const { standing, moved } = standingFor(rooms, { ctx, user, page, all: standings }, form);
  if (!standing) {
    await calls.refused(`user:${user.id}`, wanted(page));
    return { visit: 'refused', user };
  }
  if (!(await isEnough(rooms, session, 'session'))) return { user };
  if (!mayOpen(page, (operation) => calls.may(standing.caller, operation))) {
    await calls.refused(standing.caller.actor, wanted(page));
    throw notPermitted();
  }
  if (page.fresh && !(await isEnough(rooms, session, 'fresh'))) return { user };
  const typed = typedBefore(rooms, ctx, user, ctx.path);
  const frame = { ...frameFor(frames, ctx, user), actsFor: idOf(standing) };
  return { visit: new ConsoleVisit({ ctx, frame, user, standing, standings, calls, params, typed }), user, moved };
}

function refuse({ frames }: Rooms, ctx: Context, user: User | undefined): void {
  const account = user === undefined ? '' : calledAs(user);
  show(ctx, noAdministratorPage(frameFor(frames, ctx, user), account), 403);
}

async function receive(rooms: Rooms, ctx: Context, found: Found<ConsolePage>): Promise<void> {
  const { page } = found;
  const { form, madeFor } = await sent(ctx);
  const { visit, user, moved } = await visitOf(rooms, ctx, found, { form, madeFor });
  if (visit === 'refused') return refuse(rooms, ctx, user);
  if (!visit)
    return keepTyped(rooms, ctx, { form: page.condense?.(form) ?? form, user, keeps: page.keeps, path: ctx.path });
  if (moved) return askAgain(rooms, visit, page, form);
  const { reply, problem } = await answerTo(page, visit, form);
  if ('goOn' in reply) {
    const { actFor: organization, said } = reply;
    if (organization !== undefined) rooms.carried.keep(ctx, 'place', { account: visit.user.id, organization });
    if (said) rooms.carried.keep(ctx, 'note', { account: visit.user.id, said });
    return goOn(ctx, reply.goOn);
  }
  if ('file' in reply) return sendFile(ctx, reply);
  return present(rooms, visit, page, { ...reply, problem });
}

/** The form as it was sent, for whom it was made; they act for that one again, since this is what they look at now. */
async function askAgain(
  rooms: Rooms,
  visit: ConsoleVisit,
  page: ConsolePage,
  form: ReadonlyMap<string, string>,
): Promise<void> {
  const problem = actsForAnother();
  const shown = await page.get(visit.again(form, problem));
  if (!('content' in shown)) throw problem;
  rooms.carried.keep(visit.ctx, 'place', { account: visit.user.id, organization: idOf(visit.standing) });
  return present(rooms, visit, page, { ...shown, status: problem.status, problem });
}

function present(
  rooms: Rooms,
  visit: ConsoleVisit,
  { room }: ConsolePage,
  { problem, ...shown }: ConsoleShown & { problem?: Problem | undefined },
): void {
  const { ctx, frame, user, standing, standings } = visit;
  const said = saidBefore(rooms, ctx, frame, user);
  const open = openRooms(rooms, visit);
  const actsFor = { name: standing.organization?.name, others: standings.length > 1 };
  const view = { room, rooms: open, account: calledAs(user), actsFor, ...shown, said, problem };
  show(ctx, consoleFrame(frame, view), shown.status ?? 200);
}

/** The rooms whose first page this person may open. */
const openRooms = ({ pages }: Rooms, visit: ConsoleVisit): ReadonlySet<Room> =>
  new Set(
    pages
      .filter((page) => mayOpen(page, (operation) => visit.may(operation)) && (page.listed?.(visit) ?? true))
      .map(({ path }) => path)
      .filter(isRoom),
  );

async function signInFor(
  { freshness, frames, ...gate }: Rooms,
  ctx: Context,
  { page }: Found<ConsolePage>,
  user: User | undefined,
) {
  const needs: Needs = page.fresh ? 'fresh' : 'session';
  const language = frameFor(frames, ctx, user).tag;
  // What it must be worth, the demands say (signin/demands.ts): they are asked of those who administer, and of nobody else.
  const wish = needs === 'fresh' ? { maxAge: freshness.within } : {};
  toSignIn(ctx, gate, { needs, language, loginHint: user?.email, ...wish });
}
