import { problem } from '../kernel/errors.ts';

/** Somebody would give, or come to, more than they may use themselves. */
export const beyond = problem(
  'beyond_own_rights',
  403,
  (what: string) => `This would give ${what}; let somebody do it who holds that and may give it`,
);

const mostNamed = 10;

/** What is lacking, by name, so that nobody learns of it one refusal at a time: at most ten, and how many more there are. */
export function several(names: Iterable<string>): string {
  const all = [...names].sort();
  const named = all.slice(0, mostNamed);
  const rest = all.length - named.length;
  if (rest > 0) return `${named.join(', ')} and ${rest} more`;
  const last = named.pop() ?? '';
  return named.length === 0 ? last : `${named.join(', ')} and ${last}`;
}
