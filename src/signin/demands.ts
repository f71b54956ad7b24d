import { isForAdministration } from '../clients/built-in.ts';
import { administrator } from '../directory/built-in.ts';
import type { Decide } from '../directory/decide.ts';
import type { User } from '../directory/users.ts';
import { type MfaPolicies, type MfaPolicy, policyLevels, type Rules, secondFactors } from '../factors/policies.ts';
import { policySubject } from '../factors/policy-subject.ts';
import { Problem } from '../kernel/errors.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Demand } from './demand.ts';
import type { Level } from './proof.ts';

/** A sign-in, as far as policies look at it. */
export interface Asking {
  user: Pick<User, 'id' | 'email' | 'emailVerified'>;
  /** The id of the client that wants the person. */
  client: string;
  /** The connection that the person came through. */
  connection?: string | undefined;
  /** The groups that its provider stated. */
  groups?: readonly string[] | undefined;
}

interface Parts {
  store: Store;
  policies: Pick<MfaPolicies, 'usual' | 'of' | 'requiring'>;
  decide: Pick<Decide, 'held' | 'administers'>;
  /** What a sign-in to the console must be worth. */
  console: Level;
}

/** When somebody was first told that a factor will be required (seconds). The id is the person's. */
interface Told extends Entity {
  at: number;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** What the policies demand of a sign-in, and by when. */
export class Demands {
  readonly #policies: Parts['policies'];
  readonly #decide: Parts['decide'];
  readonly #told: Collection<Told>;
  /** What holds for those who administer, at the console and on the command line elsewhere; no policy makes it laxer. */
  readonly #console: readonly MfaPolicy[];

  constructor({ store, policies, decide, console: level }: Parts) {
    this.#policies = policies;
    this.#decide = decide;
    this.#console = level === '1fa' ? [] : [{ id: 'console', secondFactor: 'required', level, grace: 0, remember: 0 }];
    this.#told = store.collection<Told>({ name: 'mfa-told', indexes: {} });
  }

  /** All policies that apply to this sign-in, taken together as `demanded` says. */
  async of({ user, client, connection, groups = [] }: Asking): Promise<Demand> {
    const subject = `user:${user.id}`;
    const { roles, groups: ours } = await this.#decide.held(subject, undefined);
    const domain = domainOf(user.email);
    const certain = [
      `client:${client}`,
      ...roles.map((name) => `role:${name}`),
      ...ours.map((name) => `group:${name}`),
      ...(connection === undefined ? [] : [`connection:${connection}`]),
      ...(user.emailVerified ? domain : []),
    ];
    const said = [...(user.emailVerified ? [] : domain), ...subjects(groups.map((name) => `group:${name}`))];
    const [usual, applying, alleged, [forAdministrators]] = await Promise.all([
      this.#policies.usual(),
      this.#policies.of(certain),
      this.#policies.of(said),
      this.#policies.of([`role:${administrator}`]),
    ]);
    const administers = await this.#decide.administers(subject);
    const atConsole = administers && isForAdministration(client) ? this.#console : [];
    return demanded({
      usual,
      applying: [...applying, ...atConsole],
      alleged,
      ...(administers ? { mostRemembered: forAdministrators?.remember ?? 0 } : {}),
    });
  }

  /**
   * Whether this person has to have a second factor anywhere here. Then the first one is bound only by whoever proves more than
   * the password: else somebody who has stolen it binds a factor where none is required, and takes it to where one is.
   */
  async guarded(user: Asking['user']): Promise<boolean> {
    if ((await this.#policies.usual()).secondFactor === 'required') return true;
    const subject = `user:${user.id}`;
    if (this.#console.length > 0 && (await this.#decide.administers(subject))) return true;
    const { roles, groups } = await this.#decide.held(subject, undefined);
    const ours = [...roles.map((name) => `role:${name}`), ...groups.map((name) => `group:${name}`)];
    const own = [...ours, ...domainOf(user.email)];
    // Who comes through a connection has proven more; and by its policy or a group of its provider nobody else is asked.
    return (await this.#policies.requiring()).some((subject) => subject.startsWith('client:') || own.includes(subject));
  }

  /** Until when this person may go on without a factor (seconds). The time starts at the first call, and never again. */
  async graceEnds(user: string, { grace }: Demand): Promise<number> {
    if (grace <= 0) return seconds();
    const known = await this.#told.get(user);
    return (known?.at ?? (await this.#tell(user))) + grace;
  }

  /** The same, without telling anybody: undefined while the time has not started. */
  async graceSoFar(user: string, { grace }: Demand): Promise<number | undefined> {
    const known = await this.#told.get(user);
    return known && known.at + grace;
  }

  /** The person is removed. */
  async forget(user: string): Promise<void> {
    await this.#told.take(user);
  }

  async #tell(user: string): Promise<number> {
    const at = seconds();
    try {
      await this.#told.insert({ id: user, at });
      return at;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
      // Somebody told them at the same moment; the earlier one counts.
      return (await this.#told.get(user))?.at ?? at;
    }
  }
}

/** Those that can be subjects of a policy: what a provider states can be anything. */
function subjects(texts: readonly string[]): string[] {
  return texts.flatMap((text) => {
    try {
      return [policySubject(text)];
    } catch {
      return [];
    }
  });
}

const domainOf = (email: string | undefined): string[] =>
  email === undefined ? [] : subjects([`domain:${email.slice(email.lastIndexOf('@') + 1)}`]);

/** What `demanded` goes by. */
interface Said {
  /** What holds where nothing else is said. */
  usual: Rules;
  /** Policies of what we know: the client, roles and groups here, the connection, a verified domain. */
  applying: readonly MfaPolicy[];
  /** Policies of what only somebody else says: groups at a provider, a domain that is not verified. */
  alleged: readonly MfaPolicy[];
  /** For whoever may do something on this server's own administration: what the policy of `administrator` allows, else 0. */
  mostRemembered?: number;
}

/**
 * What wins. Of each of the four members the strictest that an applying policy names; the usual where none names it, so a
 * policy can be laxer than the usual, but never than another policy. What is only alleged makes it stricter or leaves it.
 * A policy that requires a factor and names no grace means the usual grace: no other policy stretches it. The devices of
 * administrators are not remembered unless the policy of that role says for how long.
 */
export function demanded({ usual, applying, alleged, mostRemembered }: Said): Demand {
  const [known, rest] = [applying, alleged].map((all) => all.map((one) => withGrace(one, usual)));
  const bound = mostRemembered === undefined ? {} : { remember: mostRemembered };
  return { ...usual, ...strictest([{ ...usual, ...strictest(known ?? []) }, ...(rest ?? []), bound]) };
}

const withGrace = (policy: MfaPolicy, { grace }: Rules): Partial<Rules> =>
  policy.secondFactor === 'required' ? { grace, ...policy } : policy;

/** The strictest that is named, member by member. */
function strictest(all: readonly Partial<Rules>[]): Partial<Rules> {
  const named = <N extends keyof Rules>(name: N): Rules[N][] =>
    all.map((one) => one[name]).filter((value) => value !== undefined);
  const last = <T>(order: readonly T[], values: readonly T[]): T | undefined =>
    order.findLast((value) => values.includes(value));
  const least = (values: readonly number[]): number | undefined =>
    values.length === 0 ? undefined : Math.min(...values);
  const found = {
    secondFactor: last(secondFactors, named('secondFactor')),
    level: last(policyLevels, named('level')),
    grace: least(named('grace')),
    remember: least(named('remember')),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
