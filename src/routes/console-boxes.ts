import { createHash } from 'node:crypto';
import { earlier } from './console-form.ts';
import type { ConsoleVisit } from './console-page.ts';

const field = 'changes';
/** A cookie holds little; what does not fit is ticked again. */
const most = 500;

/** Names of boxes are long, and it is enough to know them again. */
const mark = (name: string): string => createHash('sha256').update(name).digest('base64url').slice(0, 6);

/** The fields of a form of boxes that are kept when a sign-in comes between: for the boxes, those that are not as they were, with `+` where they are ticked now. */
export const keptBoxes = ['id', field] as const;

/** A form of boxes with those fields, made of it and of what it carries as `was`. */
export function condensed(form: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const was = Object.entries(earlier(form.get('was')) ?? {});
  const changed = was
    .filter(([name, value]) => (form.get(name) ?? '') !== value)
    .map(([name]) => `${form.get(name) === 'yes' ? '+' : '-'}${mark(name)}`);
  const text = changed.join(' ');
  return new Map([...form, [field, text.length > most ? '' : text]]);
}

/** The visit with the boxes ticked as they were when a sign-in came between; `now`: all boxes, `yes` where they are ticked. */
export function withKeptBoxes(visit: ConsoleVisit, now: Readonly<Record<string, string>>): ConsoleVisit {
  const { typed, problem } = visit;
  const text = typed.get(field);
  if (text === undefined || problem !== undefined) return visit;
  const changed = new Set(text.split(' '));
  // As it was left, and not the other way round: somebody else may have done the same meanwhile.
  const left = (name: string, value: string): string =>
    changed.has(`+${mark(name)}`) ? 'yes' : changed.has(`-${mark(name)}`) ? '' : value;
  const boxes = Object.entries(now).map(([name, value]) => [name, left(name, value)] as const);
  return visit.again(new Map([...typed, ...boxes]));
}
