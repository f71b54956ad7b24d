import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import type { Key } from '../words.ts';

/** Why something was not done: its code, and the sentence of the admin API. */
export interface ProblemView {
  code: string;
  message: string;
}

/** What people meet most, in words of their language; with `more`, the English sentence names what it is about. */
const words: Readonly<Record<string, { key: Key; more?: true }>> = {
  acts_for_another: { key: 'console.problem.acts-for-another' },
  beyond_own_rights: { key: 'console.problem.beyond', more: true },
  changed: { key: 'console.problem.changed' },
  invalid: { key: 'console.problem.invalid', more: true },
  last_administrator: { key: 'console.problem.last-administrator' },
  missing: { key: 'console.problem.missing', more: true },
  taken: { key: 'console.problem.taken', more: true },
};

/** Why it was not done, read out at once: in English as the admin API says it. */
export function problemAlert({ say, tag }: Frame, { code, message }: ProblemView): Html {
  const known = Object.hasOwn(words, code) ? words[code] : undefined;
  if (tag === 'en' || known === undefined) return html`<p class="alert" role="alert" lang="en">${message}</p>`;
  return html`<p class="alert" role="alert">${say(known.key)}${known.more && html` <span lang="en">${message}</span>`}</p>`;
}
