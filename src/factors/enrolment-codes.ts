import type { Trail } from '../audit/trail.ts';
import { same, type Vault } from '../kernel/crypto.ts';
import type { Collection, Entity, Store } from '../store/port.ts';
import type { Seen } from './factor.ts';
import { group, plain } from './typed-code.ts';

/** The one code that a person may have; the id is the person's. */
interface Kept extends Entity {
  /** Fingerprint of the code and the person. */
  readonly code: string;
  readonly wrong: number;
  readonly used?: true;
}

/** 27 to the power of 12 are 57 bits. */
const groups = 3;
/** So long a code is good (seconds), and so many wrong tries it survives. */
const life = 10 * 60;
const mostWrong = 10;

interface Parts {
  store: Store;
  vault: Vault;
  trail: Trail;
}

/**
 * Codes with which a person without a factor may bind the first one: they come on another way than the password, so that
 * whoever knows only that cannot bind a factor of their own (NIST SP 800-63B-4 §4.1.2).
 */
export class EnrolmentCodes {
  readonly #all: Collection<Kept>;
  readonly #vault: Vault;
  readonly #trail: Trail;

  constructor({ store, vault, trail }: Parts) {
    this.#all = store.collection<Kept>({ name: 'enrolment-codes', indexes: {} });
    this.#vault = vault;
    this.#trail = trail;
  }

  /** A new code, good once within ten minutes; one that was made before is gone. `by` is who makes it, as the trail names them. */
  async issue(user: string, by: string): Promise<string> {
    const code = Array.from({ length: groups }, group).join('-');
    await this.#all.put({ id: user, code: this.#fingerprint(user, code), wrong: 0 }, life);
    await this.#trail.record({ type: 'enrolment-code.issued', actor: by, target: `user:${user}`, detail: { by } });
    return code;
  }

  /** Whether this is the person's code, which it then was. The tenth wrong try ends the code. */
  async redeem(user: string, typed: string, seen: Seen): Promise<boolean> {
    const code = this.#fingerprint(user, typed);
    let fits = false;
    const left = await this.#all.change(user, (now) => {
      fits = now.used === undefined && now.wrong < mostWrong && same(now.code, code);
      return fits ? { ...now, used: true } : { ...now, wrong: now.wrong + 1 };
    });
    if (left?.used || (left && left.wrong >= mostWrong)) await this.#all.take(user);
    // Whoever was faster may have taken it away while the edit ran again.
    const redeemed = left !== undefined && fits;
    const target = `user:${user}`;
    await (redeemed
      ? this.#trail.record({ type: 'enrolment-code.used', actor: target, target, ...seen })
      : this.#trail.record({
          type: 'enrolment-code.refused',
          actor: 'anonymous',
          outcome: 'failure',
          target,
          ...seen,
        }));
    return redeemed;
  }

  #fingerprint(user: string, typed: string): string {
    return this.#vault.fingerprint('enrolment-code', JSON.stringify([user, plain(typed)]));
  }
}
