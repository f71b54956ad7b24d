/** The same is told again after so long (milliseconds): a program that asks all the time fills no trail. */
const pause = 60_000;
const mostRemembered = 10_000;

/** What this process has told lately, so that a flood of the same is one event a minute. */
export class Seldom {
  readonly #told = new Map<string, number>();

  /** Whether this is to be told now; from then on it is not for a minute. */
  isNew(...what: readonly string[]): boolean {
    const [key, now] = [JSON.stringify(what), Date.now()];
    if (now - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < pause) return false;
    if (this.#told.size >= mostRemembered) this.#told.clear();
    this.#told.set(key, now);
    return true;
  }
}
