import { type Html, html } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { badge, empty, table } from './parts.ts';

/** A signing key. Times in seconds. */
export interface KeyView {
  kid: string;
  alg: string;
  state: 'next' | 'signing' | 'retired';
  from: number;
  until?: number | undefined;
}

const tones = { next: 'warn', signing: 'good', retired: 'plain' } as const;

/** The signing keys that are published. */
export const keysContent = (frame: Frame, all: readonly KeyView[], timeZone: string | undefined): Html => {
  const { say } = frame;
  const at = (seconds: number): Html => moment(frame, seconds * 1000, timeZone);
  return table(say('console.settings.keys'), {
    columns: [
      { title: say('console.keys.kid'), cell: ({ alg, kid }) => html`${alg}<code class="id">${kid}</code>` },
      { title: say('console.state'), cell: ({ state }) => badge(say(`console.keys.state.${state}`), tones[state]) },
      { title: say('console.keys.from'), wide: true, cell: ({ from }) => at(from) },
      {
        title: say('console.keys.until'),
        cell: ({ until }) => (until === undefined ? say('console.keys.planned') : at(until)),
      },
    ],
    rows: all,
    none: empty(say('console.nothing-found')),
  });
};
