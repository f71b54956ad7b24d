import type { Trail } from '../audit/trail.ts';
import { invalid, missing } from '../kernel/errors.ts';
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

const day = 24 * 60 * 60;
/** Nobody may go on without, or be remembered, for longer (seconds). */
export const longest = { grace: 90 * day, remember: 30 * day } as const;

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

  /** Throws `invalid` for what is no subject. */
  async get(subject: string): Promise<MfaPolicy | undefined> {
    return this.#all.get(policySubject(subject));
  }

  /** In the order of their subjects. */
  list(page?: Page): Promise<MfaPolicy[]> {
    return this.#all.find({}, page);
  }

  /** Those of these subjects that there are. */
  async of(subjects: readonly string[]): Promise<MfaPolicy[]> {
    const found = await Promise.all(subjects.map((subject) => this.#all.get(subject)));
    return found.filter((one) => one !== undefined);
  }

  /** Makes or replaces a policy. Throws `invalid` for one that says nothing, or what cannot be. */
  async save(policy: MfaPolicy, actor: string): Promise<MfaPolicy> {
    const next = checked(policy);
    await this.#all.put(next);
    await this.#trail.record({
      type: 'mfa-policy.saved',
      actor,
      target: `mfa-policy:${next.id}`,
      detail: rulesOf(next),
    });
    return next;
  }

  /** Throws `missing`. */
  async remove(subject: string, actor: string): Promise<void> {
    const id = policySubject(subject);
    if (!(await this.#all.take(id))) throw missing(`A policy of second factors for ${id}`);
    await this.#trail.record({ type: 'mfa-policy.removed', actor, target: `mfa-policy:${id}` });
  }
}

/** What a policy names. */
function rulesOf({ secondFactor, level, grace, remember }: MfaPolicy): Partial<Rules> {
  return {
    ...(secondFactor === undefined ? {} : { secondFactor }),
    ...(level === undefined ? {} : { level }),
    ...(grace === undefined ? {} : { grace }),
    ...(remember === undefined ? {} : { remember }),
  };
}

function checked(policy: MfaPolicy): MfaPolicy {
  const rules = rulesOf(policy);
  const { secondFactor, level } = rules;
  if (Object.keys(rules).length === 0) {
    throw invalid('A policy says at least one thing: second factor, level, grace or remember');
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
  return { id: policySubject(policy.id), ...rules };
}
