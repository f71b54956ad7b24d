import { z } from 'zod';

const mostItems = 500;

/** Which page of a list is asked for; more than there may be is cut to what there may be. */
export const page = z.strictObject({
  limit: z.coerce
    .number()
    .pipe(z.int().min(1))
    .transform((limit) => Math.min(limit, mostItems))
    .default(100)
    .meta({ description: `How many items, at most ${mostItems}` }),
  cursor: z
    .string()
    .regex(/^[\w-]+$/)
    .transform((cursor) => Buffer.from(cursor, 'base64url').toString())
    .optional()
    .meta({ description: 'The member `next` of the page before' }),
});

/** The schema of a page: `next` is null on the last one. */
export const listOf = <S extends z.ZodType>(item: S) => z.object({ items: z.array(item), next: z.string().nullable() });

/** One page of what `find` gives in the order of ids. */
export async function list<T extends { readonly id: string }>(
  { limit, cursor }: z.output<typeof page>,
  find: (where: { limit: number; after?: string }) => Promise<T[]>,
): Promise<{ items: T[]; next: string | null }> {
  const found = await find({ limit: limit + 1, ...(cursor === undefined ? {} : { after: cursor }) });
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, next: last === undefined ? null : cursorOf(last.id) };
}

const cursorOf = (id: string): string => Buffer.from(id).toString('base64url');

/** So many records are looked through for one page; then it may have fewer items than asked for, and the next goes on. */
const mostRead = 10_000;

/** One page of what `keep` makes of the records that `find` gives in the order of ids; undefined leaves one out. */
export async function sifted<T extends { readonly id: string }, R>(
  { limit, cursor }: z.output<typeof page>,
  find: (where: { limit: number; after?: string }) => Promise<T[]>,
  keep: (one: T) => R | undefined | Promise<R | undefined>,
): Promise<{ items: R[]; next: string | null }> {
  const items: R[] = [];
  let after = cursor;
  for (let read = 0; read < mostRead; read += mostItems) {
    const found = await find({ limit: mostItems, ...(after === undefined ? {} : { after }) });
    for (const one of found) {
      const kept = await keep(one);
      if (kept !== undefined && items.length === limit) return { items, next: cursorOf(after ?? '') };
      if (kept !== undefined) items.push(kept);
      after = one.id;
    }
    if (found.length < mostItems) return { items, next: null };
  }
  return { items, next: cursorOf(after ?? '') };
}
