import type { Trail } from '../audit/trail.ts';
import type { Vault } from '../kernel/crypto.ts';
import { invalid, missing } from '../kernel/errors.ts';
import type { Store } from '../store/port.ts';
import { Ceremonies } from './ceremonies.ts';
import { Enrolling, type NewKind, type NotAccepted, type Offer, type Place, untouched } from './enrolling.ts';
import type { Answer, Enrolled, FactorKind, FactorLevel, Person, Proving, Seen } from './factor.ts';
import { factorName } from './factor-name.ts';
import { enrolled, type Kept, KeptFactors } from './kept-factors.ts';
import { Proofs } from './proofs.ts';
import { newCodes } from './recovery-codes.ts';
import type { RelyingParty } from './webauthn.ts';

/** What came of enrolling. */
export type Accepted =
  | { ok: true; factor: Enrolled; amr: readonly string[]; level: FactorLevel }
  | ({ ok: false; waitSeconds?: number } & NotAccepted);

type RequestOptions = Awaited<ReturnType<RelyingParty['request']>>;

interface Parts {
  store: Store;
  vault: Vault;
  trail: Trail;
  issuer: string;
  /** Loaded when it is needed first: most commands never do. */
  relyingParty(): Promise<RelyingParty>;
}

const seconds = (): number => Math.floor(Date.now() / 1000);
/** A person has one set of them. */
const codesOf = (user: string): string => `rec_${user}`;

/** The second factors and passkeys of all people: enrolled here, proven here, and counted here on whatever way a proof comes. */
export class Enrolments {
  readonly #trail: Trail;
  readonly #kept: KeptFactors;
  readonly #ceremonies: Ceremonies;
  readonly #enrolling: Enrolling;
  readonly #proofs: Proofs;
  readonly #relyingParty: () => Promise<RelyingParty>;

  constructor({ store, vault, trail, issuer, relyingParty }: Parts) {
    const kept = new KeptFactors(store, vault);
    const ceremonies = new Ceremonies(store, vault);
    this.#trail = trail;
    this.#kept = kept;
    this.#ceremonies = ceremonies;
    this.#relyingParty = relyingParty;
    this.#enrolling = new Enrolling({ kept, ceremonies, issuer, relyingParty });
    this.#proofs = new Proofs({ kept, ceremonies, trail, relyingParty });
  }

