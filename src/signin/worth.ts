import type { Enrolled, FactorKind, FactorLevel } from '../factors/factor.ts';
import type { Demand } from './demand.ts';
import { atLeast, isLevel, type Level } from './proof.ts';

/** What a sign-in of one person has to reach, and with what it can. */
export interface Rules {
  /** What the client, or an API that it names, asks for; no device and no time of grace stands for it. */
  asked?: FactorLevel;
  /** What the policies ask of everybody, or of whoever has a factor. */
  demand: Demand;
  /** The factors of this person. */
  factors: readonly Enrolled[];
  /** The person had this device remembered, and that counts here. */
  recognised: boolean;
  /** So long the person may go on without a factor (seconds); undefined when no longer. */
  graceEnds?: number;
  /** Nobody binds the first factor of this person by the password alone (demands.ts). */
  guarded?: boolean;
  /** The person has been told of that time. */
  told: boolean;
}

/** What has been proven, as far as a second factor goes by it. */
export interface Proven {
  worth: Level | undefined;
  /** A factor of the person's own was proven just now. */
  factor: boolean;
  /** More than a password stands behind the person: a provider, a factor, or a code that came on another way. */
  vouched: boolean;
  /** The person has read that a factor will be required, and goes on without. */
  postponed: boolean;
}

/** The kinds of factor that can be bound during a sign-in. */
export type NewKind = Exclude<FactorKind, 'recovery-codes'>;

/** What a sign-in lacks: proof of a factor, or a factor. */
export type Lack =
  | { by: 'factor'; level: FactorLevel; kinds: readonly FactorKind[] }
  | {
      by: 'enrol';
      level: FactorLevel;
      kinds: readonly NewKind[];
      /** A code that came on another way than the password has to be typed first. */
      code: boolean;
      /** Until then the person may go on without (seconds). */
      until?: number;
    };

/** Nothing is asked of anybody. */
export const noRules: Rules = {
  demand: { secondFactor: 'off', level: '2fa', grace: 0, remember: 0 },
  factors: [],
  recognised: false,
  told: false,
};

const strongestFirst: readonly FactorKind[] = ['webauthn', 'totp', 'recovery-codes'];
/** Whether this is a factor by itself, and not only the way back to one. */
export const isOwn = ({ kind }: Enrolled): boolean => kind !== 'recovery-codes';
const isUsable = ({ blocked, left }: Enrolled): boolean => !blocked && left !== 0;

/** What a sign-in with these methods of ours (RFC 8176) is worth; undefined for none. */
export const levelOf = (amr: readonly string[] = []): Level | undefined => (amr.includes('pwd') ? '1fa' : undefined);

/** What a session is worth: what the sign-in found it to be. */
export const worthOfSession = (
  session: { acr?: string | undefined; amr?: readonly string[] | undefined } | undefined,
): Level | undefined => (isLevel(session?.acr) ? session.acr : levelOf(session?.amr));

/** The better of two levels. */
export const better = (one: Level | undefined, other: Level | undefined): Level | undefined =>
  other === undefined || atLeast(one, other) ? one : other;

/**
 * What is still to be proven, or bound, before this is enough; undefined when it is. The one judge of the sign-in and of
 * every later look at its session: if they differed, the browser would be sent round for ever.
 */
export function lacking(proven: Proven, rules: Rules): Lack | undefined {
  const { worth } = proven;
  const asked = rules.asked !== undefined && !atLeast(worth, rules.asked) ? rules.asked : undefined;
  const policy = demanded(rules);
  const lax = policy === undefined || atLeast(worth, policy) || rules.recognised ? undefined : policy;
  const level = asked === 'phr' || lax === 'phr' ? 'phr' : (asked ?? lax);
  if (level === undefined) return undefined;
  const own = rules.factors.filter(isOwn);
  if (own.length > 0) return withFactors(level, proven, rules);
  const until = asked === undefined ? rules.graceEnds : undefined;
  if (until !== undefined && proven.postponed) return undefined;
  const code = (rules.guarded === true || rules.demand.secondFactor === 'required') && !proven.vouched;
  return { by: 'enrol', level, kinds: kindsFor(level), code, ...(until === undefined ? {} : { until }) };
}

/** What the policies ask of this person; of somebody who only may have a factor, no more than theirs can do. */
function demanded({ demand: { secondFactor, level }, factors }: Rules): FactorLevel | undefined {
  if (secondFactor === 'required') return level;
  const own = factors.filter(isOwn);
  if (secondFactor === 'off' || own.length === 0) return undefined;
  return level === 'phr' && own.some((factor) => factor.level === 'phr') ? 'phr' : '2fa';
}

/**
 * Somebody who has factors proves one that is good enough; where there is none, one that there is, and binds a better one
 * then. A blocked one is none that could be proven, but it is not forgotten: else guessing at it would make room for another.
 */
function withFactors(level: FactorLevel, { factor: proven }: Proven, { factors }: Rules): Lack {
  const usable = factors.filter(isUsable);
  const good = usable.filter((one) => one.level === 'phr' || (level === '2fa' && one.level === '2fa'));
  const hasGood = factors.some((one) => isOwn(one) && (level === '2fa' || one.level === 'phr'));
  if (hasGood) return { by: 'factor', level, kinds: kindsOf(good) };
  if (proven) return { by: 'enrol', level, kinds: kindsFor(level), code: false };
  return { by: 'factor', level, kinds: kindsOf(usable) };
}

const kindsOf = (factors: readonly Enrolled[]): FactorKind[] =>
  strongestFirst.filter((kind) => factors.some((one) => one.kind === kind));

const kindsFor = (level: FactorLevel): NewKind[] => (level === 'phr' ? ['webauthn'] : ['totp', 'webauthn']);
