import { type Html, html } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import type { ApplicationView } from './applications.ts';
import { area, type Conflict, conflicts, editForm } from './forms.ts';
import { head } from './parts.ts';

/** So many audiences are named. */
const few = 8;

/** What an application may introspect is changed here. */
export function applicationGatewayContent(
  frame: Frame,
  one: ApplicationView,
  {
    values,
    known,
    etag,
    was,
    conflicting,
  }: {
    values: { whose: string; audiences: string; keep: string };
    /** Audiences that there are. */
    known: readonly string[];
    etag: string;
    was: string;
    conflicting: readonly Conflict[];
  },
): Html {
  const { say } = frame;
  return html`${head(say('console.gateways.application', { name: one.name }), { about: say('console.gateways.application.about') })}
${conflicts(frame, conflicting)}
${editForm(frame, {
  etag,
  was,
  fields: html`${choice({
    name: 'whose',
    label: say('console.applications.introspects'),
    value: values.whose,
    options: [
      ['none', say('console.gateways.introspects.none')],
      ['some', say('console.gateways.introspects.some')],
      ['all', say('console.gateways.introspects.all')],
    ],
  })}
${area({ name: 'audiences', label: say('console.gateways.audiences'), value: values.audiences, hint: known.length === 0 || known.length > few ? say('console.lines') : say('console.gateways.audiences.hint', { all: known.join(', ') }) })}
${field({ name: 'keep', label: say('console.gateways.keep'), hint: say('console.gateways.keep.hint'), value: values.keep, autocomplete: 'off', maxlength: 5 })}`,
  deed: say('console.save'),
  back: one.href,
})}`;
}
