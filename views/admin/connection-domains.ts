import { type Html, html } from '../../src/kernel/html.ts';
import { field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { copied } from './connection-wizard.ts';
import { editForm } from './forms.ts';
import { badge, facts, head, section } from './parts.ts';

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

const proofOf = (frame: Frame, { record }: DomainView, at: number): Html => {
  const { say } = frame;
  const [name, value] = [say('connect.domains.record-name'), say('connect.domains.record-value')];
  return facts([
    [name, copied(frame, `record-name-${at}`, record.name, name)],
    [value, copied(frame, `record-value-${at}`, record.value, value)],
  ]);
};

const deedsOf = ({ say }: Frame, { name, verified }: DomainView, places: DomainPlaces): Html =>
  html`<p class="more">${!verified && html`<a class="button" href="${places.verify(name)}">${say('connect.domains.verify')}<span class="said"> ${name}</span></a>`}
<a class="button danger" href="${places.remove(name)}">${say('connect.domains.remove')}<span class="said"> ${name}</span></a></p>`;

/** The domains of a connection, each with the record that proves it; `places` is missing where nothing can be changed. */
export const domainList = (frame: Frame, all: readonly DomainView[], places?: DomainPlaces): Html => {
  const { say } = frame;
  if (all.length === 0) return html`<p>${say('console.connections.domain.none')}</p>`;
  return html`${all.map((one, at) => {
    const word = say(`console.connections.domain.${one.verified ? 'verified' : 'waits'}`);
    return html`<h3>${one.name} ${badge(word, one.verified ? 'good' : 'warn')}</h3>
${proofOf(frame, one, at)}
${places && deedsOf(frame, one, places)}`;
  })}`;
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
${section(say('console.connections.domains'), domainList(frame, domains, places))}
${
  places !== undefined &&
  section(
    say('connect.domains.new'),
    editForm(frame, {
      fields: field({
        ...{
          name: 'domain',
          label: say('console.connections.domain'),
          value: typed,
          autocomplete: 'off',
          required: true,
        },
        ...{ maxlength: 253, hint: say('connect.domains.new.hint') },
      }),
      deed: say('connect.domains.add'),
      back: up,
    }),
  )
}`;
};
