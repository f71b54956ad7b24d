import { type Html, html } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { badge, type Deed, empty, head, table } from './parts.ts';

/** A key by which we prove ourselves to a provider, or read what it encrypts. Times in seconds. */
export interface ConnectionKeyView {
  kid: string;
  use: 'signing' | 'encryption';
  state: 'current' | 'next' | 'retired';
  from: number;
  until?: number | undefined;
  certificateUntil: number;
}

const tones = { current: 'good', next: 'warn', retired: 'plain' } as const;

/** Our own keys for one connection, and how they stand. */
export const connectionKeysContent = (
  frame: Frame,
  view: {
    title: Html;
    up: Deed;
    deeds: readonly Deed[];
    all: readonly ConnectionKeyView[];
    timeZone?: string | undefined;
  },
): Html => {
  const { say } = frame;
  const at = (seconds: number): Html => moment(frame, seconds * 1000, view.timeZone);
  return html`${head(view.title, { about: say('console.connections.keys.about'), deeds: view.deeds, up: view.up })}
${table(say('console.connections.keys'), {
  columns: [
    {
      title: say('console.keys.kid'),
      cell: ({ kid, use }) => html`${say(`console.connections.keys.use.${use}`)}<code class="id">${kid}</code>`,
    },
    {
      title: say('console.state'),
      cell: ({ state }) => badge(say(`console.connections.keys.state.${state}`), tones[state]),
    },
    { title: say('console.connections.keys.from'), wide: true, cell: ({ from }) => at(from) },
    {
      title: say('console.keys.until'),
      cell: ({ until }) => (until === undefined ? say('console.keys.planned') : at(until)),
    },
    { title: say('console.connections.keys.certificate'), wide: true, cell: (one) => at(one.certificateUntil) },
  ],
  rows: view.all,
  none: empty(say('console.connections.keys.none')),
})}`;
};
