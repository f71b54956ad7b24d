import type { Trail } from '../audit/trail.ts';
import { calledAs, type User } from '../directory/users.ts';
import type { Offer } from '../factors/enrolling.ts';
import type { EnrolmentCodes } from '../factors/enrolment-codes.ts';
import type { Accepted, Enrolments } from '../factors/enrolments.ts';
import type { Answer, FactorKind, Seen } from '../factors/factor.ts';
import { announce } from './asking.ts';
import { bindingOf } from './first.ts';
import { ended, type Flow, placeOf, type SignIn, type Visit } from './flow.ts';
import type { OwnFactor } from './steps.ts';
import { isOwn, type NewKind } from './worth.ts';

/** The step at which a factor is to be proven. */
export type FactorStep = Extract<Flow['step'], { name: 'factor' }>;
/** The step at which one is to be bound. */
export type EnrolStep = Extract<Flow['step'], { name: 'enrol' }>;
/** The step at which there is something to read about recovery codes. */
export type RecoveryStep = Extract<Flow['step'], { name: 'recovery' }>;

/** What came of a proof: where to go on; too weak for what was asked; or not proven. */
export type Proved = { goOn: string } | { weak: true } | { wrong: true } | { waitSeconds: number } | { blocked: true };

/** What came of binding a factor. */
export type Bound = { goOn: string } | { codes: string[] } | Extract<Accepted, { ok: false }>;

interface Parts {
  signIn: SignIn;
  enrolments: Pick<Enrolments, 'challenge' | 'prove' | 'offer' | 'accept' | 'renewRecoveryCodes'>;
  enrolmentCodes: Pick<EnrolmentCodes, 'issue' | 'redeem'>;
  /** How a code reaches the person besides this browser; undefined where no mail is sent. */
  notices: { sendEnrolmentCode(user: User, code: string): Promise<void> } | undefined;
  trail: Trail;
}

const seconds = (): number => Math.floor(Date.now() / 1000);
const seenBy = ({ ip, requestId }: Visit): Seen => ({ ip, requestId });
/** When so few recovery codes are left, their owner is told. */
const few = 2;
/** A code by mail is sent again after so long (seconds). */
const pause = 60;

/** The second factor of a sign-in: it is proven, or bound on the way in. */
export class SecondProof {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What the browser asks the security keys of the person. */
  challenge(flow: Flow, { user }: FactorStep) {
    return this.#parts.enrolments.challenge({ user, binding: bindingOf(flow.interaction.uid) });
  }

  /** Takes the answer of a factor. Only a kind of this step is tried: no form can choose a weaker one. */
  async prove(visit: Visit, flow: Flow, { step, kind, answer }: Sent, remember: boolean): Promise<Proved> {
    if (!step.kinds.includes(kind)) return { weak: true };
    const { enrolments } = this.#parts;
    if (kind === 'recovery-codes') await this.#announce(visit, flow, 'use-recovery-code');
    const parties = { user: step.user, binding: bindingOf(visit.uid) };
    const proving = await enrolments.prove(kind, parties, answer, seenBy(visit));
    if (!proving.ok) return this.#notProven(visit, flow, { user: step.user, kind, proving });
    const { factor, amr, level } = proving;
    const { left } = factor;
    const warn = kind === 'recovery-codes' && left !== undefined && left <= few;
    const own = { kind, level, amr, at: seconds(), ...(warn ? { codes: { left } } : {}) };
    const next = await this.#add(visit, flow, own, remember && kind !== 'recovery-codes');
    return next.step.name === 'factor' ? { weak: true } : { goOn: placeOf(visit, next) };
  }

  /** What a new factor is made of. */
  offer(flow: Flow, kind: NewKind): Promise<Offer> {
    const { user } = personIn(flow);
    return this.#parts.enrolments.offer(kind, { person: personOf(user), binding: bindingOf(flow.interaction.uid) });
  }

  /** Binds a new factor, which is proven by that. Who has no recovery codes yet gets them, to be shown at once. */
  async enrol(visit: Visit, flow: Flow, { kind, answer, name }: NewFactor): Promise<Bound> {
    const { user, rules } = personIn(flow);
    const place = { person: personOf(user), binding: bindingOf(visit.uid) };
    await this.#announce(visit, flow, 'add-factor');
    const accepted = await this.#parts.enrolments.accept(kind, place, { answer, name, seen: seenBy(visit) });
    if (!accepted.ok) return accepted;
    const { amr, level } = accepted;
    const codes = rules.factors.some((one) => !isOwn(one)) ? {} : ({ codes: 'new' } as const);
    const next = await this.#add(visit, flow, { kind, level, amr, at: seconds(), ...codes }, false);
    return next.step.name === 'recovery'
      ? { codes: await this.renewCodes(visit, next) }
      : { goOn: placeOf(visit, next) };
  }

