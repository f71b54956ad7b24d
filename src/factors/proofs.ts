import type { Trail } from '../audit/trail.ts';
import type { Ceremonies, Occasion } from './ceremonies.ts';
import type { FactorKind, FactorLevel, Proving, Seen } from './factor.ts';
import { enrolled, is, isLast, type Kept, type KeptAs, type KeptFactors } from './kept-factors.ts';
import { codeOf } from './recovery-codes.ts';
import { stepOf } from './totp.ts';
import type { RelyingParty } from './webauthn.ts';
import { handed } from './webauthn-response.ts';
import { worthOfKey } from './worth-of-key.ts';

interface Parts {
  kept: KeptFactors;
  ceremonies: Ceremonies;
  trail: Trail;
  relyingParty(): Promise<RelyingParty>;
}

/** Why a proof did not count; `cloned`: two devices have one key (WebAuthn L3 §6.1.1). */
type Refusal = 'wrong' | 'cloned';

const no: Proving = { ok: false };

/** Proofs of factors that are enrolled. */
export class Proofs {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A typed code of an authenticator app, or a recovery code. A person may have several apps: the code may be of any. */
  async code(kind: Exclude<FactorKind, 'webauthn'>, user: string, typed: string, seen: Seen): Promise<Proving> {
    const waits: number[] = [];
    const tried: { factor: Kept; failures: number }[] = [];
    let blocked = false;
    for (const factor of (await this.#parts.kept.of(user)).filter((one) => one.kind === kind)) {
      const turn = await this.#parts.kept.turn(factor.id);
      if (!turn.ok) {
        if (turn.blocked) blocked = true;
        else waits.push(turn.waitSeconds);
        continue;
      }
      const counted = await this.#counted(factor, typed);
      if (counted) {
        // The code was not meant for the others.
        for (const other of tried) await this.#parts.kept.giveBack(other.factor.id);
        return this.#done(counted, { amr: [kind === 'totp' ? 'otp' : 'recovery'], level: '2fa' }, seen);
      }
      tried.push({ factor, failures: turn.failures });
    }
    for (const { factor, failures } of tried) {
      await this.#refused(factor, 'wrong', seen);
      if (isLast(failures)) await this.#blocked(factor, seen);
    }
    if (tried.length > 0) return no;
    if (waits.length > 0) return { ok: false, waitSeconds: Math.min(...waits) };
    return blocked ? { ok: false, blocked: true } : no;
  }

  /** A security key or passkey of this person, as a second factor. */
  async key({ user, binding }: { user: string; binding: string }, written: string, seen: Seen): Promise<Proving> {
    return this.#assertion({ kind: 'get', user, binding }, written, seen);
  }

  /** A passkey of whoever it may be; it has to say who, and to have verified them. */
  async passkey(binding: string, written: string, seen: Seen): Promise<Proving> {
    return this.#assertion({ kind: 'passkey', binding }, written, seen);
  }

  async #assertion(occasion: Occasion, written: string, seen: Seen): Promise<Proving> {
    const { ceremonies, kept, relyingParty } = this.#parts;
    const answer = handed(written);
    if (!answer || !(await ceremonies.answered(occasion, answer.challenge))) return no;
    const factor = await kept.byCredential(answer.id);
    if (!factor || (occasion.user !== undefined && factor.user !== occasion.user)) return no;
    const alone = occasion.kind === 'passkey';
    const credential = kept.open(factor);
    const ours = answer.userHandle === undefined ? !alone : isHandleOf(factor.user, answer.userHandle);
    const found = ours ? await (await relyingParty()).assertion(answer, credential, alone) : undefined;
    if (!found) return this.#wrongKey(factor, 'wrong', seen);
    const { counter, verified } = found;
    const worth = worthOfKey(credential, verified);
    const counted = await kept.count(factor.id, (now) => {
      if (!isNext(counter, now.mark)) return undefined;
      return { mark: counter, level: verified ? 'phr' : now.level };
    });
    return counted ? this.#done(counted, worth, seen) : this.#wrongKey(factor, 'cloned', seen);
  }

  async #wrongKey(factor: Kept, reason: Refusal, seen: Seen): Promise<Proving> {
    await this.#parts.kept.fail(factor.id);
    await this.#refused(factor, reason, seen);
    return no;
  }

  /** The factor, if this is a code of it that nobody has used. */
  #counted(factor: Kept, typed: string): Promise<Kept | undefined> {
    if (is('totp')(factor)) return this.#countedStep(factor, typed);
    return is('recovery-codes')(factor) ? this.#countedCode(factor, typed) : Promise.resolve(undefined);
  }

  async #countedStep(factor: KeptAs<'totp'>, typed: string): Promise<Kept | undefined> {
    const { kept } = this.#parts;
    const step = stepOf(kept.open(factor).secret, typed, factor.mark);
    if (step === undefined) return undefined;
    return kept.count(factor.id, ({ mark }) => (step > mark ? { mark: step } : undefined));
  }

  async #countedCode(factor: KeptAs<'recovery-codes'>, typed: string): Promise<Kept | undefined> {
    const { kept } = this.#parts;
    const code = await codeOf(kept.open(factor).codes, typed);
    if (!code) return undefined;
    return kept.count(factor.id, (now) => {
      if (!is('recovery-codes')(now)) return undefined;
      const { codes } = kept.open(now);
      const left = codes.filter(({ hash }) => hash !== code.hash);
      return left.length < codes.length ? { sealed: kept.seal(now, { codes: left }), left: left.length } : undefined;
    });
  }

  async #done(counted: Kept, worth: { amr: readonly string[]; level: FactorLevel }, seen: Seen): Promise<Proving> {
    const { kind, left, user } = counted;
    const actor = `user:${user}`;
    if (kind === 'recovery-codes') {
      await this.#parts.trail.record({ type: 'recovery-code.used', actor, target: actor, ...seen, detail: { left } });
    }
    return { ok: true, factor: enrolled(counted), ...worth };
  }

  async #blocked({ user, kind }: Kept, seen: Seen): Promise<void> {
    const what = { type: 'factor.blocked', actor: 'anonymous', target: `user:${user}` } as const;
    await this.#parts.trail.record({ ...what, ...seen, detail: { kind } });
  }

  async #refused({ user, kind }: Kept, reason: Refusal, seen: Seen): Promise<void> {
    const target = `user:${user}`;
    const what = { type: 'factor.refused', actor: 'anonymous', outcome: 'failure', target } as const;
    await this.#parts.trail.record({ ...what, ...seen, detail: { kind, reason } });
  }
}

/** A counter that goes up; those that always say 0 keep none, as synced passkeys do (WebAuthn L3 §6.1.1). */
const isNext = (counter: number, mark: number): boolean => counter > mark || (counter === 0 && mark === 0);

const isHandleOf = (user: string, handle: string): boolean => Buffer.from(handle, 'base64url').toString() === user;
