import { invalid } from '../kernel/errors.ts';
import { segmentsOf } from './request-path.ts';

/** A route of an API, read from `GET /orders/{id} = orders:read`. */
export interface Route {
  /** In capitals; `*` for any. */
  method: string;
  template: string;
  steps: readonly Step[];
  permission: string;
}

/** What a segment of a path is held against: a text, any one segment that is not empty, or all that are left, none too. */
export type Step = { literal: string } | 'one' | 'rest';

const form = /^(\*|[A-Z]{3,10}) +(\/\S*) += +(\S+)$/;
const name = /^\{\w{1,50}\}$/;

/** Throws `invalid`, with a sentence that says what a route looks like. */
export function readRoute(text: string): Route {
  const [, method, template = '', permission = ''] = form.exec(text) ?? [];
  if (method === undefined) {
    throw invalid(
      `The route "${text.slice(0, 110)}" must be METHOD PATH = PERMISSION, such as GET /orders/** = orders:read`,
    );
  }
  const parts = template.slice(1).split('/');
  const steps = parts.map((part, at): Step | undefined => {
    if (part === '**') return at === parts.length - 1 ? 'rest' : undefined;
    if (part === '*' || name.test(part)) return 'one';
    const [literal, ...more] = part === '' && at < parts.length - 1 ? [] : (segmentsOf(`/${part}`) ?? []);
    return literal === undefined || more.length > 0 || /[*{}]/.test(part) ? undefined : { literal };
  });
  if (steps.every((step) => step !== undefined)) return { method, template, steps, permission };
  throw invalid(
    `The path ${template.slice(0, 110)} must consist of names, with * or {name} for one segment and ** at its end for all that follow; no . or .., no // and no ;`,
  );
}

/** The same for two routes that take the same requests: the method, and the path without the names of its segments. */
export const shapeOf = ({ method, steps }: Route): string =>
  JSON.stringify([method, ...steps.map((step) => (typeof step === 'string' ? step : [step.literal]))]);
