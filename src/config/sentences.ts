import type { z } from 'zod';
import { namesUnder } from './settings.ts';

const types: Record<string, string> = {
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'a text (in quotes, where it looks like something else)',
  array: 'a list',
  object: 'a group of settings',
  record: 'a group of names with values',
};

/** What is wrong with a value, as the end of a sentence that begins with its path. It never quotes the value. */
export function sentence(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined && issue.code !== 'unrecognized_keys') return 'is missing';
  if (issue.input === null) return 'is empty: give it a value or remove the line';
  if (issue.code === 'invalid_type') return `must be ${types[issue.expected] ?? issue.expected}`;
  if (issue.code === 'too_small') return bound('least', issue.minimum, issue.origin, issue.inclusive);
  if (issue.code === 'too_big') return bound('most', issue.maximum, issue.origin, issue.inclusive);
  if (issue.code === 'invalid_value') return `must be ${issue.values.map(String).join(' or ')}`;
  if (issue.code === 'invalid_union') return `must be ${issue.errors.flat().map(alternative).join(', or ')}`;
  return 'does not have the right form';
}

const bound = (which: 'least' | 'most', limit: number | bigint, origin: string, inclusive = true): string => {
  if (origin === 'string') return limit === 1 ? 'must not be empty' : `must have at ${which} ${limit} characters`;
  if (!inclusive) return `must be ${which === 'least' ? 'greater' : 'less'} than ${limit}`;
  return `must be at ${which} ${limit}`;
};

const alternative = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'invalid_value') return issue.values.map(String).join(' or ');
  return issue.code === 'invalid_type' ? (types[issue.expected] ?? issue.expected) : 'something else';
};

/** For a name that is no setting at this path: the one that was probably meant. */
export function unknownName(path: readonly PropertyKey[], name: string): string {
  const known = namesUnder(path);
  const meant = known.find((other) => distance(other.toLowerCase(), name.toLowerCase()) <= 2);
  if (meant !== undefined) return `is not a setting; did you mean ${meant}?`;
  return known.length === 0
    ? 'is not a setting: remove it'
    : `is not a setting: remove it; known here are ${known.join(', ')}`;
}

/** Edits between two words (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const [left = 0, above = 0, corner = 0] = [next[j], row[j + 1], row[j]];
      next.push(Math.min(left + 1, above + 1, corner + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
