import { type Html, html, type Value } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import type { Key } from '../words.ts';
import { carried } from './forms.ts';
import { type Deed, facts, head, named, section, table } from './parts.ts';

/** A kind of provider to choose from. */
export interface ProviderView {
  href: string;
  called: Html;
  protocol: Html;
  needs: Html;
}

/** The four steps of connecting a provider, on one page. */
export interface WizardView {
  title: Html;
  up: Deed;
  badge?: Html | undefined;
  about?: Value;
  deeds: readonly Deed[];
  /** Why nothing here can be changed. */
  notice?: Html | false;
  /** Choose, paste, test, map and switch on. */
  steps: readonly Html[];
}

const steps = ['choose', 'source', 'test', 'rules'] as const;

/** The page with the four steps. */
export const wizardContent = (frame: Frame, view: WizardView): Html => html`${head(view.title, view)}
${view.notice && html`<p class="notice">${view.notice}</p>`}
${steps.map((step, at) => section(html`${at + 1}. ${frame.say(`connect.${step}`)}`, view.steps[at] ?? laterStep(frame)))}`;

/** A step for which it is too early. */
export const laterStep = ({ say }: Frame): Html => html`<p class="hint">${say('connect.later')}</p>`;

/** The kinds of provider that there are. */
export const chooseStep = ({ say }: Frame, all: readonly ProviderView[]): Html =>
  table(say('connect.choose'), {
    columns: [
      { title: say('console.connections.preset'), cell: ({ href, called }) => named(href, called) },
      { title: say('connect.protocol'), wide: true, cell: ({ protocol }) => protocol },
      { title: say('connect.needs'), wide: true, cell: ({ needs }) => needs },
    ],
    rows: all,
    none: html``,
  });

/** Addresses of ours by the names that providers' consoles have for them. */
const places: Readonly<Record<string, Key>> = {
  redirect_uri: 'test.address.redirect',
  logout_uri: 'test.address.logout',
  backchannel_logout_uri: 'test.address.back-channel',
  universal_logout_uri: 'test.address.universal-logout',
  entity_id: 'test.address.entity',
  assertion_consumer_service: 'test.address.acs',
  metadata_url: 'test.address.metadata',
};

/** A value that has to be entered elsewhere, with a button that copies it where scripts run. */
export const copied = ({ say }: Frame, id: string, value: string, label: Value): Html =>
  html`<span class="copied"><code id="${id}">${value}</code> <button type="button" hidden data-copies="${id}" data-done="${say('console.copied')}" data-failed="${say('console.not-copied')}">${say('console.copy')}<span class="said"> ${label}</span></button></span>`;

/** What the provider has to know of us, under the names that its console has for it. */
export const addressFacts = (frame: Frame, addresses: Readonly<Record<string, string>>): Html =>
  facts(
    Object.entries(addresses).map(([place, value]) => {
      const key = places[place];
      const label = key === undefined ? html`${place}` : frame.say(key);
      return [label, copied(frame, `address-${place}`, value, label)] as const;
    }),
  );

/** What was chosen: what has to be entered at the provider, and where there. */
export const chosenStep = (
  frame: Frame,
  view: { called: Html; where: Html; addresses: Readonly<Record<string, string>>; naming?: Html },
): Html => {
  const { say } = frame;
  const { called, where, addresses, naming } = view;
  const known = Object.keys(addresses).length > 0;
  return html`${facts([[say('console.connections.preset'), called]])}
<h3>${say(known ? 'connect.enter-there' : 'connect.there')}</h3>
<p>${where}</p>
${naming}
${known && addressFacts(frame, addresses)}`;
};

/** The name in the addresses of a connection that is not there yet; another one shows others. */
export const namingForm = (
  { say }: Frame,
  { action, preset, id, again }: { action: string; preset: string; id: string; again: string },
): Html => html`<p class="hint" id="id-hint">${say('connect.id.hint')}</p>
<form action="${action}" class="filters">
<input type="hidden" name="preset" value="${preset}">
<div><label for="id">${say('connect.id')}</label><input id="id" name="id" value="${id}" maxlength="50" pattern="[a-z0-9](?:[a-z0-9\\-]*[a-z0-9])?" required autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="id-hint"></div>
<button>${say('connect.id.deed')}</button> <a class="button" href="${again}">${say('connect.other')}</a></form>`;

/** What a form of the wizard carries unseen besides the state that it was made of. */
export const hiddenFields = (
  frame: Frame,
  fields: Readonly<Record<string, string>>,
  state: { etag?: string | undefined; was?: string | undefined },
): Html =>
  html`${carried(frame, state)}${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`;
