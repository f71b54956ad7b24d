import type { Trail } from '../audit/trail.ts';
import { invalid, missing, Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Page, Store } from '../store/port.ts';
import { policySubject } from './policy-subject.ts';

/** Whether a second factor is asked for, laxest first: never, from whoever has one, from everybody. */
export const secondFactors = ['off', 'if-enrolled', 'required'] as const;
/** What a second factor must be worth, laxest first. */
export const policyLevels = ['2fa', 'phr'] as const;

/** The four things that a policy can say. Times in seconds. */
export interface Rules {
  secondFactor: (typeof secondFactors)[number];
  level: (typeof policyLevels)[number];
  /** So long after having been told first, somebody without a factor may still go on without. */
  grace: number;
  /** How long a device may be remembered; 0 is never. */
  remember: number;
}

/** What is said of one subject; what it does not name, it leaves to others. The id is the subject (policy-subject.ts). */
export interface MfaPolicy extends Entity, Partial<Rules> {}

/** A change of a policy: what is not named stays, null leaves it to the other policies. */
export type RulesChange = { [N in keyof Rules]?: Rules[N] | null | undefined };

const most = 1000;
const day = 24 * 60 * 60;
/** Nobody may go on without, or be remembered, for longer (seconds). */
const longest = { grace: 90 * day, remember: 30 * day } as const;

/** The policies of second factors that administrators have made; what the configuration says stands under all of them. */
export class MfaPolicies {
  readonly #all: Collection<MfaPolicy>;
  readonly #trail: Trail;
  readonly #configured: Rules;

  constructor(store: Store, trail: Trail, configured: Rules) {
    this.#all = store.collection<MfaPolicy>({ name: 'mfa-policies', indexes: {}, cached: true });
    this.#trail = trail;
    this.#configured = configured;
  }

  /** What holds where no policy of a certain subject says otherwise: the configuration, and over it the policy `default`. */
  async usual(): Promise<Rules> {
    const policy = await this.#all.get('default');
    return policy ? { ...this.#configured, ...rulesOf(policy) } : this.#configured;
  }

  /** The policy of a subject; `default` as it holds, with what the configuration says. Throws `invalid` for what is no subject. */
  async get(subject: string): Promise<MfaPolicy | undefined> {
    const id = policySubject(subject);
    const policy = await this.#all.get(id);
    return id === 'default' ? this.#whole(policy ?? { id }) : policy;
  }

  /** Those that were made, in the order of their subjects; `default` as it holds. */
  async list(page?: Page): Promise<MfaPolicy[]> {
    return (await this.#all.find({}, page)).map((one) => this.#whole(one));
  }

  /** Those of these subjects that there are. */
  async of(subjects: readonly string[]): Promise<MfaPolicy[]> {
    const found = await Promise.all(subjects.map((subject) => this.#all.get(subject)));
    return found.filter((one) => one !== undefined);
  }

  /** The subjects whose policies require a second factor. */
  async requiring(): Promise<string[]> {
    const subjects: string[] = [];
    for (let after = ''; ; ) {
      const some = await this.#all.find({}, { limit: most, after });
      subjects.push(...some.filter(({ secondFactor }) => secondFactor === 'required').map(({ id }) => id));
      after = some.at(-1)?.id ?? '';
      if (some.length < most) return subjects;
    }
  }

  /**
   * Makes or changes a policy: what is not named stays, null leaves a member to the other policies. `look` sees it as `get`
   * shows it, and may refuse by throwing. Throws `invalid` for a policy that says nothing, or what cannot be.
   */
  async change(
    subject: string,
    change: RulesChange,
    actor: string,
    look?: (now: MfaPolicy) => void,
  ): Promise<MfaPolicy> {
    const id = policySubject(subject);
    const edit = (now: MfaPolicy): MfaPolicy => {
      look?.(this.#whole(now));
      return checked({ ...now, ...change, id });
    };
    const next = await this.#edit(id, edit);
    await this.#trail.record({ type: 'mfa-policy.saved', actor, target: `mfa-policy:${id}`, detail: rulesOf(next) });
    return this.#whole(next);
  }

  /** Throws `missing`. */
  async remove(subject: string, actor: string): Promise<void> {
    const id = policySubject(subject);
    if (!(await this.#all.take(id))) throw missing(`A policy of second factors for ${id}`);
    await this.#trail.record({ type: 'mfa-policy.removed', actor, target: `mfa-policy:${id}` });
  }

  /** Its subject is removed, and whoever gets the same name shall not have its policy. */
  async forget(subject: string, actor: string): Promise<void> {
    if (!(await this.#all.take(subject))) return;
    await this.#trail.record({ type: 'mfa-policy.removed', actor, target: `mfa-policy:${subject}` });
  }

  async #edit(id: string, edit: (now: MfaPolicy) => MfaPolicy): Promise<MfaPolicy> {
    for (;;) {
      const changed = await this.#all.change(id, edit);
      if (changed) return changed;
      const first = edit({ id });
      try {
        await this.#all.insert(first);
        return first;
      } catch (error) {
        // Somebody else has made it meanwhile, so it is theirs that is changed.
        if (!(error instanceof Problem) || error.code !== 'taken') throw error;
      }
    }
  }

  #whole(policy: MfaPolicy): MfaPolicy {
    return policy.id === 'default' ? { id: policy.id, ...this.#configured, ...rulesOf(policy) } : policy;
  }
}

/** What a policy names. */
function rulesOf({ secondFactor, level, grace, remember }: RulesChange): Partial<Rules> {
  return {
    ...(secondFactor == null ? {} : { secondFactor }),
    ...(level == null ? {} : { level }),
    ...(grace == null ? {} : { grace }),
    ...(remember == null ? {} : { remember }),
  };
}

function checked({ id, ...change }: RulesChange & Entity): MfaPolicy {
  const rules = rulesOf(change);
  const { secondFactor, level } = rules;
  if (Object.keys(rules).length === 0) {
    throw invalid('A policy says at least one thing: second factor, level, grace or remember; remove it instead');
  }
  if (secondFactor !== undefined && !secondFactors.includes(secondFactor)) {
    throw invalid(`The second factor is ${secondFactors.join(', ')}`);
  }
  if (level !== undefined && !policyLevels.includes(level)) throw invalid(`The level is ${policyLevels.join(' or ')}`);
  for (const name of ['grace', 'remember'] as const) {
    const [value = 0, most] = [rules[name], longest[name]];
    if (Number.isSafeInteger(value) && value >= 0 && value <= most) continue;
    throw invalid(`The time of ${name} is 0 to ${most} whole seconds (${most / day} days)`);
  }
  return { id, ...rules };
}
