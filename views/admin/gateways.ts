import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import type { Frame } from '../layout.ts';
import { type TrialForm, trialForm } from './gateway-try.ts';
import { badge, type Deed, empty, facts, filters, filterText, head, named, section, table } from './parts.ts';

/** How long what was taken away can still count. */
export interface BoundView {
  until: 'request' | 'seconds' | 'token' | 'cache';
  seconds?: number | undefined;
}

/** A kind of gateway as the console shows one. */
export interface KindView {
  kind: string;
  href: string;
  name: string;
  asks: 'forward-auth' | 'introspection' | 'jwt' | 'sign-in';
  bound: BoundView;
  measured?: { none: number; five?: number | undefined } | undefined;
  /** The tests of this server start it. */
  run: boolean;
}

/** Something that has to change first, and where. */
export interface ObstacleView {
  text: Html;
  way?: Deed;
}

const bound = ({ say }: Frame, { until, seconds = 0 }: BoundView): Html =>
  say(`console.gateways.bound.${until}`, { count: seconds });

const tested = ({ say }: Frame, { run }: KindView): Html =>
  badge(say(`console.gateways.run.${run ? 'yes' : 'no'}`), run ? 'good' : 'plain');

const ways = ['forward-auth', 'introspection', 'jwt', 'sign-in'] as const;

/** All kinds, by the way in which they ask. */
export const gatewaysContent = (frame: Frame, { all, tries }: { all: readonly KindView[]; tries: string }): Html => {
  const { say } = frame;
  return html`${head(say('console.nav.gateways'), {
    about: say('console.gateways.about'),
    deeds: [{ href: tries, text: say('console.gateways.try') }],
  })}
${ways.map((asks) =>
  section(
    say(`console.gateways.asks.${asks}`),
    html`<p>${say(`console.gateways.asks.${asks}.about`)}</p>
${table(say(`console.gateways.asks.${asks}`), {
  columns: [
    { title: say('console.gateways.product'), cell: ({ href, name, kind }) => named(href, name, kind) },
    { title: say('console.gateways.bound'), cell: (one) => bound(frame, one.bound) },
    { title: say('console.gateways.run'), wide: true, cell: (one) => tested(frame, one) },
  ],
  rows: all.filter((one) => one.asks === asks),
  none: empty(say('console.nothing-found')),
})}`,
  ),
)}
<p class="more hint">${say('console.gateways.bound.other-process')}</p>`;
};

/** An application that is, or could be, a gateway. */
interface ClientView {
  id: string;
  name: string;
  href: string;
  lacks: readonly ObstacleView[];
}

/** A configuration that was written. */
export interface WrittenView {
  files: readonly { name: string; text: string; href: string }[];
  apis: readonly string[];
  unrouted: readonly string[];
  standIns: readonly { text: string; by: 'secret' | 'basic' | 'environment' }[];
  bound: BoundView;
  /** Where the application gets another secret. */
  rotate?: string | undefined;
}

/** What the page of a kind shows. */
export interface GatewayView {
  wanted: {
    apis: readonly string[];
    upstream?: string | undefined;
    reach?: string | undefined;
    ca?: string | undefined;
    port?: string | undefined;
    q?: string | undefined;
  };
  /** The audiences to choose from. */
  apis: readonly string[];
  apiLacks: readonly ObstacleView[];
  chosen?: ClientView | undefined;
  fit: readonly ClientView[];
  unfit: readonly ClientView[];
  /** There are more applications than were looked through. */
  more: boolean;
  written?: WrittenView | undefined;
  /** Why nothing was written, in the words of the admin API. */
  refusal?: string | undefined;
  /** Where an application is added. */
  add?: string | undefined;
  issuer: string;
  /** In which time a listener hears of what was taken away (seconds). */
  stream?: { token: number; role: number } | undefined;
  trial: TrialForm;
}

/** One kind: how it asks, what it is for, its configuration, and a trial. */
export const gatewayContent = (frame: Frame, kind: KindView, view: GatewayView): Html => {
  const { say } = frame;
  const { written, stream, issuer } = view;
  return html`${head(kind.name, {
    badge: tested(frame, kind),
    about: say(`console.gateways.asks.${kind.asks}.about`),
    up: { href: '/admin/gateways', text: say('console.nav.gateways') },
  })}
${facts([
  [say('console.gateways.asks'), say(`console.gateways.asks.${kind.asks}`)],
  [say('console.gateways.bound'), bound(frame, written?.bound ?? kind.bound)],
  [say('console.gateways.measured'), measured(frame, kind)],
  [
    say('console.gateways.stream'),
    stream &&
      html`${say('console.gateways.stream.about', { token: stream.token, role: stream.role })}<br><code>GET ${issuer}/gateway/changes</code>`,
  ],
])}
${section(say('console.gateways.for'), form(frame, kind, view))}
${view.refusal !== undefined && html`<p class="alert" role="alert" lang="en">${view.refusal}</p>`}
${written && section(say('console.gateways.configuration'), configuration(frame, written, view.chosen))}
${view.unfit.length > 0 && others(frame, view.unfit)}
${section(say('console.gateways.try'), trialForm(frame, view.trial, view.fit))}`;
};

const measured = ({ say }: Frame, { measured: it }: KindView): Html | undefined =>
  it &&
  (it.five === undefined
    ? say('console.gateways.measured.none', { none: it.none })
    : say('console.gateways.measured.kept', { none: it.none, five: it.five }));

const lacking = (all: readonly ObstacleView[]): Html =>
  html`${all.map(({ text, way }) => html`<p>${text}${way && html` <a href="${way.href}">${way.text}</a>`}</p>`)}`;

