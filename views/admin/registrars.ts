import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { once } from './forms.ts';
import { badge, type Deed, empty, facts, head, more, named, table } from './parts.ts';

/** A registrar. Times in seconds. */
export interface RegistrarView {
  id: string;
  href: string;
  approve: 'at-once' | 'pending';
  grants: readonly string[];
  scopes: readonly string[];
  redirectHosts: readonly string[];
  pkce: 'required' | 'optional';
  limit: number;
  expires?: number | undefined;
  /** Its credential has ended. */
  ended: boolean;
  created: number;
}

const expiry = (frame: Frame, { expires, ended }: RegistrarView, timeZone: string | undefined): Value => {
  if (expires === undefined) return frame.say('console.never');
  return html`${moment(frame, expires * 1000, timeZone)}${ended && html` ${badge(frame.say('console.overview.ended'), 'bad')}`}`;
};

/** The list of registrars. */
export const registrarsContent = (
  frame: Frame,
  list: {
    all: readonly RegistrarView[];
    first?: string | undefined;
    next?: string | undefined;
    timeZone: string | undefined;
  },
): Html => {
  const { say } = frame;
  return html`${table(say('console.settings.registrars'), {
    columns: [
      { title: say('console.name'), cell: ({ href, id }) => named(href, id) },
      { title: say('console.registrars.approve'), cell: ({ approve }) => say(`console.registrars.approve.${approve}`) },
      { title: say('console.registrars.limit'), wide: true, figures: true, cell: ({ limit }) => limit },
      { title: say('console.registrars.expires'), cell: (one) => expiry(frame, one, list.timeZone) },
    ],
    rows: list.all,
    none: empty(say('console.registrars.none')),
  })}
${more(frame, list)}`;
};

/** One registrar, and what its clients may be. */
export const registrarContent = (
  frame: Frame,
  one: RegistrarView,
  { deeds, events, timeZone }: { deeds: readonly Deed[]; events: Html | false; timeZone: string | undefined },
): Html => {
  const { say } = frame;
  const any = (all: readonly string[]): Value => (all.length === 0 ? say('console.registrars.any') : all.join(', '));
  return html`${head(one.id, {
    deeds,
    up: { href: '/admin/settings/registrars', text: say('console.settings.registrars') },
  })}
${facts([
  [say('console.registrars.approve'), say(`console.registrars.approve.${one.approve}`)],
  [say('console.registrars.limit'), one.limit],
  [say('console.registrars.grants'), any(one.grants)],
  [say('console.registrars.scopes'), any(one.scopes)],
  [say('console.registrars.hosts'), any(one.redirectHosts)],
  [say('console.registrars.pkce'), say(`console.registrars.pkce.${one.pkce}`)],
  [say('console.registrars.expires'), expiry(frame, one, timeZone)],
  [say('console.created'), moment(frame, one.created * 1000, timeZone)],
])}
${events && html`<section class="part"><h2>${say('console.nav.audit')}</h2>${events}</section>`}`;
};

/** A credential that was made just now, as the header that carries it. */
export const newCredentialContent = (
  frame: Frame,
  { name, token, back }: { name: string; token: string; back: string },
): Html => html`${head(frame.say('console.registrars.credential.title', { name }))}
<p class="notice" role="status">${frame.say('console.once')}</p>
${once(frame, { id: 'register-url', label: frame.say('console.registrars.address'), value: `${frame.issuer}/oauth2/register` })}
${once(frame, { id: 'register-header', label: html`<code>Authorization</code>`, value: `Bearer ${token}` })}
<p class="deeds"><a class="primary" href="${back}">${frame.say('console.kept')}</a></p>`;
