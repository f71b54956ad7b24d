import { type PasswordView, passwordChangedPage, passwordContent } from '../../views/account/password.ts';
import { duration } from '../../views/words.ts';
import type { Trail } from '../audit/trail.ts';
import { accountClientId } from '../clients/built-in.ts';
import type { EmailChanges } from '../directory/email-changes.ts';
import { WeakPassword } from '../directory/passwords.ts';
import { normalEmail, type Users } from '../directory/users.ts';
import type { Attempts } from '../factors/attempts.ts';
import type { Sessions } from '../protocol/sessions.ts';
import { type AccountPage, accountPage, type Reply, type Shown, type Visit } from './account-page.ts';
import { weakWords } from './weak-password.ts';

interface Parts {
  users: Users;
  attempts: Attempts;
  emailChanges: EmailChanges;
  ending: Sessions;
  trail: Trail;
}

type Errors = PasswordView['errors'];

/**
 * A new password. It ends every session and every token, this session too, and the person signs in with it at once: that
 * proves that it is known and kept, and nothing that was opened with the old one, by whomever, goes on.
 */
export const passwordPages = (parts: Parts): AccountPage[] => [
  accountPage({
    path: '/account/password',
    room: '/account/password',
    needs: 'fresh',
    get: async (visit) => page(visit, {}),
    post: (visit, form) => receive(parts, visit, form),
  }),
];

function page({ frame, user }: Visit, errors: Errors): Shown {
  const has = user.password !== undefined;
  const title = frame.say(has ? 'account.password.title' : 'account.password.set-title');
  const content = passwordContent(frame, { email: user.email, has, errors });
  return { title, content, wrong: Object.keys(errors).length > 0 };
}

async function receive(parts: Parts, visit: Visit, form: ReadonlyMap<string, string>): Promise<Reply> {
  const { frame, user } = visit;
  const { email } = user;
  if (email === undefined) return page(visit, {});
  const [wanted = '', again = ''] = [form.get('new'), form.get('again')];
  if (wanted !== again) return page(visit, { again: frame.say('account.password.differs') });
  const refused =
    user.password === undefined ? undefined : await prove(parts, visit, email, form.get('password') ?? '');
  if (refused) return refused;
  try {
    await parts.users.setPassword(user.id, wanted, `user:${user.id}`, { seen: visit.seen });
  } catch (error) {
    if (!(error instanceof WeakPassword)) throw error;
    return page(visit, { new: weakWords(frame, error) });
  }
  await parts.emailChanges.forget(user.id);
  await parts.ending.endAll(user.id);
  return { alone: passwordChangedPage(frame) };
}

/** Tries the present password, counted and slowed down together with sign-ins. Undefined when it is right. */
async function prove(
  { attempts, trail, users }: Parts,
  visit: Visit,
  email: string,
  password: string,
): Promise<Shown | undefined> {
  const { ctx, frame, user, seen } = visit;
  const person = normalEmail(email);
  const allowed = await attempts.allowed(person, seen.ip);
  if (!allowed.ok) {
    ctx.set('Retry-After', String(allowed.retryAfter));
    const wait = frame.say('signin.too-often', { time: duration(frame.say, allowed.retryAfter) });
    return { ...page(visit, { password: wait }), status: 429 };
  }
  if ((await users.signIn(email, password))?.id === user.id) {
    await attempts.succeeded(person, seen.ip);
    return undefined;
  }
  await attempts.failed(person, seen.ip);
  const actor = `user:${user.id}`;
  const detail = { method: 'password', client: accountClientId, reason: 'wrong present password' };
  await trail.record({ type: 'signin.failed', actor, target: actor, outcome: 'failure', ...seen, detail });
  return page(visit, { password: frame.say('account.password.wrong') });
}
