import { type Html, html } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { badge, empty, head, named, section, type Tone, table } from './parts.ts';

/** Counts of a time that began at `from` (seconds). */
export interface Slot {
  from: number;
  signIns: number;
  failures: number;
  tokens: number;
}

/** Something that waits for the administrator. */
export interface Waiting {
  href: string;
  name: Html;
  count: number;
  tone: Tone;
}

/** Something that ends; `at` in seconds. */
export interface Ending {
  href: string | undefined;
  what: Html;
  name: string;
  at: number;
  tone: Tone;
  /** How urgent that is, in words. */
  state: Html;
}

/** What the first page shows. */
export interface Overview {
  /** The counts, unless this person may not see them. */
  activity?: { span: 'day' | 'week'; slots: readonly Slot[]; total: Omit<Slot, 'from'> } | undefined;
  waiting: readonly Waiting[];
  endings: readonly Ending[];
  timeZone: string | undefined;
}

const [width, height, gap] = [240, 48, 1];

/** Bars, one for each time, as high as its count; the figures are in the table below. */
function chart(counts: readonly number[], tone: string): Html {
  const most = Math.max(1, ...counts);
  const step = width / counts.length;
  return html`<svg class="chart ${tone}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true" focusable="false">
${counts.map((count, at) => {
  const tall = count === 0 ? 1 : Math.max(3, (count / most) * height);
  return html`<rect x="${(at * step).toFixed(1)}" y="${(height - tall).toFixed(1)}" width="${(step - gap).toFixed(1)}" height="${tall.toFixed(1)}"${count === 0 && html` class="nothing"`}/>`;
})}</svg>`;
}

const figure = (frame: Frame, count: number): string => new Intl.NumberFormat(frame.tag).format(count);

function counts(frame: Frame, { span, slots, total }: NonNullable<Overview['activity']>, timeZone: string | undefined) {
  const { say } = frame;
  const shown = [
    ['signIns', say('console.overview.sign-ins'), 'good'],
    ['failures', say('console.overview.failures'), 'bad'],
    ['tokens', say('console.overview.tokens'), 'accent'],
  ] as const;
  const spans = [
    ['day', '/admin', say('console.overview.day')],
    ['week', '/admin?span=week', say('console.overview.week')],
  ] as const;
  return html`<section class="part" aria-label="${say('console.overview.activity')}">
<div class="head"><h2>${say('console.overview.activity')}</h2>
<p class="switch">${spans.map(([one, href, text]) => html`<a href="${href}"${one === span && html` aria-current="true"`}>${text}</a>`)}</p></div>
<div class="counts">${shown.map(
    ([name, text, tone]) => html`
<div class="card"><p><span>${text}</span> <strong>${figure(frame, total[name])}</strong></p>${chart(
      slots.map((slot) => slot[name]),
      tone,
    )}</div>`,
  )}</div>
<details><summary>${say('console.overview.figures')}</summary>
${table(say('console.overview.activity'), {
  columns: [
    { title: say('console.overview.from'), cell: (slot) => moment(frame, slot.from * 1000, timeZone) },
    ...shown.map(([name, title]) => ({
      title,
      figures: true as const,
      cell: (slot: Slot) => figure(frame, slot[name]),
    })),
  ],
  rows: slots.toReversed(),
  none: html``,
})}</details>
</section>`;
}

const waits = ({ say }: Frame, waiting: readonly Waiting[]): Html =>
  waiting.length === 0
    ? empty(say('console.overview.nothing-waits'))
    : html`<ul class="waiting">${waiting.map(({ href, name, count, tone }) => html`<li><a href="${href}">${name}</a> ${badge(count, tone)}</li>`)}</ul>`;

/** The first page: how much is going on, what waits, and what ends soon. */
export function overviewContent(frame: Frame, { activity, waiting, endings, timeZone }: Overview): Html {
  const { say } = frame;
  return html`${head(say('console.nav.overview'))}
${activity && counts(frame, activity, timeZone)}
${section(say('console.overview.waiting'), waits(frame, waiting))}
${
  endings.length > 0 &&
  section(
    say('console.overview.endings'),
    table(say('console.overview.endings'), {
      columns: [
        {
          title: say('console.overview.what'),
          cell: ({ href, what, name }) =>
            href === undefined ? html`${what}<span class="id">${name}</span>` : named(href, what, name),
        },
        { title: say('console.state'), cell: ({ state, tone }) => badge(state, tone) },
        { title: say('console.overview.until'), wide: true, cell: ({ at }) => moment(frame, at * 1000, timeZone) },
      ],
      rows: endings,
      none: html``,
    }),
  )
}`;
}
