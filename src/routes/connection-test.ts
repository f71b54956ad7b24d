import type { Context, Middleware } from 'koa';
import { testReportPage, testStartPage } from '../../views/admin/connection-test.ts';
import { wayPage } from '../../views/signin/way.ts';
import { addressesOf } from '../federation/addresses.ts';
import { placeOf, type Run, type TestRuns, testTtl } from '../federation/test-runs.ts';
import { wrongMethod } from '../http/edge.ts';
import { field, readForm } from '../http/form.ts';
import { missing } from '../kernel/errors.ts';
import type { ConnectionTesting } from '../signin/connection-testing.ts';
import { goOn, show } from './answer.ts';
import type { Frames } from './languages.ts';
import { refuseForeign } from './sent-form.ts';

interface Parts {
  issuer: string;
  frames: Frames;
  testRuns: TestRuns;
  testing: ConnectionTesting;
}

/** The address of a test, as it was called. */
interface Place {
  connection: string;
  id: string;
  path: string;
}

/** Other browsers, other connections and tests that are over hear the same. */
const nothingHere = () => missing('This test');
/**
 * The pages of a test. The link's secret opens them once: the browser that shows it gets a cookie for this address alone,
 * and for everybody else nothing is here. The provider's answer comes in where every other one does (federation.ts).
 */
export const connectionTest = (parts: Parts): Middleware => {
  return async (ctx, next) => {
    const pattern = /^\/admin\/connections\/([a-z0-9-]{1,50})\/test\/([\w-]{1,64})(\/return)?$/;
    const [, connection, id, back] = pattern.exec(ctx.path) ?? [];
    if (connection === undefined || id === undefined) return next();
    const place = { connection, id, path: placeOf(connection, id) };
    if (ctx.method === 'GET') return back === undefined ? look(parts, ctx, place) : comeBack(parts, ctx, place);
    if (ctx.method === 'POST' && back === undefined) return start(parts, ctx, place);
    ctx.set('Allow', back === undefined ? 'GET, POST' : 'GET');
    throw wrongMethod(ctx.method);
  };
};

const cookieName = (ctx: Context): string => `${ctx.secure ? '__Secure-' : ''}connection-test`;

const seenBy = (ctx: Context) => ({ ip: String(ctx.state.ip), requestId: String(ctx.state.requestId) });

async function opened({ testRuns }: Parts, ctx: Context, { connection, id }: Place): Promise<Run> {
  const run = await testRuns.open(connection, id, ctx.cookies.get(cookieName(ctx), { signed: false }));
  if (!run) throw nothingHere();
  return run;
}

async function look(parts: Parts, ctx: Context, place: Place): Promise<void> {
  const { key } = ctx.query;
  if (typeof key === 'string') {
    const browser = await parts.testRuns.claim(place.connection, place.id, key);
    if (browser !== undefined) keepCookie(ctx, place, browser);
    else await opened(parts, ctx, place);
    // The secret is used up; it does not have to stay in the address.
    return goOn(ctx, place.path);
  }
  const run = await opened(parts, ctx, place);
  return showRun(parts, ctx, run);
}

function keepCookie(ctx: Context, { path }: Place, browser: string): void {
  ctx.cookies.set(cookieName(ctx), browser, {
    ...{ path, maxAge: testTtl * 1000, httpOnly: true, sameSite: 'lax', secure: ctx.secure, signed: false },
  });
}

async function showRun({ issuer, frames, testing }: Parts, ctx: Context, run: Run): Promise<void> {
  const frame = frames(ctx);
  const { connection, report } = await testing.look(run, seenBy(ctx));
  const { id, name, kind, state } = connection;
  if (report.state !== 'waiting') {
    const succeeded = report.state === 'succeeded';
    return show(ctx, testReportPage(frame, { ...report, connection: { id, name }, succeeded, reference: run.id }));
  }
  const { strong, fresh, steps } = report;
  const about = { connection: { name, enabled: state === 'enabled' }, directory: kind === 'ldap' };
  const addresses = Object.fromEntries(Object.entries(addressesOf(connection, issuer)));
  return show(ctx, testStartPage(frame, { action: ctx.path, ...about, strong, fresh, steps, addresses }));
}

async function start(parts: Parts, ctx: Context, place: Place): Promise<void> {
  refuseForeign(ctx);
  const run = await opened(parts, ctx, place);
  if (run.report.state !== 'waiting') return goOn(ctx, place.path);
  const form = await readForm(ctx);
  const [username, password] = [field(form, 'username'), field(form, 'password')];
  if (username !== undefined && password !== undefined) {
    await parts.testing.tryDirectory(run, { username: username.trim(), password }, seenBy(ctx));
    return goOn(ctx, place.path);
  }
  const wishes = { strong: field(form, 'strong') === 'yes', fresh: field(form, 'fresh') === 'yes' };
  const way = await parts.testing.start(run, wishes, seenBy(ctx));
  if (way && 'post' in way) return show(ctx, wayPage(parts.frames(ctx), way.post));
  return goOn(ctx, way && 'goOn' in way ? way.goOn : place.path);
}

async function comeBack(parts: Parts, ctx: Context, place: Place): Promise<void> {
  const run = await opened(parts, ctx, place);
  const { ticket } = ctx.query;
  if (typeof ticket === 'string') await parts.testing.comeBack(run, ticket, seenBy(ctx));
  goOn(ctx, place.path);
}
