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
  return { items, next: last === undefined ? null : Buffer.from(last.id).toString('base64url') };
}
