import { type Html, html } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { type DomainView, domainList } from './connection-domains.ts';
import { addressFacts } from './connection-wizard.ts';
import { badge, type Deed, empty, facts, head, more, named, section, table } from './parts.ts';

/** A connection as the console shows one. Times in seconds. */
export interface ConnectionView {
  id: string;
  href: string;
  name: string;
  kind: 'oidc' | 'saml' | 'ldap';
  preset: string;
  state: 'enabled' | 'disabled';
  /** The configuration file alone changes it. */
  declared: boolean;
  provision: boolean;
  /** What a second factor at the provider counts here. */
  mfa: string;
  domains: readonly DomainView[];
  /** What the administrator of the provider has to enter there. */
  addresses: Readonly<Record<string, string>>;
  refreshed?: number | undefined;
  validUntil?: number | undefined;
}

const state = ({ say }: Frame, one: ConnectionView): Html =>
  badge(say(`console.connections.state.${one.state}`), one.state === 'enabled' ? 'good' : 'plain');

/** What the list of connections shows. */
export interface ConnectionList {
  all: readonly ConnectionView[];
  /** Where one is added, for whoever may. */
  add?: Deed | undefined;
  /** Where customers are let connect theirs, for whoever may. */
  links?: Deed | undefined;
  first?: string | undefined;
  next?: string | undefined;
}

/** The list of connections. */
export const connectionsContent = (frame: Frame, list: ConnectionList): Html => {
  const { say } = frame;
  return html`${head(say('console.nav.connections'), {
    about: say('console.connections.about'),
    deeds: [...(list.links ? [list.links] : []), ...(list.add && list.all.length > 0 ? [list.add] : [])],
  })}
${table(say('console.nav.connections'), {
  columns: [
    { title: say('console.name'), cell: ({ href, name, id }) => named(href, name, id) },
    { title: say('console.connections.preset'), cell: ({ preset }) => preset },
    { title: say('console.state'), cell: (one) => state(frame, one) },
    {
      title: say('console.connections.domains'),
      wide: true,
      cell: ({ domains }) => domains.map(({ name }) => name).join(', ') || '–',
    },
  ],
  rows: list.all,
  none: empty(say('console.connections.none'), list.add),
})}
${more(frame, list)}`;
};

/** One connection: how it stands, what the provider has to know, and its domains. */
export const connectionContent = (
  frame: Frame,
  one: ConnectionView,
  { deeds, timeZone, events }: { deeds: readonly Deed[]; timeZone: string | undefined; events: Html | false },
): Html => {
  const { say } = frame;
  const at = (seconds: number | undefined) => seconds !== undefined && moment(frame, seconds * 1000, timeZone);
  return html`${head(one.name, {
    badge: state(frame, one),
    about: html`<code>${one.id}</code>`,
    deeds,
    up: { href: '/admin/connections', text: say('console.nav.connections') },
  })}
${one.declared && html`<p class="notice">${say('console.connections.declared')}</p>`}
${facts([
  [say('console.connections.preset'), one.preset],
  [say('console.connections.provision'), say(one.provision ? 'console.yes' : 'console.no')],
  [say('console.connections.mfa'), one.mfa],
  [say('console.connections.refreshed'), at(one.refreshed)],
  [say('console.connections.valid-until'), at(one.validUntil)],
])}
${section(say('console.connections.enter-there'), addressFacts(frame, one.addresses))}
${section(say('console.connections.domains'), domainList(frame, one.domains))}
${events && section(say('console.nav.audit'), events)}`;
};