function form(frame: Frame, kind: KindView, view: GatewayView): Html {
  const { say } = frame;
  const { apiLacks, chosen, fit, more, wanted } = view;
  return html`${apiLacks.length > 0 && html`<div class="notice">${lacking(apiLacks)}</div>`}
${chosen && chosen.lacks.length > 0 && html`<div class="notice"><p>${say('console.gateways.unfit', { name: chosen.name })}</p>${lacking(chosen.lacks)}</div>`}
${more && filters(frame, kind.href, filterText('q', say('console.applications.q'), wanted.q))}
${
  fit.length === 0
    ? empty(
        say('console.gateways.none-fits'),
        view.add === undefined ? undefined : { href: view.add, text: say('console.applications.add') },
      )
    : fields(frame, kind, view)
}`;
}

function fields(frame: Frame, { href }: KindView, { apis, chosen, fit, wanted }: GatewayView): Html {
  const { say } = frame;
  const address = (name: 'upstream' | 'reach', sample: string): Html =>
    field({
      ...{ name, value: wanted[name], type: 'url', autocomplete: 'off' },
      label: say(`console.gateways.${name}`),
      hint: say(`console.gateways.${name}.hint`, { sample }),
    });
  return html`<form class="edit" action="${href}">${wanted.q !== undefined && html`<input type="hidden" name="q" value="${wanted.q}">`}
${choice({
  name: 'client',
  label: say('console.gateways.client'),
  hint: say('console.gateways.client.hint'),
  value: chosen?.id,
  options: fit.map(({ id, name }) => [id, name === id ? id : `${name} (${id})`] as const),
})}
${apis.length > 0 && choices(frame, apis, wanted.apis)}
${address('upstream', 'http://127.0.0.1:8080')}
<details${[wanted.reach, wanted.ca, wanted.port].some((one) => one !== undefined) && html` open`}><summary>${say('console.gateways.further')}</summary>
${address('reach', frame.issuer)}
${field({ name: 'port', label: say('console.gateways.port'), hint: say('console.gateways.port.hint'), value: wanted.port, autocomplete: 'off', maxlength: 5 })}
${field({ name: 'ca', label: say('console.gateways.ca'), hint: say('console.gateways.ca.hint'), value: wanted.ca, autocomplete: 'off' })}</details>
<p class="deeds"><button class="primary">${say('console.gateways.write')}</button></p></form>`;
}

/** So many APIs are shown at once. */
const few = 8;

const choices = ({ say }: Frame, apis: readonly string[], chosen: readonly string[]): Html =>
  html`<details${(apis.length <= few || chosen.length > 0) && html` open`}><summary>${say('console.gateways.apis')}</summary>
<div role="group" aria-label="${say('console.gateways.apis')}"><p class="hint">${say('console.gateways.apis.hint')}</p>
${apis.map((api) => html`<label class="choice"><input type="checkbox" name="api" value="${api}"${chosen.includes(api) && html` checked`}> <span>${api}</span></label>`)}</div></details>`;

const guards = ({ say }: Frame, apis: readonly string[]): Html => {
  if (apis.length === 0) return say('console.gateways.no-api');
  if (apis.length > few) return say('console.gateways.guards.many', { count: apis.length });
  return say('console.gateways.guards', { apis: apis.join(', ') });
};

function configuration(
  frame: Frame,
  { files, apis, unrouted, standIns, rotate }: WrittenView,
  client: ClientView | undefined,
): Html {
  const { say } = frame;
  const secret = standIns.filter(({ by }) => by !== 'basic');
  const whose = client && html`<a href="${client.href}">${client.name}</a>`;
  return html`<p>${guards(frame, apis)}</p>
${unrouted.length > 0 && html`<p class="notice">${say('console.gateways.unrouted', { apis: unrouted.join(', ') })}</p>`}
${
  standIns.length > 0 &&
  html`<div class="notice">${secret.map(({ text, by }) => html`<p>${say(`console.gateways.stands.${by === 'secret' ? 'secret' : 'environment'}`, { text: code(text), client: whose })}</p>`)}
${standIns.filter(({ by }) => by === 'basic').map(({ text }) => html`<p>${say('console.gateways.stands.basic', { text: code(text), form: code(`${client?.id}:SECRET`) })}</p>`)}
<p>${say('console.gateways.stands.where')}${rotate !== undefined && html` <a href="${rotate}">${say('console.applications.rotate')}</a>`}</p></div>`
}
${files.map(
  (
    { name, text, href },
    at,
  ) => html`<div class="card"><p><code>${name}</code></p><div class="deeds"><button type="button" hidden data-copies="file-${at}" data-done="${say('console.copied')}" data-failed="${say('console.not-copied')}">${say('console.copy')}</button>
<a class="button" href="${href}" download="${name}">${say('console.gateways.download')}</a></div>
<pre lang="en"><code id="file-${at}">${text}</code></pre></div>`,
)}`;
}

const code = (text: Value): Html => html`<code>${text}</code>`;

const others = (frame: Frame, unfit: readonly ClientView[]): Html => {
  const { say } = frame;
  return html`<details><summary>${say('console.gateways.others', { count: unfit.length })}</summary>
${table(say('console.gateways.others', { count: unfit.length }), {
  columns: [
    { title: say('console.name'), cell: ({ href, name, id }) => named(href, name, id) },
    { title: say('console.gateways.lacks'), cell: ({ lacks }) => lacking(lacks) },
  ],
  rows: unfit.slice(0, 50),
  none: html``,
})}</details>`;
};
