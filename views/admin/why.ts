import { type Html, html, type Value } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { type AccessPart, accessHead } from './access.ts';
import { empty, facts, filterChoice, filters, filterText, section, table } from './parts.ts';
import { type ProblemView, problemAlert } from './problem.ts';

/** A permission that somebody holds, and a way by which they do. Times in seconds. */
export interface WhyView {
  permission: string;
  /** Groups, then roles, in the order in which they lead there. */
  path: readonly Value[];
  until?: number | undefined;
  /** The connection whose provider gave it. */
  connection?: string | undefined;
}

/** What somebody may do on an API, with the path for each. */
export function whyTable(
  frame: Frame,
  { why, none, timeZone }: { why: readonly WhyView[]; none: Html; timeZone: string | undefined },
): Html {
  const { say } = frame;
  return table(say('console.people.may'), {
    columns: [
      { title: say('console.people.permission'), cell: ({ permission }) => html`<code>${permission}</code>` },
      {
        title: say('console.people.why'),
        cell: ({ path }) => path.map((step, at) => (at === 0 ? step : html` → ${step}`)),
      },
      {
        title: say('console.people.given-by'),
        wide: true,
        cell: ({ connection }) => connection ?? say('console.people.given-here'),
      },
      {
        title: say('console.overview.until'),
        wide: true,
        cell: ({ until }) => (until === undefined ? '–' : moment(frame, until * 1000, timeZone)),
      },
    ],
    rows: why,
    none,
  });
}

/** What was found of somebody. */
interface Found {
  /** What they are called, with the way to their page. */
  subject: Html;
  why: readonly WhyView[];
  roles: Value;
  groups: Value;
  /** There are more paths than these. */
  more: boolean;
}

/** What the page shows that says why. */
export interface WhyPage {
  open: readonly AccessPart[];
  asked: { subject?: string | undefined; api?: string | undefined; organization?: string | undefined };
  apis: readonly string[];
  organizations: readonly string[] | undefined;
  found?: Found | undefined;
  /** Why nothing was found, in the words of the admin API. */
  problem?: ProblemView | undefined;
  timeZone: string | undefined;
}

/** Why somebody may do what they may: the subject, the API and the organisation stand in the address. */
export function whyContent(frame: Frame, view: WhyPage): Html {
  const { say } = frame;
  const { open, asked, apis, organizations, found, problem, timeZone } = view;
  const choices = (all: readonly string[]) => all.map((one) => [one, one] as const);
  return html`${accessHead(frame, { part: 'why', open })}
${filters(
  frame,
  '/admin/access/why',
  html`${filterText('subject', say('console.access.subject'), asked.subject, 'ada@example.com')}
${
  apis.length > 0
    ? filterChoice('api', say('console.people.api'), { value: asked.api, options: choices(apis) })
    : filterText('api', say('console.people.api'), asked.api)
}
${
  organizations === undefined
    ? filterText('organization', say('console.access.organization'), asked.organization)
    : filterChoice('organization', say('console.access.organization'), {
        value: asked.organization,
        options: [['', say('console.access.everywhere')], ...choices(organizations)],
      })
}`,
)}
${
  problem !== undefined
    ? problemAlert(frame, problem)
    : found === undefined
      ? empty(say('console.access.why.start'))
      : html`${facts([
          [say('console.access.subject'), found.subject],
          [say('console.people.roles'), found.roles],
          [say('console.access.groups'), found.groups],
        ])}
${section(say('console.access.on', { api: asked.api }), whyTable(frame, { why: found.why, none: empty(say('console.people.may-nothing')), timeZone }))}
${found.more && html`<p class="notice">${say('console.access.why.more')}</p>`}`
}`;
}
