/**
 * What is under way, in numbered places. Not a Set: with one that is filled and emptied all the time, collections were more
 * and took longer. That was seen by counting them; why V8 does so was not looked into.
 */
export class Places<T> {
  readonly #all: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#all.length - this.#free.length;
  }

  /** Answers the place that was taken. */
  take(one: T): number {
    const place = this.#free.pop() ?? this.#all.length;
    this.#all[place] = one;
    return place;
  }

  /** Each place that was taken must be left once. */
  leave(place: number): void {
    this.#all[place] = undefined;
    this.#free.push(place);
  }

  *[Symbol.iterator](): Generator<T> {
    for (const one of this.#all) if (one !== undefined) yield one;
  }
}
