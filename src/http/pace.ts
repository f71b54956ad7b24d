import type { Allowance } from './limits.ts';

/** Lets each key do so much at once, and so much more each second. Kept in this process: it shares out, it proves nothing. */
export class Pace {
  readonly #allowance: Allowance;
  readonly #all = new Map<string, { left: number; at: number }>();

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /** Spends as much as is asked for, if anything is left; answers the seconds to wait otherwise, and 0 when it was spent. */
  spend(key: string, amount: number): number {
    const { burst, perSecond } = this.#allowance;
    const now = Date.now();
    const { left, at } = this.#all.get(key) ?? { left: burst, at: now };
    const filled = Math.min(burst, left + (Math.max(0, now - at) / 1000) * perSecond);
    const fits = filled >= 1;
    // More than what is left is spent on credit, and waited for afterwards.
    this.#all.set(key, { left: fits ? filled - amount : filled, at: now });
    return fits ? 0 : Math.ceil((1 - filled) / perSecond);
  }
}
