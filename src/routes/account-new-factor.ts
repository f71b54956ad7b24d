import { codesContent, codesQuestion, passkeyContent, totpContent } from '../../views/account/new-factor.ts';
import type { Frame } from '../../views/layout.ts';
import type { Key } from '../../views/words.ts';
import { calledAs } from '../directory/users.ts';
import type { Place } from '../factors/enrolling.ts';
import type { Accepted, Enrolments } from '../factors/enrolments.ts';
import type { Html } from '../kernel/html.ts';
import type { Demands } from '../signin/demands.ts';
import { type AccountPage, accountPage, type Reply, type Shown, type Visit } from './account-page.ts';
import { usualName } from './factor-name.ts';
import { qr } from './qr.ts';

interface Parts {
  enrolments: Enrolments;
  demands: Pick<Demands, 'guarded'>;
}

const list = '/account/factors';

/** New factors and recovery codes. Each needs a fresh sign-in with the best factor that there is: a new one is no way round it. */
export const newFactorPages = (parts: Parts): AccountPage[] => [
  accountPage({
    path: `${list}/totp`,
    room: list,
    needs: 'fresh',
    get: async (visit) => (await elsewhere(parts, visit)) ?? totpPage(parts, visit),
    async post(visit, form) {
      if (await elsewhere(parts, visit)) return { goOn: `${list}/totp` };
      const answer = { code: form.get('code') ?? '' };
      const more = { answer, name: usualName(visit.frame, 'totp'), seen: visit.seen };
      const done = await parts.enrolments.accept('totp', placeOf(visit), more);
      return done.ok ? added(parts, visit, done) : totpPage(parts, visit, why(visit.frame, 'totp', done));
    },
  }),
  accountPage({
    path: `${list}/passkey`,
    room: list,
    needs: 'fresh',
    keeps: ['name'],
    get: async (visit) =>
      (await elsewhere(parts, visit)) ?? passkeyPage(parts, visit, { name: visit.typed.get('name') ?? '' }),
    async post(visit, form) {
      if (await elsewhere(parts, visit)) return { goOn: `${list}/passkey` };
      const [response = '', name = ''] = [form.get('response'), form.get('name')];
      const more = { answer: { response }, name, seen: visit.seen };
      const done = await parts.enrolments.accept('webauthn', placeOf(visit), more);
      if (done.ok) return added(parts, visit, done);
      return passkeyPage(parts, visit, { name, error: why(visit.frame, 'passkey', done) });
    },
  }),
  accountPage({
    path: `${list}/recovery-codes`,
    room: list,
    needs: 'fresh',
    async get({ frame, user }) {
      const all = await parts.enrolments.of(user.id);
      // They stand in for a factor, so there is one first.
      if (all.every(({ kind }) => kind === 'recovery-codes')) return { goOn: list };
      const left = all.find(({ kind }) => kind === 'recovery-codes')?.left;
      return { title: frame.say('account.codes.title'), content: codesQuestion(frame, { left }) };
    },
    post: (visit) => newCodes(parts, visit),
  }),
];

/** The sign-in knows who has proven more than a password, and asks others for a code: a guarded first factor is bound there. */
async function elsewhere(
  { enrolments, demands }: Parts,
  { user }: Visit,
): Promise<{ goOn: string; acr: '2fa' } | undefined> {
  const all = await enrolments.of(user.id);
  const isFirst = all.every(({ kind }) => kind === 'recovery-codes');
  return isFirst && (await demands.guarded(user)) ? { goOn: list, acr: '2fa' } : undefined;
}

const placeOf = ({ session, user }: Visit): Place => ({
  person: { id: user.id, name: calledAs(user) },
  binding: `session ${session.uid}`,
});

async function totpPage({ enrolments }: Parts, visit: Visit, error?: Html): Promise<Shown> {
  const { frame } = visit;
  const { secret, uri } = await enrolments.offer('totp', placeOf(visit));
  const content = totpContent(frame, { secret, image: qr(uri, frame.say('account.totp.image')), error });
  return { title: frame.say('account.totp.title'), content, wrong: error !== undefined };
}

async function passkeyPage(
  { enrolments }: Parts,
  visit: Visit,
  { name, error }: { name: string; error?: Html },
): Promise<Shown> {
  const { frame } = visit;
  const { options } = await enrolments.offer('webauthn', placeOf(visit));
  const content = passkeyContent(frame, { options, name, error });
  return { title: frame.say('account.passkey.title'), content, wrong: error !== undefined };
}

/** With the first factor come its recovery codes: whoever puts them off has none when they are needed. */
async function added(parts: Parts, visit: Visit, { factor }: Extract<Accepted, { ok: true }>): Promise<Reply> {
  const { name } = factor;
  const all = await parts.enrolments.of(visit.user.id);
  if (all.some(({ kind }) => kind === 'recovery-codes')) {
    return { goOn: list, said: { key: 'account.factors.added', values: { name } } };
  }
  return newCodes(parts, visit, visit.frame.say('account.factors.added', { name }));
}

async function newCodes({ enrolments }: Parts, { frame, user, seen }: Visit, done?: Html): Promise<Shown> {
  const codes = await enrolments.renewRecoveryCodes(user, seen);
  return { title: frame.say('account.codes.shown.title'), content: codesContent(frame, { codes, added: done }) };
}

function why(frame: Frame, what: 'totp' | 'passkey', { reason }: Extract<Accepted, { ok: false }>): Html {
  const keys: Record<typeof reason, Key> = {
    wrong: `account.${what}.wrong`,
    expired: 'account.factors.expired',
    taken: 'account.passkey.taken',
    'not-allowed': what === 'totp' ? 'account.factors.too-many' : 'account.passkey.not-allowed',
  };
  return frame.say(keys[reason]);
}
