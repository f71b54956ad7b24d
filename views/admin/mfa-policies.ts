import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { type Deed, empty, facts, head, more, named, table } from './parts.ts';

/** What a policy of second factors says; what it does not name, it leaves to the others. Times in days. */
export interface PolicyView {
  subject: string;
  href: string;
  secondFactor?: 'off' | 'if-enrolled' | 'required' | undefined;
  level?: '2fa' | 'phr' | undefined;
  grace?: number | undefined;
  remember?: number | undefined;
}

/** What a policy means, in sentences. */
export const policySays = ({ say }: Frame, policy: PolicyView): Html => {
  const { secondFactor, level, grace, remember } = policy;
  const all = [
    secondFactor && say(`console.mfa.second-factor.${secondFactor}`),
    level && say(`console.mfa.level.${level}`),
    grace !== undefined &&
      (grace === 0 ? say('console.mfa.grace.none') : say('console.mfa.grace.days', { days: grace })),
    remember !== undefined &&
      (remember === 0 ? say('console.mfa.remember.never') : say('console.mfa.remember.days', { days: remember })),
  ];
  return html`${all.filter((one) => one instanceof Object).map((one) => html`${one} `)}`;
};

/** For whom a policy is, as people say it. */
export const policyFor = ({ say }: Frame, subject: string): Html => {
  const [, kind, name] = /^(client|role|group|connection|domain):(.+)$/s.exec(subject) ?? [];
  if (kind === undefined) return say('console.mfa.for.default');
  return say(`console.mfa.for.${kind as 'client' | 'role' | 'group' | 'connection' | 'domain'}`, { name });
};

/** The policies of second factors. */
export const policiesContent = (
  frame: Frame,
  list: { all: readonly PolicyView[]; first?: string | undefined; next?: string | undefined },
): Html => {
  const { say } = frame;
  return html`<p>${say('console.mfa.order')}</p>
${table(say('console.settings.second-factors'), {
  columns: [
    { title: say('console.mfa.subject'), cell: ({ href, subject }) => named(href, policyFor(frame, subject), subject) },
    { title: say('console.mfa.says'), cell: (one) => policySays(frame, one) },
  ],
  rows: list.all,
  none: empty(say('console.nothing-found')),
})}
${more(frame, list)}`;
};

/** One policy. */
export const policyContent = (frame: Frame, one: PolicyView, deeds: readonly Deed[]): Html => {
  const { say } = frame;
  return html`${head(policyFor(frame, one.subject), {
    about: html`<code>${one.subject}</code>`,
    deeds,
    up: { href: '/admin/settings/second-factors', text: say('console.settings.second-factors') },
  })}
${facts([
  [
    say('console.mfa.second-factor'),
    one.secondFactor === undefined ? say('console.mfa.left') : say(`console.mfa.second-factor.${one.secondFactor}`),
  ],
  [say('console.mfa.level'), one.level === undefined ? say('console.mfa.left') : say(`console.mfa.level.${one.level}`)],
  [say('console.mfa.grace'), one.grace ?? say('console.mfa.left')],
  [say('console.mfa.remember'), one.remember ?? say('console.mfa.left')],
])}`;
};
