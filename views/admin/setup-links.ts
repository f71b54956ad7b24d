import { type Html, html } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { editForm } from './forms.ts';
import { badge, empty, filterChoice, filters, filterText, head, more, type Tone, table } from './parts.ts';

/** A set-up link as the console shows one; `end`: where it is ended, where it can be. Times in seconds. */
export interface SetupLinkRow {
  id: string;
  note?: string | undefined;
  state: 'open' | 'opened' | 'expired' | 'ended';
  by: Html;
  made: number;
  ends: number;
  end?: string | undefined;
}

type Choices = readonly (readonly [string, string])[] | undefined;

/** The set-up links of one organisation, and the choice of it. */
export interface SetupLinkList {
  choices: Choices;
  organization: string | undefined;
  path: string;
  all: readonly SetupLinkRow[];
  add: string | undefined;
  first?: string | undefined;
  next?: string | undefined;
  timeZone: string | undefined;
}

const tones = { open: 'warn', opened: 'good', expired: 'plain', ended: 'plain' } as const satisfies Record<
  SetupLinkRow['state'],
  Tone
>;

/** The list of set-up links. */
export const setupLinksContent = (frame: Frame, list: SetupLinkList): Html => {
  const { say } = frame;
  const { choices, organization, path, add, timeZone } = list;
  const at = (seconds: number) => moment(frame, seconds * 1000, timeZone);
  const first = add === undefined ? undefined : { href: add, text: say('console.setup-links.add') };
  const pick =
    choices === undefined
      ? filterText('organization', say('console.setup-links.organization'), organization, 'acme')
      : filterChoice('organization', say('console.setup-links.organization'), {
          value: organization,
          options: [['', say('console.setup-links.choose')], ...choices],
        });
  return html`${head(say('console.setup-links'), {
    about: say('console.setup-links.about'),
    deeds: first ? [{ ...first, kind: 'primary' }] : [],
    up: { href: '/admin/connections', text: say('console.nav.connections') },
  })}
${choices?.length !== 1 && filters(frame, path, pick)}
${
  organization !== undefined &&
  table(say('console.setup-links'), {
    columns: [
      {
        title: say('console.setup-links.note'),
        cell: ({ id, note }) => html`${note ?? '–'}<span class="id">${id}</span>`,
      },
      {
        title: say('console.state'),
        cell: ({ state, end }) =>
          html`${badge(say(`console.setup-links.state.${state}`), tones[state])}${end !== undefined && html` <a href="${end}">${say('console.setup-links.end')}</a>`}`,
      },
      { title: say('console.setup-links.by'), wide: true, cell: ({ by, made }) => html`${by}, ${at(made)}` },
      { title: say('console.setup-links.ends'), wide: true, cell: ({ ends }) => at(ends) },
    ],
    rows: list.all,
    none: empty(say('console.setup-links.none'), first),
  })
}
${more(frame, list)}`;
};

/** What a new link is made of. */
export const newSetupLinkContent = (
  frame: Frame,
  { choices, back, ...typed }: { choices: Choices; organization: string; note: string; days: string; back: string },
): Html => {
  const { say } = frame;
  const label = say('console.setup-links.organization');
  return html`${head(say('console.setup-links.add'), { about: say('console.setup-links.about') })}
${editForm(frame, {
  fields: html`${
    choices === undefined
      ? field({ name: 'organization', label, value: typed.organization, autocomplete: 'off', required: true })
      : choice({ name: 'organization', label, value: typed.organization, options: choices })
  }
${field({
  name: 'note',
  label: say('console.setup-links.note'),
  hint: say('console.setup-links.note.hint'),
  ...{ value: typed.note, autocomplete: 'off', maxlength: 200 },
})}
${field({
  name: 'days',
  label: say('console.setup-links.days'),
  hint: say('console.setup-links.days.hint'),
  ...{ value: typed.days, autocomplete: 'off', required: true, maxlength: 2 },
})}`,
  deed: say('console.setup-links.make'),
  back,
})}`;
};
