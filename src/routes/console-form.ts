import type { Conflict } from '../../views/admin/forms.ts';
import type { Html } from '../kernel/html.ts';
import type { ConsoleVisit } from './console-page.ts';

/** The fields of a form: what is typed in them, or stands there now. */
export interface Filled<N extends string> {
  value(name: N): string;
  ticked(name: N): boolean;
  /** For the form to carry. */
  was: string;
  /** What somebody else has changed since it was shown, when that is why it was not taken. */
  conflicts: readonly Conflict[];
}

/** A form with what is so now, under the labels of its fields. Ticked is `yes`. */
export function filledForm<N extends string>(
  { typed, problem }: Pick<ConsoleVisit, 'typed' | 'problem'>,
  now: Readonly<Record<N, string>>,
  labels: Readonly<Partial<Record<N, Html>>>,
): Filled<N> {
  const before = problem?.code === 'changed' ? earlier(typed.get('was')) : undefined;
  const names = Object.keys(now) as N[];
  return {
    value: (name) => typed.get(name) ?? now[name],
    // A box that is not ticked is not sent.
    ticked: (name) => (typed.size > 0 ? typed.get(name) : now[name]) === 'yes',
    was: JSON.stringify(now),
    conflicts: before === undefined ? [] : names.flatMap((name) => conflict(labels[name], before[name], now[name])),
  };
}

const conflict = (name: Html | undefined, before: unknown, now: string): Conflict[] =>
  name === undefined || before === now ? [] : [{ name, now }];

function earlier(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
