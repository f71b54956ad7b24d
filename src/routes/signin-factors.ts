import type { Context } from 'koa';
import type { Frame } from '../../views/layout.ts';
import { enrolPage, vouchPage } from '../../views/signin/enrol.ts';
import { factorPage } from '../../views/signin/factor.ts';
import { codesNoticePage, codesPage } from '../../views/signin/recovery.ts';
import { duration, type Key } from '../../views/words.ts';
import { calledAs } from '../directory/users.ts';
import type { Answer, FactorKind } from '../factors/factor.ts';
import type { Html } from '../kernel/html.ts';
import type { Flow, Visit } from '../signin/flow.ts';
import { type EnrolStep, type FactorStep, personIn, type RecoveryStep, type SecondProof } from '../signin/second.ts';
import { goOn, show } from './answer.ts';
import { usualName } from './factor-name.ts';
import { qr } from './qr.ts';

/** The steps of which these pages are. */
export type OwnStep = FactorStep | EnrolStep | RecoveryStep;

/** What a page of these is made with. */
interface Showing {
  frame: Frame;
  second: SecondProof;
  flow: Flow;
  /** The kind that the person has chosen, if it is one of the step. */
  way?: string | undefined;
  error?: Html | undefined;
}

/** What was sent, and to what. */
interface Sent extends Omit<Showing, 'way' | 'error'> {
  visit: Visit;
  form: ReadonlyMap<string, string>;
}

const day = 24 * 60 * 60;
const now = (): number => Math.floor(Date.now() / 1000);
const days = (seconds: number): number => Math.ceil(seconds / day);

const wrongKeys: Record<FactorKind, Key> = {
  totp: 'factor.wrong.totp',
  webauthn: 'factor.wrong.webauthn',
  'recovery-codes': 'factor.wrong.recovery-codes',
};

/** Whether a step belongs to a second factor. */
export const isOwnStep = (step: Flow['step']): step is OwnStep =>
  step.name === 'factor' || step.name === 'enrol' || step.name === 'recovery';

const common = ({ flow, error }: Showing) => {
  const { user } = personIn(flow);
  const action = `/signin/${flow.interaction.uid}`;
  return { action, client: flow.client.name, account: user.email ?? calledAs(user), error };
};

/** The page of a step. */
export function ownPage(showing: Showing, step: OwnStep): Promise<Html> | Html {
  if (step.name === 'factor') return provePage(showing, step);
  if (step.name === 'enrol') return step.code ? codeFirst(showing, step) : bindPage(showing, step);
  const left = step.codes === 'new' ? undefined : step.codes.left;
  return codesNoticePage(showing.frame, { action: common(showing).action, left });
}

async function provePage(showing: Showing, step: FactorStep): Promise<Html> {
  const { frame, second, flow, way } = showing;
  const kind = step.kinds.find((one) => one === way) ?? step.kinds[0];
  const options = kind === 'webauthn' ? await second.challenge(flow, step) : undefined;
  return factorPage(frame, {
    ...{ ...common(showing), kind, options },
    others: step.kinds.filter((one) => one !== kind),
    rememberDays: Math.floor(personIn(flow).rules.demand.remember / day),
  });
}

const graceDays = ({ until }: EnrolStep): number | undefined => (until === undefined ? undefined : days(until - now()));

async function bindPage(showing: Showing, step: EnrolStep): Promise<Html> {
  const { frame, second, flow, way } = showing;
  const kind = step.kinds.find((one) => one === way) ?? step.kinds[0] ?? 'webauthn';
  const offer = await second.offer(flow, kind);
  const view = { ...common(showing), graceDays: graceDays(step), choice: step.kinds.length > 1 };
  if (offer.kind === 'webauthn') return enrolPage(frame, { ...view, kind: 'webauthn', options: offer.options });
  const image = qr(offer.uri, frame.say('factor.enrol.totp.image'));
  return enrolPage(frame, { ...view, kind: 'totp', secret: offer.secret, image });
}

function codeFirst(showing: Showing, step: EnrolStep): Html {
  const { frame, second, flow } = showing;
  const sent = flow.facts.codeSent !== undefined;
  return vouchPage(frame, { ...common(showing), graceDays: graceDays(step), canSend: second.canSend(flow), sent });
}