  /** Oldest first; recovery codes are among them once they were made. */
  async of(user: string): Promise<Enrolled[]> {
    return (await this.#kept.of(user)).map(enrolled);
  }

  /**
   * The highest level that a person's factors reach. A blocked one is not forgotten: else guessing at it would open what it
   * protects.
   */
  async levelOf(user: string): Promise<'1fa' | FactorLevel> {
    const levels = (await this.#kept.of(user)).map(({ level }) => level);
    if (levels.includes('phr')) return 'phr';
    return levels.includes('2fa') ? '2fa' : '1fa';
  }

  /** The same secret for ten minutes on one way in; a fresh challenge, good for five minutes, each time. */
  offer(kind: 'totp', place: Place): Promise<Extract<Offer, { kind: 'totp' }>>;
  offer(kind: 'webauthn', place: Place): Promise<Extract<Offer, { kind: 'webauthn' }>>;
  offer(kind: NewKind, place: Place): Promise<Offer>;
  offer(kind: NewKind, place: Place): Promise<Offer> {
    return this.#enrolling.offer(kind, place);
  }

  /** Enrols what was offered, once the first answer of it fits. Throws `fido_metadata`. */
  async accept(
    kind: NewKind,
    place: Place,
    { answer, name, seen }: { answer: Answer; name: string; seen: Seen },
  ): Promise<Accepted> {
    const made = await this.#enrolling.accept(kind, place, answer, name);
    if ('reason' in made) return { ok: false, reason: made.reason };
    const { kept, amr, level } = made;
    const actor = `user:${kept.user}`;
    const detail = { kind, name: kept.name };
    await this.#trail.record({ type: 'factor.added', actor, target: actor, ...seen, detail });
    return { ok: true, factor: enrolled(kept), amr, level };
  }

  /** What the browser is asked to prove as a second factor; undefined for somebody without a security key or passkey. */
  async challenge({ user, binding }: { user: string; binding: string }): Promise<RequestOptions | undefined> {
    const known = await this.#kept.credentials(user);
    if (known.length === 0) return undefined;
    const options = await (await this.#relyingParty()).request(known);
    await this.#ceremonies.challenge({ kind: 'get', user, binding }, options.challenge);
    return options;
  }

  /** What the browser is asked to prove where nobody has said who they are. */
  async challengeAnybody({ binding }: { binding: string }): Promise<RequestOptions> {
    const options = await (await this.#relyingParty()).request();
    await this.#ceremonies.challenge({ kind: 'passkey', binding }, options.challenge);
    return options;
  }

  /** Checks a proof of this person, and counts it: wrong codes slow down the next, and a right one is good once. */
  prove(kind: FactorKind, place: { user: string; binding: string }, answer: Answer, seen: Seen): Promise<Proving> {
    if (kind === 'webauthn') return this.#proofs.key(place, 'response' in answer ? answer.response : '', seen);
    return this.#proofs.code(kind, place.user, 'code' in answer ? answer.code : '', seen);
  }

  /** Checks a passkey that verified its user; `factor.user` is who it is. */
  provePasskey({ binding }: { binding: string }, answer: Answer, seen: Seen): Promise<Proving> {
    return this.#proofs.passkey(binding, 'response' in answer ? answer.response : '', seen);
  }

  /** Ten codes, to be shown this once; those there were are gone. Throws `invalid` for somebody without a factor. */
  async renewRecoveryCodes({ id: user }: Pick<Person, 'id'>, seen: Seen): Promise<string[]> {
    if (!(await this.#kept.of(user)).some((one) => one.kind !== 'recovery-codes')) {
      throw invalid('Recovery codes stand in for a second factor; set one up first');
    }
    const { codes, kept } = await newCodes();
    const factor = { id: codesOf(user), user, kind: 'recovery-codes', passkey: false } as const;
    const sealed = this.#kept.seal(factor, { codes: kept });
    const facts = {
      name: factorName('', factor),
      level: '2fa',
      mark: 0,
      created: seconds(),
      left: codes.length,
    } as const;
    await this.#kept.put({ ...factor, ...untouched, ...facts, sealed });
    const actor = `user:${user}`;
    await this.#trail.record({ type: 'recovery-codes.made', actor, target: actor, ...seen });
    return codes;
  }

  /** Throws `missing`. */
  async rename(id: string, user: string, name: string, seen: Seen): Promise<void> {
    const found = await this.#own(id, user);
    await this.#kept.change(id, (now) => ({ ...now, name: factorName(name, found) }));
    const actor = `user:${user}`;
    const detail = { kind: found.kind };
    await this.#trail.record({ type: 'factor.renamed', actor, target: actor, ...seen, detail });
  }

  /** The recovery codes go with the last factor that they stand in for. Throws `missing`. */
  async remove(
    id: string,
    user: string,
    { actor, seen, reason }: { actor: string; seen?: Seen | undefined; reason?: string | undefined },
  ): Promise<void> {
    const { kind, name } = await this.#own(id, user);
    if (!(await this.#kept.take(id))) throw missing('This factor');
    if ((await this.#kept.of(user)).every((one) => one.kind === 'recovery-codes')) await this.#kept.drop(user);
    const detail = { kind, name, reason };
    await this.#trail.record({ type: 'factor.removed', actor, target: `user:${user}`, ...seen, detail });
  }

  /** Takes all factors of a person, so that new ones can be enrolled; says how many there were. */
  async reset(user: string, actor: string, reason: string): Promise<number> {
    const count = await this.#kept.drop(user);
    await this.#trail.record({ type: 'factors.reset', actor, target: `user:${user}`, detail: { reason, count } });
    return count;
  }

  /** The person is removed. */
  async forget(user: string): Promise<void> {
    await this.#kept.drop(user);
  }

  async #own(id: string, user: string): Promise<Kept> {
    const found = await this.#kept.own(id, user);
    if (!found) throw missing('This factor');
    return found;
  }
}
