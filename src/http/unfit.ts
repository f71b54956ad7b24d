import type { z } from 'zod';
import { Problem } from '../kernel/errors.ts';

/** One wrong member: where it is (JSON Pointer, RFC 6901, after `#`) and what to change. */
interface WrongMember {
  pointer: string;
  detail: string;
}

/** Input with wrong members, all of them at once; `errors` as RFC 9457 §3 shows it. */
export class Unfit extends Problem {
  readonly errors: readonly WrongMember[];

  constructor(errors: readonly WrongMember[]) {
    const sentence = errors.map(({ pointer, detail }) => `${pointer.slice(2) || 'the body'} ${detail}`).join('; ');
    super({ code: 'invalid', status: 400, sentence });
    this.name = 'Unfit';
    this.errors = errors;
  }
}

/** What the schema makes of the value; throws Unfit. */
export function fitting<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value, { error: sentence });
  if (result.success) return result.data;
  throw new Unfit(result.error.issues.flatMap(wrongMembers));
}

const wrongMembers = ({ path, message, ...issue }: z.core.$ZodIssue): WrongMember[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ pointer: pointer([...path, key]), detail: 'cannot be set here; leave it out' }))
    : [{ pointer: pointer(path), detail: message }];

const pointer = (path: readonly PropertyKey[]): string =>
  `#${path.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`;

const kinds: Record<string, string> = {
  string: 'a text',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

/** The end of a sentence that begins with the member's name; it never quotes the value. */
function sentence(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') return undefined;
  if (issue.input === undefined) return 'is missing';
  if (issue.code === 'invalid_type') return `must be ${kinds[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `must be ${issue.values.map(String).join(' or ')}`;
  if (issue.code === 'too_small') return bounded(issue.origin, 'at least', Number(issue.minimum));
  if (issue.code === 'too_big') return bounded(issue.origin, 'at most', Number(issue.maximum));
  return 'does not have the right form';
}

function bounded(origin: string, by: 'at least' | 'at most', bound: number): string {
  if (origin === 'array') return `must have ${by} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  if (origin !== 'string') return `must be ${by} ${bound}`;
  return by === 'at least' && bound === 1 ? 'must not be empty' : `must be ${by} ${bound} characters long`;
}
