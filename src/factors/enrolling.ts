import { randomToken } from '../kernel/crypto.ts';
import { Problem } from '../kernel/errors.ts';
import type { Ceremonies } from './ceremonies.ts';
import type { Answer, FactorLevel, Person } from './factor.ts';
import { factorName } from './factor-name.ts';
import type { Kept, KeptFactors } from './kept-factors.ts';
import { keyUri, newSecret, stepOf } from './totp.ts';
import type { RelyingParty } from './webauthn.ts';
import { handed } from './webauthn-response.ts';
import { worthOfKey } from './worth-of-key.ts';

/** What is offered to enrol: a secret for an authenticator app (base32, and as `otpauth:`), or what the browser is asked to make. */
export type Offer =
  | { kind: 'totp'; secret: string; uri: string }
  | { kind: 'webauthn'; options: Awaited<ReturnType<RelyingParty['creation']>> };

/** The kinds that a person can enrol; recovery codes are made. */
export type NewKind = Offer['kind'];

/** A person on one way in: `binding` is the sign-in or the session that a ceremony belongs to; nobody else can answer it. */
export interface Place {
  person: Person;
  binding: string;
}

/** Why something was not enrolled. `not-allowed`: this kind of authenticator may not be used here, or there are too many. */
export interface NotAccepted {
  reason: 'wrong' | 'expired' | 'taken' | 'not-allowed';
}

/** A new factor, in the store, and what its first proof is worth. */
export interface Made {
  kept: Kept;
  amr: readonly string[];
  level: FactorLevel;
}

type Found = Omit<Made, 'kept'> & { kept: Omit<Kept, 'name' | 'created' | 'used'> };

interface Parts {
  kept: KeptFactors;
  ceremonies: Ceremonies;
  issuer: string;
  relyingParty(): Promise<RelyingParty>;
}

/** Nobody needs more; it bounds what one person can fill the store with. */
const most = 20;

const seconds = (): number => Math.floor(Date.now() / 1000);
const newId = (): string => `fac_${randomToken(16)}`;

/** Nothing has happened to a new one. */
export const untouched = { uses: 0, failures: 0, until: 0 } as const;

/** New factors: what is offered, and what is kept once the first answer of it fits. */
export class Enrolling {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The same secret for ten minutes on one way in; a fresh challenge, good for five minutes, each time. */
  async offer(kind: NewKind, { person, binding }: Place): Promise<Offer> {
    const { kept, ceremonies, issuer, relyingParty } = this.#parts;
    const user = person.id;
    if (kind === 'totp') {
      const secret = await ceremonies.secret({ kind, user, binding }, newSecret());
      return { kind, secret, uri: keyUri(new URL(issuer).hostname, person.name, secret) };
    }
    const options = await (await relyingParty()).creation(person, await kept.credentials(user));
    await ceremonies.challenge({ kind: 'create', user, binding }, options.challenge);
    return { kind, options };
  }

  /** Throws `fido_metadata`. */
  async accept(kind: NewKind, place: Place, answer: Answer, name: string): Promise<Made | NotAccepted> {
    const others = await this.#parts.kept.of(place.person.id);
    if (others.filter((one) => one.kind !== 'recovery-codes').length >= most) return { reason: 'not-allowed' };
    const found = await (kind === 'totp' ? this.#totp(place, answer) : this.#key(place, answer));
    if ('reason' in found) return found;
    const now = seconds();
    const kept = { ...found.kept, name: factorName(name, found.kept), created: now, used: now };
    try {
      await this.#parts.kept.insert(kept);
      return { ...found, kept };
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'taken') throw error;
      return { reason: 'taken' };
    }
  }

  async #totp({ person: { id: user }, binding }: Place, answer: Answer): Promise<Found | NotAccepted> {
    const { kept, ceremonies } = this.#parts;
    const occasion = { kind: 'totp', user, binding } as const;
    const secret = await ceremonies.waiting(occasion);
    if (secret === undefined) return { reason: 'expired' };
    const step = stepOf(secret, 'code' in answer ? answer.code : '');
    if (step === undefined) return { reason: 'wrong' };
    if (!(await ceremonies.finish(occasion))) return { reason: 'expired' };
    const factor = { id: newId(), user, kind: 'totp' } as const;
    const sealed = kept.seal(factor, { secret });
    // The code that proves the secret is used by that.
    const facts = { level: '2fa', passkey: false, mark: step, sealed } as const;
    return { kept: { ...factor, ...untouched, ...facts }, amr: ['otp'], level: '2fa' };
  }

  async #key({ person: { id: user }, binding }: Place, answer: Answer): Promise<Found | NotAccepted> {
    const { kept, ceremonies, relyingParty } = this.#parts;
    const answered = handed('response' in answer ? answer.response : '');
    if (!answered) return { reason: 'wrong' };
    const asked = await ceremonies.answered({ kind: 'create', user, binding }, answered.challenge);
    if (!asked) return { reason: 'expired' };
    const found = await (await relyingParty()).enrol(answered);
    if (!found.ok) return found;
    const { credential, verified, passkey, counter } = found;
    const factor = { id: newId(), user, kind: 'webauthn' } as const;
    const worth = worthOfKey(credential, verified);
    const facts = { level: worth.level, passkey, mark: counter, sealed: kept.seal(factor, credential) };
    return {
      kept: { ...factor, ...untouched, ...facts, credential: kept.fingerprint(credential.id) },
      ...worth,
    };
  }
}
