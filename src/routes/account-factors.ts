import { factorsContent, keepContent, renameContent } from '../../views/account/factors.ts';
import { question } from '../../views/account/frame.ts';
import { accountClientId } from '../clients/built-in.ts';
import type { Identities } from '../directory/identities.ts';
import type { Enrolments } from '../factors/enrolments.ts';
import type { Enrolled } from '../factors/factor.ts';
import { missing } from '../kernel/errors.ts';
import type { Html } from '../kernel/html.ts';
import type { Demands } from '../signin/demands.ts';
import { parameter } from './account-list.ts';
import { type AccountPage, accountPage, type Reply, type Shown, type Visit } from './account-page.ts';

interface Parts {
  enrolments: Enrolments;
  demands: Demands;
  identities: Identities;
}

const list = '/account/factors';

/** The factors of a person. Everybody may look; each change needs a fresh sign-in with the best of them. */
export const factorPages = (parts: Parts): AccountPage[] => [
  accountPage({
    path: list,
    room: list,
    needs: 'session',
    async get({ frame, user }) {
      const all = await parts.enrolments.of(user.id);
      const content = factorsContent(frame, { all, timeZone: user.profile.zoneinfo });
      return { title: frame.say('account.nav.factors'), content };
    },
  }),
  accountPage({
    path: `${list}/rename`,
    room: list,
    needs: 'fresh',
    async get(visit) {
      const { name, id } = await own(parts, visit, parameter(visit.ctx, 'factor'));
      const title = visit.frame.say('account.factors.rename.title', { name });
      return { title, content: renameContent(visit.frame, { id, name }) };
    },
    async post(visit, form) {
      const { id } = await own(parts, visit, form.get('factor'));
      await parts.enrolments.rename(id, visit.user.id, form.get('name') ?? '', visit.seen);
      return { goOn: list, said: { key: 'account.factors.renamed' } };
    },
  }),
  accountPage({
    path: `${list}/remove`,
    room: list,
    needs: 'fresh',
    get: async (visit) => askToRemove(parts, visit, await own(parts, visit, parameter(visit.ctx, 'factor'))),
    post: async (visit, form) => remove(parts, visit, await own(parts, visit, form.get('factor'))),
  }),
];

/** A factor of this person, recovery codes aside; those of others are not there. Throws `missing`. */
async function own({ enrolments }: Parts, { user }: Visit, id: string | undefined): Promise<Enrolled> {
  const found = (await enrolments.of(user.id)).find((one) => one.id === id && one.kind !== 'recovery-codes');
  if (!found) throw missing('This factor');
  return found;
}

async function askToRemove(parts: Parts, visit: Visit, factor: Enrolled): Promise<Shown> {
  const { frame } = visit;
  const { id, name } = factor;
  const title = frame.say('account.factors.remove.title', { name });
  const why = await reasonToKeep(parts, visit, factor);
  if (why) return { title, content: keepContent(frame, { name, why }) };
  const content = question(frame, {
    ...{ title, action: `${list}/remove`, fields: { factor: id }, back: list, danger: true },
    sentence: frame.say('account.factors.remove.sentence'),
    deed: frame.say('account.factors.remove'),
  });
  return { title, content };
}

async function remove(parts: Parts, visit: Visit, factor: Enrolled): Promise<Reply> {
  const { frame, user, seen } = visit;
  const { id, name } = factor;
  const why = await reasonToKeep(parts, visit, factor);
  if (why) {
    const title = frame.say('account.factors.remove.title', { name });
    return { title, content: keepContent(frame, { name, why }), wrong: true, status: 409 };
  }
  await parts.enrolments.remove(id, user.id, { actor: `user:${user.id}`, seen });
  return { goOn: list, said: { key: 'account.factors.removed', values: { name } } };
}

/** Nobody takes away what a policy demands of them, or their only way in. */
async function reasonToKeep(
  { enrolments, demands, identities }: Parts,
  { frame, user }: Visit,
  factor: Enrolled,
): Promise<Html | undefined> {
  const left = (await enrolments.of(user.id)).filter(
    ({ id, kind, blocked }) => id !== factor.id && kind !== 'recovery-codes' && !blocked,
  );
  const otherWay = user.password !== undefined || (await identities.ofUser(user.id, { limit: 1 })).length > 0;
  if (!otherWay && !left.some(({ passkey }) => passkey)) return frame.say('account.factors.keep.only-way');
  const { secondFactor, level } = await demands.of({ user, client: accountClientId });
  if (secondFactor !== 'required' || factor.blocked) return undefined;
  const counts = (one: Enrolled) => level === '2fa' || one.level === 'phr';
  if (left.length === 0) return frame.say('account.factors.keep.required');
  return counts(factor) && !left.some(counts) ? frame.say('account.factors.keep.required') : undefined;
}
