import { type Html, html } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { area, editForm } from './forms.ts';
import { head } from './parts.ts';

/** What kinds of application there are to choose from. */
export const applicationKinds = ['web', 'browser', 'native', 'service'] as const;

/** Adds an application. */
export const addApplicationContent = (
  frame: Frame,
  { name, kind, redirects }: { name: string; kind: string; redirects: string },
): Html => {
  const { say } = frame;
  return html`${head(say('console.applications.add'), { about: say('console.applications.add.about') })}
${editForm(frame, {
  fields: html`${field({ name: 'name', label: say('console.name'), value: name, autocomplete: 'off', required: true, maxlength: 200, hint: say('console.applications.add.name') })}
${choice({ name: 'kind', label: say('console.search.kind'), value: kind, options: applicationKinds.map((one) => [one, say(`console.applications.kind.${one}`)] as const) })}
${area({ name: 'redirects', label: say('console.applications.redirects'), value: redirects, hint: say('console.applications.add.redirects') })}`,
  deed: say('console.applications.add'),
  back: '/admin/applications',
})}`;
};
