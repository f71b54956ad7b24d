import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { badge, empty, facts, filterChoice, filters, filterText, head, more, table } from './parts.ts';

/** Something that happened. */
export interface EventView {
  /** The page with all that is known of it. */
  href: string;
  at: string;
  sentence: Html;
  failed: boolean;
  /** Facts by the names that the trail gives them. */
  facts: readonly (readonly [string, string])[];
  ip?: string | undefined;
}

/** A part of a list of events. */
export interface EventList {
  all: readonly EventView[];
  none: Html;
  first?: string | undefined;
  next?: string | undefined;
  timeZone: string | undefined;
}

/** What happened, newest first, as sentences. */
export function eventsContent(frame: Frame, list: EventList): Html {
  const { say } = frame;
  return html`${table(say('console.nav.audit'), {
    columns: [
      {
        title: say('console.audit.what'),
        cell: ({ href, sentence, failed, facts: all }) =>
          html`<span class="sentence">${sentence}</span>${failed && html` ${badge(say('console.audit.failed'), 'bad')}`}
<span class="id">${all.map(([name, value]) => html`${name} ${value} · `)}<a href="${href}">${say('console.audit.raw')}</a></span>`,
      },
      { title: say('console.audit.when'), cell: ({ at }) => moment(frame, Date.parse(at), list.timeZone) },
      { title: say('console.audit.ip'), wide: true, cell: ({ ip }) => ip ?? '–' },
    ],
    rows: list.all,
    none: empty(list.none),
  })}
${more(frame, list)}`;
}

/** What is looked for. */
export interface AuditFilter {
  type?: string | undefined;
  actor?: string | undefined;
  target?: string | undefined;
  outcome?: string | undefined;
  ip?: string | undefined;
  days?: string | undefined;
  asked?: string | undefined;
}

/** The search of the trail. */
export function auditContent(
  frame: Frame,
  list: EventList & { asked: AuditFilter; types: readonly string[]; verify?: string | undefined },
): Html {
  const { say } = frame;
  const { asked, types, verify } = list;
  const deeds = verify === undefined ? [] : [{ href: verify, text: say('console.audit.verify') }];
  return html`${head(say('console.nav.audit'), { about: say('console.audit.about'), deeds })}
${filters(
  frame,
  '/admin/audit',
  html`${filterChoice('type', say('console.audit.type'), { value: asked.type, options: [['', say('console.all')], ...types.map((type) => [type, type] as const)] })}
${filterText('actor', say('console.audit.actor'), asked.actor, 'user:ID')}
${filterText('target', say('console.audit.target'), asked.target, 'role:NAME')}
${filterChoice('outcome', say('console.audit.outcome'), {
  value: asked.outcome,
  options: [
    ['', say('console.all')],
    ['success', say('console.audit.succeeded')],
    ['failure', say('console.audit.failed')],
  ],
})}
${filterChoice('days', say('console.audit.since'), {
  value: asked.days,
  options: [
    ['', say('console.all')],
    ...['1', '7', '30'].map((days) => [days, say('console.audit.days', { count: Number(days) })] as const),
  ],
})}
${filterChoice('asked', say('console.audit.asked'), {
  value: asked.asked,
  options: [
    ['', say('console.audit.asked.hide')],
    ['show', say('console.audit.asked.show')],
  ],
})}`,
)}
${eventsContent(frame, list)}`;
}

/** All that is known of one event, as people read it and as programs do. */
export const eventContent = (
  frame: Frame,
  { event, raw, back, requestId }: { event: EventView; raw: string; back: string; requestId?: string | undefined },
  timeZone: string | undefined,
): Html => {
  const { say } = frame;
  const all: (readonly [Html, Value])[] = [
    [say('console.audit.when'), moment(frame, Date.parse(event.at), timeZone)],
    [say('console.audit.outcome'), say(event.failed ? 'console.audit.failed' : 'console.audit.succeeded')],
    [say('console.audit.ip'), event.ip],
    [
      say('page.reference'),
      requestId === undefined
        ? undefined
        : html`<code>${requestId}</code> · <a href="${back}?request_id=${encodeURIComponent(requestId)}">${say('console.audit.same-request')}</a>`,
    ],
    ...event.facts.map(([name, value]) => [html`<code>${name}</code>`, value] as const),
  ];
  return html`${head(event.sentence, { up: { href: back, text: say('console.nav.audit') } })}
${facts(all)}
<section class="part"><h2>${say('console.audit.raw')}</h2>
<div class="card"><pre><code>${raw}</code></pre></div></section>`;
};

/** What came of verifying the trail. */
export interface Verified {
  whole: boolean;
  events: number;
  unchained: number;
  removed: number;
  findings: readonly string[];
  checkpoint?: string | undefined;
}

/** Says whether every event is there and as it was recorded. */
export const verifiedContent = (frame: Frame, { whole, findings, checkpoint, ...counts }: Verified): Html => {
  const { say } = frame;
  return html`${head(say('console.audit.verify'), { up: { href: '/admin/audit', text: say('console.nav.audit') } })}
<p class="${whole ? 'done' : 'alert'}" role="${whole ? 'status' : 'alert'}">${say(whole ? 'console.audit.whole' : 'console.audit.broken')}</p>
${findings.length > 0 && html`<ul lang="en">${findings.map((one) => html`<li>${one}</li>`)}</ul>`}
${facts([
  [say('console.audit.events'), counts.events],
  [say('console.audit.unchained'), counts.unchained],
  [say('console.audit.removed'), counts.removed],
])}
${checkpoint !== undefined && html`<section class="part"><h2>${say('console.audit.checkpoint')}</h2><p>${say('console.audit.checkpoint.about')}</p><div class="card"><pre><code>${checkpoint}</code></pre></div></section>`}`;
};
