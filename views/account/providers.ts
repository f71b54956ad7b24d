import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { moment } from './frame.ts';
import { type Pager, pager, rows } from './rows.ts';

/** An account at a provider that opens this one. Times in seconds. */
export interface ProviderView {
  id: string;
  /** The connection's name. */
  name: string;
  /** What the provider calls the person. */
  label: string;
  since: number;
  used: number;
  /** The person could not sign in without it. */
  only: boolean;
}

/** What the page of providers shows. */
export interface ProvidersView {
  all: readonly ProviderView[];
  pages: Pager;
  /** Connections that can be connected. */
  others: readonly { id: string; name: string }[];
  /** Connecting needs a password and a confirmed address here. */
  mayConnect: boolean;
  timeZone: string | undefined;
}

/** Through whom the person signs in, and through whom they could. */
export const providersContent = (frame: Frame, { all, pages, others, mayConnect, timeZone }: ProvidersView): Html =>
  html`<h1>${frame.say('account.nav.providers')}</h1>
<p>${frame.say('account.providers.about')}</p>
${rows(
  all.map((one) => ({
    name: one.name,
    facts: [
      one.label,
      frame.say('account.providers.times', {
        since: moment(frame, one.since * 1000, timeZone),
        used: moment(frame, one.used * 1000, timeZone),
      }),
      one.only && frame.say('account.providers.only'),
    ],
    deeds: one.only
      ? []
      : [
          {
            href: `/account/providers/disconnect?identity=${encodeURIComponent(one.id)}`,
            text: frame.say('account.providers.disconnect'),
          },
        ],
  })),
  frame.say('account.providers.none'),
)}
${pager(frame, pages)}
${
  others.length > 0 &&
  html`<h2>${frame.say('account.providers.connect')}</h2>
${
  mayConnect
    ? html`<p>${frame.say('account.providers.connect.about')}</p>
<p class="deeds">${others.map(({ id, name }) => html`<a class="button" href="/account/providers/connect?connection=${encodeURIComponent(id)}">${name}</a>`)}</p>`
    : html`<p>${frame.say('account.providers.connect.not-yet')}</p>`
}`
}`;

/** Says why it cannot be disconnected, and what to do first. */
export const onlyWayContent = (frame: Frame, title: Html): Html => html`<h1>${title}</h1>
<p class="alert" role="alert">${frame.say('account.providers.only')}</p>
<p class="deeds"><a class="button" href="/account/password">${frame.say('account.password.set-title')}</a>
<a class="button" href="/account/providers">${frame.say('account.cancel')}</a></p>`;
