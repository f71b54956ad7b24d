import type { Vault } from '../kernel/crypto.ts';
import type { Collection, Store } from '../store/port.ts';
import type { Enrolled, FactorKind } from './factor.ts';
import { delay, type Patience } from './patience.ts';
import type { KeptCode } from './recovery-codes.ts';
import type { Credential } from './webauthn.ts';

/** What is secret of a factor, or what it is known by. */
export interface Secrets {
  totp: { secret: string };
  webauthn: Credential;
  'recovery-codes': { codes: readonly KeptCode[] };
}

/** A factor in the store. Times in seconds. */
export interface Kept extends Omit<Enrolled, 'blocked'> {
  /** Its `Secrets`, bound to the person and to this id, so that nothing can be put under somebody else's name. */
  sealed: string;
  /** Fingerprint of the id of a credential, which nobody else has. */
  credential?: string;
  /** The last time step or counter that was accepted: what counts comes after it. */
  mark: number;
  uses: number;
  /** Wrong proofs in a row. */
  failures: number;
  /** No further try before then (seconds). */
  until: number;
}

/** A factor whose kind is known. */
export type KeptAs<K extends FactorKind> = Kept & { kind: K };

/** As for passwords (attempts.ts): a few are free, then it takes longer and longer. */
const patience: Patience = { free: 5, first: 5, longest: 15 * 60 };
/** So many wrong codes in a row end a factor (NIST SP 800-63B-4 §3.2.2). */
const mostFailures = 100;

const seconds = (): number => Math.floor(Date.now() / 1000);

/** A signature cannot be guessed, so counting down to the end would only help whoever wants to lock somebody out. */
const isBlocked = ({ kind, failures }: Kept): boolean => kind !== 'webauthn' && failures >= mostFailures;

/** Whether a typed code may be looked at now; else how long to wait, or that it never counts again. */
export type Turn = { ok: true; failures: number } | { ok: false; waitSeconds: number; blocked: boolean };

/** The factors in the store: what is kept of each, and how often it was guessed at. */
export class KeptFactors {
  readonly #all: Collection<Kept, 'user' | 'credential'>;
  readonly #vault: Vault;

  constructor(store: Store, vault: Vault) {
    this.#vault = vault;
    this.#all = store.collection<Kept, 'user' | 'credential'>({
      name: 'factors',
      indexes: { user: { key: (one) => one.user }, credential: { key: (one) => one.credential, unique: true } },
    });
  }

  /** Those of a person, oldest first. */
  async of(user: string): Promise<Kept[]> {
    const found = await this.#all.find({ user }, { limit: 1000 });
    return found.sort((a, b) => a.created - b.created);
  }

  /** If it is this person's. */
  async own(id: string, user: string): Promise<Kept | undefined> {
    const found = await this.#all.get(id);
    return found?.user === user ? found : undefined;
  }

  /** Whose credential this is. */
  async byCredential(id: string): Promise<KeptAs<'webauthn'> | undefined> {
    const [found] = await this.#all.find({ credential: this.fingerprint(id) }, { limit: 1 });
    return found && is('webauthn')(found) ? found : undefined;
  }

  /** The security keys and passkeys of a person. */
  async credentials(user: string): Promise<Credential[]> {
    return (await this.of(user)).filter(is('webauthn')).map((one) => this.open(one));
  }

  /** Under which a credential is found. */
  fingerprint(credential: string): string {
    return this.#vault.fingerprint('webauthn-credential', credential);
  }

  /** Throws `taken` for a credential that somebody has. */
  insert(factor: Kept): Promise<void> {
    return this.#all.insert(factor);
  }

  /** In place of what had this id. */
  put(factor: Kept): Promise<void> {
    return this.#all.put(factor);
  }

  change(id: string, edit: (now: Kept) => Kept): Promise<Kept | undefined> {
    return this.#all.change(id, edit);
  }

  take(id: string): Promise<Kept | undefined> {
    return this.#all.take(id);
  }

  /** All of a person; says how many there were. */
  drop(user: string): Promise<number> {
    return this.#all.drop({ user });
  }

  seal<K extends FactorKind>(factor: { id: string; user: string; kind: K }, secrets: Secrets[K]): string {
    return this.#vault.seal(JSON.stringify(secrets), bound(factor));
  }

  /** Throws when it is not this factor's. */
  open<K extends FactorKind>(factor: KeptAs<K>): Secrets[K] {
    return JSON.parse(this.#vault.open(factor.sealed, bound(factor)));
  }

  /**
   * Ask before a code is looked at. It counts as wrong from here on, until `count` says otherwise: so no more than the last
   * hundred can be under way at once, in all processes together.
   */
  async turn(id: string): Promise<Turn> {
    let turn: Turn = { ok: false, waitSeconds: 0, blocked: false };
    await this.#all.change(id, (now) => {
      const waitSeconds = Math.max(0, now.until - seconds());
      const blocked = isBlocked(now);
      if (blocked || waitSeconds > 0) {
        turn = { ok: false, waitSeconds, blocked };
        return now;
      }
      const failures = now.failures + 1;
      turn = { ok: true, failures };
      return { ...now, failures, until: seconds() + delay(failures, patience) };
    });
    return turn;
  }

  /** The code whose turn this was fitted another factor of the same person, so it says nothing about this one. */
  async giveBack(id: string): Promise<void> {
    await this.#all.change(id, (now) => {
      const failures = Math.max(0, now.failures - 1);
      return { ...now, failures, until: delay(failures, patience) === 0 ? 0 : now.until };
    });
  }

  /** A wrong answer that nothing has to be slowed down for. */
  async fail(id: string): Promise<void> {
    await this.#all.change(id, (now) => ({ ...now, failures: now.failures + 1 }));
  }

  /**
   * Counts a proof that was found right, unless `still` says that it has been used meanwhile: of many at once, one counts.
   * Answers the factor as it is then.
   */
  async count(id: string, still: (now: Kept) => Partial<Kept> | undefined): Promise<Kept | undefined> {
    let counted: Kept | undefined;
    await this.#all.change(id, (now) => {
      const more = still(now);
      const fresh = { used: seconds(), uses: now.uses + 1, failures: 0, until: 0 };
      counted = more && { ...now, ...fresh, ...more };
      return counted ?? now;
    });
    return counted;
  }
}

const bound = ({ user, id, kind }: { id: string; user: string; kind: FactorKind }): string =>
  `factor ${kind} ${id} of ${user}`;

/** Tells the kinds apart. */
export const is =
  <K extends FactorKind>(kind: K) =>
  (one: Kept): one is KeptAs<K> =>
    one.kind === kind;

/** Whether this failure was the last one that a factor survives. */
export const isLast = (failures: number): boolean => failures >= mostFailures;

/** What others may know of a factor. */
export const enrolled = (kept: Kept): Enrolled => {
  const { id, user, kind, name, level, passkey, created, used, left } = kept;
  return {
    ...{ id, user, kind, name, level, passkey, created, blocked: isBlocked(kept) },
    ...(used === undefined ? {} : { used }),
    ...(left === undefined ? {} : { left }),
  };
};
