import type { Context } from 'koa';
import { readForm } from '../http/form.ts';
import { sameOrigin } from '../http/origin.ts';
import { invalid, problem } from '../kernel/errors.ts';

/** A form that another site made the browser send. */
const foreignForm = problem('foreign_form', 403, () => 'This form was sent from another site, so nothing was done');

/** Throws `foreign_form`. */
export function refuseForeign(ctx: Context): void {
  if (!sameOrigin(ctx)) throw foreignForm();
}

/** The fields of a form. Throws `foreign_form`, and `invalid` for one that is sent twice, since others might read the other one. */
export async function sentForm(ctx: Context): Promise<ReadonlyMap<string, string>> {
  refuseForeign(ctx);
  const form = new Map<string, string>();
  for (const [name, value] of Object.entries(await readForm(ctx))) {
    if (typeof value !== 'string') throw invalid(`The field ${name} was sent more than once`);
    form.set(name, value);
  }
  return form;
}
