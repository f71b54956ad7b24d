import type { Context, Middleware } from 'koa';
import { forgotPage, noResetsPage, sentPage } from '../../views/account/forgot.ts';
import { resetDonePage, resetOverPage, resetPage } from '../../views/account/reset.ts';
import type { Frame } from '../../views/layout.ts';
import { duration } from '../../views/words.ts';
import type { Trail } from '../audit/trail.ts';
import type { Clients } from '../clients/clients.ts';
import { WeakPassword } from '../directory/passwords.ts';
import { calledAs, normalEmail } from '../directory/users.ts';
import { wrongMethod } from '../http/edge.ts';
import { Problem } from '../kernel/errors.ts';
import type { Notices } from '../notices/notices.ts';
import { type OpenReset, type PasswordResets, resetOver } from '../signin/password-resets.ts';
import { show } from './answer.ts';
import { startOf } from './application.ts';
import type { Frames } from './languages.ts';
import { sentForm } from './sent-form.ts';
import { weakWords } from './weak-password.ts';

interface Parts {
  issuer: string;
  trail: Trail;
  frames: Frames;
  resets: PasswordResets;
  clients: Clients;
  notices: Notices;
  /** Ends the sessions of a person, and tells the applications that want to hear of it. */
  endAll(user: string): Promise<unknown>;
}

/** Somebody who asks for one of the pages. */
interface Visit {
  ctx: Context;
  frame: Frame;
  posted: boolean;
}

/** The way back for people who have forgotten their password: asking for a link, and the page behind the link. */
export function passwordReset(parts: Parts): Middleware {
  return async (ctx, next) => {
    const [, token] = /^\/account\/(?:forgot|reset\/([\w-]{1,100}))$/.exec(ctx.path) ?? [];
    if (token === undefined && ctx.path !== '/account/forgot') return next();
    const visit = { ctx, frame: parts.frames(ctx), posted: ctx.method === 'POST' };
    if (!visit.posted && ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD, POST');
      throw wrongMethod(ctx.method);
    }
    if (!parts.notices.able) show(ctx, noResetsPage(visit.frame), 404);
    else if (token === undefined) await forgot(parts, visit);
    else await reset(parts, visit, token);
    return undefined;
  };
}

async function forgot({ resets }: Parts, { ctx, frame, posted }: Visit): Promise<void> {
  if (!posted) return show(ctx, forgotPage(frame, { client: one(ctx.query.client), identifier: undefined }));
  const form = await sentForm(ctx);
  const client = one(form.get('client'));
  const identifier = (form.get('identifier') ?? '').trim().slice(0, 254);
  if (identifier === '') {
    const error = frame.say('reset.identifier.missing');
    return show(ctx, forgotPage(frame, { client, identifier: undefined, error }), 400);
  }
  const { ip, requestId } = ctx.state;
  const wait = await resets.ask({ identifier: normalEmail(identifier), client, ip, requestId });
  if (!wait) return show(ctx, sentPage(frame));
  ctx.set('Retry-After', String(wait.waitSeconds));
  const error = frame.say('reset.too-often', { time: duration(frame.say, wait.waitSeconds) });
  return show(ctx, forgotPage(frame, { client, identifier, error }), 429);
}

/** The id of a client, as it came; nothing is done with it but to look whether there is one. */
const one = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= 254 ? value : undefined;

async function reset(parts: Parts, visit: Visit, token: string): Promise<void> {
  const { ctx, frame, posted } = visit;
  const open = await parts.resets.look(token);
  if (!open) return show(ctx, resetOverPage(frame), 400);
  const view = { action: ctx.path, identifier: calledAs(open.user) };
  if (!posted) return show(ctx, resetPage(frame, view));
  const password = (await sentForm(ctx)).get('password') ?? '';
  const asking = { actor: `user:${open.user.id}`, detail: { operation: '/account/reset' } };
  await parts.trail.record({ type: 'account.asked', ...asking });
  try {
    const { ip, requestId } = ctx.state;
    const done = await parts.resets.reset(token, password, { ip, requestId });
    await parts.endAll(done.user.id);
    return show(ctx, resetDonePage(frame, await wayBack(parts, done)));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === resetOver().code) return show(ctx, resetOverPage(frame), 400);
    if (!(error instanceof WeakPassword)) throw error;
    return show(ctx, resetPage(frame, { ...view, error: weakWords(frame, error) }), 400);
  }
}

/** The application that the person came from, when it is one of ours: the address is its own, never one that was sent. */
async function wayBack({ clients, issuer }: Parts, { client: id }: OpenReset) {
  const client = id === undefined ? undefined : await clients.get(id);
  const href = client && client.state === 'approved' ? startOf(client, issuer) : undefined;
  return client && href !== undefined ? { name: client.name, href } : undefined;
}
