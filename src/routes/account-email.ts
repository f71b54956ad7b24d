import type { Middleware } from 'koa';
import { confirmContent, emailContent, undonePage, undoPage, uselessContent } from '../../views/account/email.ts';
import { duration } from '../../views/words.ts';
import type { Trail } from '../audit/trail.ts';
import type { Confirmed, EmailChanges } from '../directory/email-changes.ts';
import type { User } from '../directory/users.ts';
import type { Attempts } from '../factors/attempts.ts';
import { Problem } from '../kernel/errors.ts';
import type { Html } from '../kernel/html.ts';
import type { Notices } from '../notices/notices.ts';
import { parameter } from './account-list.ts';
import { type AccountPage, accountPage, type Reply, type Shown, type Visit } from './account-page.ts';
import { show } from './answer.ts';
import type { Frames } from './languages.ts';
import { sentForm } from './sent-form.ts';

interface Parts {
  issuer: string;
  emailChanges: EmailChanges;
  attempts: Attempts;
  notices: Notices;
}

const place = '/account/email';
const confirming = '/account/email/confirm';

/**
 * A new e-mail address. The page needs a fresh sign-in, since an address opens the account by a reset of the password; the
 * link in the mail needs the session of the same person, so that a mistyped address gives nobody anything.
 */
export const emailPages = (parts: Parts): AccountPage[] => [
  accountPage({
    path: place,
    room: '/account/profile',
    needs: 'fresh',
    keeps: ['email'],
    get: (visit) => page(parts, visit, visit.typed.get('email')),
    post: (visit, form) => receive(parts, visit, form),
  }),
  accountPage({
    path: confirming,
    room: '/account/profile',
    needs: 'session',
    async get({ ctx, frame, user }) {
      const secret = parameter(ctx, 'token');
      const email = await parts.emailChanges.pending(user.id);
      const content =
        secret === undefined || email === undefined ? uselessContent(frame) : confirmContent(frame, { secret, email });
      return { title: frame.say('account.email.title'), content, wrong: email === undefined };
    },
    async post(visit, form) {
      const { frame, user, seen } = visit;
      const done = await confirmed(parts, visit, form.get('token') ?? '');
      if (!done) return { title: frame.say('account.email.title'), content: uselessContent(frame), wrong: true };
      const { before } = done;
      if (before && parts.notices.able) {
        await parts.notices.sendEmailUndo(before.email, link(parts, 'undo', before.undo), user);
      }
      await parts.attempts.succeeded(counter(user), seen.ip);
      return { goOn: '/account/profile', said: { key: 'account.email.changed' } };
    },
  }),
];

const link = ({ issuer }: Parts, what: 'confirm' | 'undo', secret: string): string =>
  `${issuer}/account/email/${what}?token=${secret}`;

/** Mails to strangers are counted as wrong proofs are: a few are free. */
const counter = ({ id }: User): string => `email-change ${id}`;

async function page(
  { emailChanges, notices }: Parts,
  { frame, user }: Visit,
  typed: string | undefined,
  error?: Html,
): Promise<Shown> {
  const pending = await emailChanges.pending(user.id);
  const content = emailContent(frame, { email: user.email, pending, typed, error, able: notices.able });
  return { title: frame.say('account.email.title'), content, wrong: error !== undefined };
}

async function receive(parts: Parts, visit: Visit, form: ReadonlyMap<string, string>): Promise<Reply> {
  const { emailChanges, notices, attempts } = parts;
  const { ctx, frame, user, seen } = visit;
  if (form.get('decision') === 'forget') {
    await emailChanges.forget(user.id);
    return { goOn: place, said: { key: 'account.email.forgotten' } };
  }
  const typed = form.get('email')?.trim() ?? '';
  const allowed = await attempts.allowed(counter(user), seen.ip);
  if (!allowed.ok) {
    ctx.set('Retry-After', String(allowed.retryAfter));
    const wait = frame.say('account.email.wait', { time: duration(frame.say, allowed.retryAfter) });
    return { ...(await page(parts, visit, typed, wait)), status: 429 };
  }
  try {
    const { email, secret } = await emailChanges.begin(user, typed, seen);
    await attempts.failed(counter(user), seen.ip);
    if (secret !== undefined) await notices.sendEmailChange(email, link(parts, 'confirm', secret), user);
    return { goOn: place, said: { key: 'account.email.sent', values: { email } } };
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'invalid') throw error;
    return page(parts, visit, typed, frame.say('account.email.invalid'));
  }
}

/** An address that became somebody else's meanwhile is told as a link that is of no use. */
async function confirmed(
  { emailChanges }: Parts,
  { user, seen }: Visit,
  secret: string,
): Promise<Confirmed | undefined> {
  try {
    return await emailChanges.confirm(user, secret, seen);
  } catch (error) {
    if (error instanceof Problem && error.code === 'taken') return undefined;
    throw error;
  }
}

/** Where whoever reads the old address takes a change back: nobody has to be signed in, since that may not be possible any more. */
export const emailUndo =
  ({ emailChanges, frames, trail }: { emailChanges: EmailChanges; frames: Frames; trail: Trail }): Middleware =>
  async (ctx, next) => {
    if (ctx.path !== '/account/email/undo') return next();
    const frame = frames(ctx);
    ctx.set('Cache-Control', 'no-store');
    if (ctx.method === 'POST') {
      const secret = (await sentForm(ctx)).get('token') ?? '';
      // Whoever sends made-up secrets fills no trail.
      if ((await emailChanges.undoable(secret)) === undefined) return show(ctx, undonePage(frame, undefined), 400);
      await trail.record({ type: 'account.asked', actor: 'anonymous', detail: { operation: ctx.path } });
      const email = await emailChanges.undo(secret, { ip: ctx.state.ip, requestId: ctx.state.requestId });
      return show(ctx, undonePage(frame, email), email === undefined ? 400 : 200);
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    const secret = parameter(ctx, 'token') ?? '';
    const email = await emailChanges.undoable(secret);
    if (email === undefined) return show(ctx, undonePage(frame, undefined), 400);
    return show(ctx, undoPage(frame, { secret, email }));
  };