  /** Ten new recovery codes, to be shown at once: nobody can read them again. */
  async renewCodes(visit: Visit, flow: Flow): Promise<string[]> {
    await this.#announce(visit, flow, 'make-recovery-codes');
    return this.#parts.enrolments.renewRecoveryCodes(personOf(personIn(flow).user), seenBy(visit));
  }

  /** The person has read about their codes. */
  told(visit: Visit, flow: Flow): Promise<string> {
    return this.#parts.signIn.learn(visit, flow, { told: true });
  }

  /** Goes on without a factor, where the step allows it. */
  async postpone(visit: Visit, flow: Flow, { until }: EnrolStep): Promise<string> {
    return until === undefined ? `/signin/${visit.uid}` : this.#parts.signIn.learn(visit, flow, { postponed: true });
  }

  /** Whether the code is the one that came on another way; then a factor may be bound. */
  async vouch(
    visit: Visit,
    flow: Flow,
    { user }: EnrolStep,
    code: string,
  ): Promise<{ goOn: string } | { wrong: true }> {
    await this.#announce(visit, flow, 'use-enrolment-code');
    if (!(await this.#parts.enrolmentCodes.redeem(user, code, seenBy(visit)))) return { wrong: true };
    return { goOn: await this.#parts.signIn.learn(visit, flow, { vouched: true }) };
  }

  /** Whether the person can have the code sent. An address that nobody has confirmed is no other way. */
  canSend(flow: Flow): boolean {
    const { email, emailVerified } = personIn(flow).user;
    return this.#parts.notices !== undefined && email !== undefined && emailVerified;
  }

  /** Sends the code, or leaves the one alone that was sent just now. */
  async sendCode(visit: Visit, flow: Flow): Promise<string> {
    const { enrolmentCodes, notices, signIn } = this.#parts;
    const { user } = personIn(flow);
    const lately = seconds() - (flow.facts.codeSent ?? 0) < pause;
    if (!notices || !this.canSend(flow) || lately) return `/signin/${visit.uid}`;
    await this.#announce(visit, flow, 'send-enrolment-code');
    const goOn = await signIn.learn(visit, flow, { codeSent: seconds() });
    await notices.sendEnrolmentCode(user, await enrolmentCodes.issue(user.id, `user:${user.id}`));
    return goOn;
  }

  #announce(visit: Visit, flow: Flow, operation: string): Promise<void> {
    const [actor, client] = [`user:${personIn(flow).user.id}`, flow.client.id];
    return announce(this.#parts.trail, { actor, client, operation, seen: visit });
  }

  #add(visit: Visit, flow: Flow, own: OwnFactor, remember: boolean): Promise<Flow> {
    const more = { own: [...(flow.facts.own ?? []), own], ...(remember ? { remember } : {}) };
    return this.#parts.signIn.restate(visit, flow, { ...flow.facts, ...more });
  }

  async #notProven(visit: Visit, flow: Flow, { user, kind, proving }: Failing): Promise<Proved> {
    const { waitSeconds, blocked } = proving;
    const common = { actor: 'anonymous', outcome: 'failure', target: `user:${user}`, ...seenBy(visit) } as const;
    const facts = { method: kind, client: flow.client.id };
    if (waitSeconds) {
      const detail = { ...facts, retryAfter: waitSeconds };
      await this.#parts.trail.record({ type: 'signin.slowed', ...common, detail });
      return { waitSeconds };
    }
    const detail = { ...facts, reason: blocked ? 'blocked' : 'wrong' };
    await this.#parts.trail.record({ type: 'signin.failed', ...common, detail });
    return blocked ? { blocked } : { wrong: true };
  }
}

/** An answer at the step of a factor. */
interface Sent {
  step: FactorStep;
  kind: FactorKind;
  answer: Answer;
}

/** A factor that the person binds now. */
interface NewFactor {
  kind: NewKind;
  answer: Answer;
  /** Empty for what its kind is called. */
  name: string;
}

interface Failing {
  user: string;
  kind: FactorKind;
  proving: { waitSeconds?: number; blocked?: true };
}

/** Who is proven so far. */
export function personIn({ person }: Flow): NonNullable<Flow['person']> {
  if (!person) throw ended();
  return person;
}

const personOf = (user: User) => ({ id: user.id, name: user.email ?? calledAs(user) });
