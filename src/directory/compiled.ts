import type { Entity } from '../store/port.ts';

const most = 1000;

/**
 * What is made out of all records that `find` gives, page by page. A cached collection hands out the same lists until
 * something changes, so it is made anew only then, and is never older than what the store says.
 */
export class Compiled<T extends Entity, R> {
  readonly #find: (page: { limit: number; after: string }) => Promise<T[]>;
  readonly #make: (all: readonly T[]) => R;
  #known: { pages: readonly T[][]; made: R } | undefined;

  constructor(find: (page: { limit: number; after: string }) => Promise<T[]>, make: (all: readonly T[]) => R) {
    this.#find = find;
    this.#make = make;
  }

  async get(): Promise<R> {
    const pages: T[][] = [];
    for (let after = ''; ; ) {
      const page = await this.#find({ limit: most, after });
      if (page.length > 0) pages.push(page);
      after = page.at(-1)?.id ?? '';
      if (page.length < most) break;
    }
    const known = this.#known;
    if (known?.pages.length === pages.length && known.pages.every((page, at) => page === pages[at])) return known.made;
    const made = this.#make(pages.flat());
    this.#known = { pages, made };
    return made;
  }
}
