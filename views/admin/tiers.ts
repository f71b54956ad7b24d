import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { empty, more, named, table } from './parts.ts';

/** An SLA tier. */
export interface TierView {
  id: string;
  /** Where it is changed, for whoever may. */
  href?: string | undefined;
  /** In words. */
  limits: readonly string[];
  excess: 'reject' | 'queue';
  /** In seconds. */
  patience?: number | undefined;
  remove?: string | undefined;
}

/** The SLA tiers. */
export const tiersContent = (
  frame: Frame,
  list: { all: readonly TierView[]; first?: string | undefined; next?: string | undefined },
): Html => {
  const { say } = frame;
  return html`${table(say('console.settings.tiers'), {
    columns: [
      { title: say('console.name'), cell: ({ href, id }) => (href === undefined ? id : named(href, id)) },
      {
        title: say('console.tiers.limits'),
        cell: ({ limits }) =>
          limits.length === 0
            ? say('console.tiers.no-limit')
            : html`<div lang="en">${limits.map((one) => html`<div>${one}</div>`)}</div>`,
      },
      {
        title: say('console.tiers.excess'),
        wide: true,
        cell: ({ excess, patience = 0 }) => say(`console.tiers.excess.${excess}`, { seconds: patience }),
      },
      {
        title: html`<span class="said">${say('console.deeds')}</span>`,
        cell: ({ id, remove }) =>
          remove !== undefined &&
          html`<a class="button danger" href="${remove}">${say('console.tiers.remove.deed')}<span class="said">: ${id}</span></a>`,
      },
    ],
    rows: list.all,
    none: empty(say('console.tiers.none')),
  })}
${more(frame, list)}`;
};
