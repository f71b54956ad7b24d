import { type Html, html } from '../../src/kernel/html.ts';
import { field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { editForm } from './forms.ts';
import { head } from './parts.ts';

/** Adds a person, who chooses a password by a link. */
export const addPersonContent = (frame: Frame, { email, name }: { email: string; name: string }): Html => {
  const { say } = frame;
  return html`${head(say('console.people.add'), { about: say('console.people.add.about') })}
${editForm(frame, {
  fields: html`${field({ name: 'email', label: say('console.people.email'), value: email, type: 'email', autocomplete: 'off', required: true, maxlength: 254 })}
${field({ name: 'name', label: say('console.name'), value: name, autocomplete: 'off', maxlength: 200 })}`,
  deed: say('console.people.add'),
  back: '/admin/people',
})}`;
};
