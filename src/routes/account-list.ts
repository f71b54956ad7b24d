import type { Context } from 'koa';
import type { Pager } from '../../views/account/rows.ts';

/** One page of a list, by the number in its address (`?page=2`), and the ways to the ones beside it. */
export function pageOf<T>(ctx: Context, all: readonly T[], perPage: number): { part: readonly T[]; pages: Pager } {
  const last = Math.max(1, Math.ceil(all.length / perPage));
  const wanted = Number(ctx.query.page);
  const page = Number.isSafeInteger(wanted) ? Math.min(Math.max(1, wanted), last) : 1;
  const at = (number: number) => `${ctx.path}?page=${number}`;
  return {
    part: all.slice((page - 1) * perPage, page * perPage),
    pages: { later: page > 1 ? at(page - 1) : undefined, earlier: page < last ? at(page + 1) : undefined },
  };
}

/** A parameter of an address that was given once. */
export function parameter(ctx: Context, name: string): string | undefined {
  const value = ctx.query[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
