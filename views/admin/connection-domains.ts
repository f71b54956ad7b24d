import { type Html, html } from '../../src/kernel/html.ts';
import { field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { copied } from './connection-wizard.ts';
import { editForm } from './forms.ts';
import { badge, head, table } from './parts.ts';

/** A domain of a connection, the record that proves it, and where something can be done with it. */
export interface DomainView {
  name: string;
  verified: boolean;
  record: { name: string; value: string };
}

/** What can be done with a domain, as addresses. */
export interface DomainPlaces {
  verify(domain: string): string;
  remove(domain: string): string;
}

const record = (frame: Frame, { record: one }: DomainView, at: number): Html => {
  const { say } = frame;
  return html`<span class="id">${say('connect.domains.record-name')}</span>${copied(frame, `record-name-${at}`, one.name, one.name)}
<span class="id">${say('connect.domains.record-value')}</span>${copied(frame, `record-value-${at}`, one.value, one.value)}`;
};

/** The domains of a connection; `places` is missing where nothing can be changed. */
export const domainTable = (frame: Frame, all: readonly DomainView[], places?: DomainPlaces): Html => {
  const { say } = frame;
  return table(say('console.connections.domains'), {
    columns: [
      {
        title: say('console.connections.domain'),
        cell: ({ name, verified }) =>
          html`${name} ${badge(say(`console.connections.domain.${verified ? 'verified' : 'waits'}`), verified ? 'good' : 'warn')}`,
      },
      {
        title: say('console.connections.record'),
        cell: (one) => record(frame, one, all.indexOf(one)),
      },
      ...(places === undefined
        ? []
        : [
            {
              title: say('connect.domains.deeds'),
              cell: ({ name, verified }: DomainView) =>
                html`${!verified && html`<a class="button" href="${places.verify(name)}">${say('connect.domains.verify')}<span class="said"> ${name}</span></a> `}<a class="button danger" href="${places.remove(name)}">${say('connect.domains.remove')}<span class="said"> ${name}</span></a>`,
            },
          ]),
    ],
    rows: all,
    none: html`<p>${say('console.connections.domain.none')}</p>`,
  });
};

/** The domains of a connection, and a form for another one. */
export const domainsContent = (
  frame: Frame,
  view: {
    called: string;
    up: string;
    domains: readonly DomainView[];
    places?: DomainPlaces | undefined;
    typed: string;
  },
): Html => {
  const { say } = frame;
  const { called, up, domains, places, typed } = view;
  return html`${head(say('connect.domains.title', { name: called }), {
    about: say('connect.domains.about'),
    up: { href: up, text: html`${called}` },
  })}
${domainTable(frame, domains, places)}
${
  places !== undefined &&
  editForm(frame, {
    fields: field({
      ...{ name: 'domain', label: say('connect.domains.new'), value: typed, autocomplete: 'off', required: true },
      ...{ maxlength: 253, hint: say('connect.domains.new.hint') },
    }),
    deed: say('connect.domains.add'),
    back: up,
  })
}`;
};
