import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { badge, type Column, type Deed, facts, head, more, named, section, table } from './parts.ts';

/** How deliveries go. Times in seconds. */
export interface DeliveryView {
  delivered?: number | undefined;
  failingSince?: number | undefined;
  tries: number;
  next?: number | undefined;
  reason?: string | undefined;
}

/** A receiver of what happens: a webhook, or a stream of security events. */
export interface ReceiverView {
  href: string;
  /** Its address, or the application that listens. */
  name: string;
  id: string;
  /** What it is told of. */
  hears: Html;
  /** Nothing is sent. */
  off: boolean;
  delivery: DeliveryView;
}

const lines = (all: readonly string[]): Html => html`${all.map((one) => html`<div><code>${one}</code></div>`)}`;

/** How it goes, as a word. */
export const deliveryBadge = ({ say }: Frame, { off, delivery }: Pick<ReceiverView, 'off' | 'delivery'>): Html => {
  if (off) return badge(say('console.webhooks.state.off'));
  if (delivery.failingSince !== undefined) return badge(say('console.webhooks.state.failing'), 'bad');
  return delivery.delivered === undefined
    ? badge(say('console.webhooks.state.waits'))
    : badge(say('console.webhooks.state.fine'), 'good');
};

/** A list of receivers. */
export const receiversContent = (
  frame: Frame,
  list: {
    caption: Html;
    all: readonly ReceiverView[];
    none: Html;
    first?: string | undefined;
    next?: string | undefined;
    timeZone: string | undefined;
  },
): Html => {
  const { say } = frame;
  const { caption, all, none, timeZone } = list;
  const columns: Column<ReceiverView>[] = [
    { title: say('console.webhooks.receiver'), cell: ({ href, name, id }) => named(href, name, id) },
    {
      title: say('console.state'),
      cell: (one) =>
        html`${deliveryBadge(frame, one)}${one.delivery.reason !== undefined && html`<span class="id" lang="en">${one.delivery.reason}</span>`}`,
    },
    { title: say('console.webhooks.hears'), wide: true, cell: ({ hears }) => hears },
    {
      title: say('console.webhooks.delivered'),
      wide: true,
      cell: ({ delivery: { delivered } }) =>
        delivered === undefined ? say('console.never') : moment(frame, delivered * 1000, timeZone),
    },
  ];
  return html`${table(caption, { columns, rows: all, none })}
${more(frame, list)}`;
};

/** Something that a receiver has not taken yet. */
export interface UndeliveredView {
  id: string;
  /** ISO 8601. */
  time: string;
  type: string;
}

/** One receiver: how its deliveries go, and what waits for it. */
export const receiverContent = (
  frame: Frame,
  one: ReceiverView,
  more: {
    up: Html;
    deeds: readonly Deed[];
    about: readonly (readonly [Html, Value])[];
    undelivered: readonly UndeliveredView[] | undefined;
    events: Html | false;
    timeZone: string | undefined;
  },
): Html => {
  const { say } = frame;
  const { delivery } = one;
  const { undelivered, events } = more;
  const at = (seconds: number | undefined): Value =>
    seconds !== undefined && moment(frame, seconds * 1000, more.timeZone);
  return html`${head(one.name, {
    badge: deliveryBadge(frame, one),
    about: html`<code>${one.id}</code>`,
    deeds: more.deeds,
    up: { href: '/admin/settings/webhooks', text: more.up },
  })}
${facts([[say('console.webhooks.hears'), one.hears], ...more.about])}
${section(
  say('console.webhooks.deliveries'),
  facts([
    [say('console.webhooks.delivered'), at(delivery.delivered) || say('console.never')],
    [say('console.webhooks.failing-since'), at(delivery.failingSince)],
    [say('console.webhooks.tries'), delivery.tries > 0 && delivery.tries],
    [say('console.reason'), delivery.reason !== undefined && html`<span lang="en">${delivery.reason}</span>`],
    [say('console.webhooks.next'), at(delivery.next)],
  ]),
)}
${
  undelivered !== undefined &&
  section(
    say('console.webhooks.undelivered'),
    table(say('console.webhooks.undelivered'), {
      columns: [
        { title: say('console.audit.type'), cell: ({ type }) => html`<code>${type}</code>` },
        { title: say('console.audit.when'), cell: ({ time }) => moment(frame, Date.parse(time), more.timeZone) },
      ],
      rows: undelivered,
      none: html`<p>${say('console.webhooks.undelivered.none')}</p>`,
    }),
  )
}
${events && section(say('console.nav.audit'), events)}`;
};

/** Types and APIs, each in a line. */
export const heard = (all: readonly string[], otherwise: Html): Html => (all.length === 0 ? otherwise : lines(all));