/** Takes the form of a step. */
export async function receiveOwn(ctx: Context, sent: Sent, step: OwnStep): Promise<void> {
  if (step.name === 'factor') return takeProof(ctx, sent, step);
  if (step.name === 'enrol') return takeNew(ctx, sent, step);
  const { second, visit, flow, frame, form } = sent;
  const decision = form.get('decision');
  if (decision === 'continue') return goOn(ctx, await second.told(visit, flow));
  if (decision !== 'renew') return goOn(ctx, ctx.path);
  return show(ctx, codesPage(frame, { action: ctx.path, codes: await second.renewCodes(visit, flow) }));
}

/** An answer, and the kind that it is of; `undefined` when there is none. */
function answerIn(form: ReadonlyMap<string, string>): { kind: FactorKind; answer: Answer } | undefined {
  const [response, code] = [form.get('response'), form.get('code')?.trim()];
  const kinds: readonly FactorKind[] = ['totp', 'recovery-codes'];
  if (response) return { kind: 'webauthn', answer: { response } };
  if (!code) return undefined;
  return { kind: kinds.find((one) => one === form.get('factor')) ?? 'totp', answer: { code } };
}

async function takeProof(ctx: Context, sent: Sent, step: FactorStep): Promise<void> {
  const { second, visit, flow, frame, form } = sent;
  const given = answerIn(form);
  if (!given) return goOn(ctx, ctx.path);
  const { kind } = given;
  const proved = await second.prove(visit, flow, { step, ...given }, form.get('remember') === 'on');
  if ('goOn' in proved) return goOn(ctx, proved.goOn);
  const again = (error: Html) => provePage({ frame, second, flow, way: kind, error }, step);
  if ('waitSeconds' in proved)
    return slowDown(ctx, await again(waitFor(frame, proved.waitSeconds)), proved.waitSeconds);
  const key = 'weak' in proved ? 'factor.weak' : 'blocked' in proved ? 'factor.blocked' : wrongKeys[kind];
  return show(ctx, await again(frame.say(key)), 400);
}

async function takeNew(ctx: Context, sent: Sent, step: EnrolStep): Promise<void> {
  const { second, visit, flow, frame, form } = sent;
  const decision = form.get('decision');
  if (decision === 'later') return goOn(ctx, await second.postpone(visit, flow, step));
  if (step.code) return takeCode(ctx, sent, step);
  const given = answerIn(form);
  const kind = step.kinds.find((one) => one === given?.kind);
  if (!given || !kind) return goOn(ctx, ctx.path);
  const made = await second.enrol(visit, flow, { kind, answer: given.answer, name: usualName(frame, kind) });
  if ('goOn' in made) return goOn(ctx, made.goOn);
  if ('codes' in made) return show(ctx, codesPage(frame, { action: ctx.path, codes: made.codes }));
  const key = made.reason === 'wrong' ? wrongKeys[kind] : (`factor.enrol.${made.reason}` as const);
  return show(ctx, await bindPage({ frame, second, flow, way: kind, error: frame.say(key) }, step), 400);
}

async function takeCode(ctx: Context, sent: Sent, step: EnrolStep): Promise<void> {
  const { second, visit, flow, frame, form } = sent;
  if (form.get('decision') === 'send') return goOn(ctx, await second.sendCode(visit, flow));
  const code = form.get('code')?.trim();
  if (!code) return goOn(ctx, ctx.path);
  const vouched = await second.vouch(visit, flow, step, code);
  if ('goOn' in vouched) return goOn(ctx, vouched.goOn);
  return show(ctx, codeFirst({ frame, second, flow, error: frame.say('factor.vouch.wrong') }, step), 400);
}

/** What a page says to somebody who has to wait. */
const waitFor = ({ say }: Frame, seconds: number): Html => say('factor.wait', { time: duration(say, seconds) });

function slowDown(ctx: Context, page: Html, seconds: number): void {
  ctx.set('Retry-After', String(seconds));
  show(ctx, page, 429);
}
