import type { FactorKind, FactorLevel } from '../factors/factor.ts';
import type { Level, Proof } from './proof.ts';
import type { Origin } from './upstream-sessions.ts';
import { better, type Lack, lacking, levelOf, type NewKind, noRules, type Rules } from './worth.ts';

/** A factor of the person's own that was proven in this sign-in. */
export interface OwnFactor {
  kind: FactorKind;
  level: FactorLevel;
  /** RFC 8176. */
  amr: readonly string[];
  /** When, in seconds. */
  at: number;
  /** Recovery codes to show before going on: the first ones, or a warning that few are left. */
  codes?: 'new' | { left: number };
}

/** The session with which a stronger sign-in begins. */
export interface Before {
  amr: readonly string[];
  worth: Level | undefined;
  /** When it was made (seconds). */
  authTime: number;
  /** The session at a provider on which it rests. */
  origin?: Origin;
}

/** What a sign-in has learnt so far. Facts are only added, so that no impossible state can be stored. */
export interface Facts {
  /** What the person typed to say who they are; proves nothing. */
  identifier?: string;
  /** The connection whose directory asks for user name and password on a page of ours. */
  connection?: string;
  /** Hints were set aside: the person wants to choose the way. */
  choosing?: true;
  /** Whom a provider has proven. */
  upstream?: Proof;
  /** Whom the provider has proven is the person: linked before, taken in, or connected just now. */
  joined?: true;
  /** The id of the person, once proven. */
  user?: string;
  /** How it was proven here first (RFC 8176); what a provider says of that stays in `upstream`. */
  amr: readonly string[];
  /** When, in seconds. */
  authTime?: number;
  /** The person was known by a session, which is not strong enough. */
  before?: Before;
  /** Factors of the person that were proven since, in order; a passkey that said who it is, is the first. */
  own?: readonly OwnFactor[];
  /** The code that lets somebody bind a first factor was right. */
  vouched?: true;
  /** When such a code was last sent (seconds). */
  codeSent?: number;
  /** The person goes on without a factor, as long as that is allowed. */
  postponed?: true;
  /** The person wants this device to be remembered. */
  remember?: true;
  /** The person has seen what there was to say about recovery codes. */
  told?: true;
}

/** What the sign-in waits for, or what came of it. */
export type Step =
  | { name: 'identify' }
  | { name: 'password'; identifier: string }
  | { name: 'federation'; connection: string; identifier?: string }
  | { name: 'connect'; upstream: Proof; identifier?: string }
  | { name: 'factor'; user: string; level: FactorLevel; kinds: readonly FactorKind[] }
  | { name: 'enrol'; user: string; level: FactorLevel; kinds: readonly NewKind[]; code: boolean; until?: number }
  | { name: 'recovery'; user: string; codes: NonNullable<OwnFactor['codes']> }
  | { name: 'link'; upstream: Proof; user: string }
  | { name: 'done'; user: string };

/** Nothing is known yet. */
export const nothing: Facts = { amr: [] };

/** The whole order of a sign-in; no page, handler or route decides what comes next. `rules` are those of the person. */
export function nextStep(facts: Facts, rules: Rules = noRules): Step {
  const { identifier, connection, upstream, joined, user } = facts;
  const typed = identifier === undefined ? {} : { identifier };
  if (user !== undefined) {
    // Before two accounts are connected: whoever knows no more than a password must not open another way in.
    const open = secondStep(facts, user, rules);
    if (open) return open;
    return upstream && !joined ? { name: 'link', upstream, user } : { name: 'done', user };
  }
  if (upstream !== undefined) return { name: 'connect', upstream, ...typed };
  if (connection !== undefined) return { name: 'federation', connection, ...typed };
  return identifier === undefined ? { name: 'identify' } : { name: 'password', identifier };
}

function secondStep(facts: Facts, user: string, rules: Rules): Step | undefined {
  const { own = [], postponed = false, told } = facts;
  const proven = { worth: worthOf(facts), factor: own.length > 0, vouched: isVouched(facts), postponed };
  const lack = lacking(proven, rules);
  if (lack) return stepOf(user, lack);
  const codes = own.findLast((one) => one.codes !== undefined)?.codes;
  return codes === undefined || told ? undefined : { name: 'recovery', user, codes };
}

const stepOf = (user: string, { by, ...lack }: Lack): Step =>
  'code' in lack ? { name: 'enrol', user, ...lack } : { name: 'factor', user, ...lack };

/** What all that is known to be the person's proves together; what a provider says of somebody not joined is not. */
export function worthOf({ amr, upstream, joined, before, own = [] }: Facts): Level | undefined {
  const first = better(better(levelOf(amr), before?.worth), joined ? upstream?.level : undefined);
  return own.reduce((worth, { level }) => better(worth, level), first);
}

/** How the person was recognised (RFC 8176), with what was known before; `mfa` where a factor was added to something else. */
export function methodsOf({ amr, upstream, joined, before, own = [] }: Facts): string[] {
  const first = [...(before?.amr ?? []), ...amr, ...(joined ? (upstream?.amr ?? []) : [])];
  const added = own.flatMap((one) => one.amr);
  return [...new Set([...first, ...added, ...(first.length > 0 && added.length > 0 ? ['mfa'] : [])])];
}

/** Whether more than a password of ours says who it is. */
const isVouched = ({ vouched, joined, before, own = [] }: Facts): boolean =>
  vouched === true || joined === true || before?.origin !== undefined || own.length > 0;
