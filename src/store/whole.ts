import type { Entity } from './port.ts';

const most = 1000;

/** Everything that `find` gives page by page, in the order of ids. */
export async function whole<T extends Entity>(
  find: (page: { limit: number; after?: string }) => Promise<T[]>,
): Promise<T[]> {
  const first = await find({ limit: most });
  if (first.length < most) return first;
  const all = [...first];
  for (;;) {
    const some = await find({ limit: most, after: all.at(-1)?.id ?? '' });
    all.push(...some);
    if (some.length < most) return all;
  }
}
