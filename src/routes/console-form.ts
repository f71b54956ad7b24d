import type { Conflict } from '../../views/admin/forms.ts';
import type { Html } from '../kernel/html.ts';
import type { ConsoleVisit } from './console-page.ts';

/** The fields of a form: what is typed in them, or stands there now; after a conflict also where nothing else was typed. */
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
  // Where this person changed nothing, what somebody else did stays. A box that is not ticked is not sent.
  const mine = (name: N): string | undefined => {
    const text = typed.get(name);
    return before !== undefined && (text ?? '').replaceAll('\r\n', '\n') === (before[name] ?? '') ? now[name] : text;
  };
  return {
    value: (name) => mine(name) ?? now[name],
    ticked: (name) => (typed.size > 0 ? mine(name) : now[name]) === 'yes',
    was: goesOnFrom({ typed, problem }, 'was') ?? JSON.stringify(now),
    conflicts:
      before === undefined ? [] : names.flatMap((name) => conflict(labels[name], before[name] ?? '', now[name])),
  };
}

/** The state that a form was made of, which stays the one that it is held against until its conflict was shown. */
export const etagFor = (visit: Pick<ConsoleVisit, 'typed' | 'problem'>, now: string): string =>
  goesOnFrom(visit, 'etag') ?? now;

const goesOnFrom = ({ typed, problem }: Pick<ConsoleVisit, 'typed' | 'problem'>, name: 'was' | 'etag') =>
  problem?.code === 'changed' ? undefined : typed.get(name);

const conflict = (name: Html | undefined, before: unknown, now: string): Conflict[] =>
  name === undefined || before === now ? [] : [{ name, now }];

/** The values that a form carries as `was`; undefined for what is none. */
export function earlier(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
