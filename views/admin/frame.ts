import { type Html, html } from '../../src/kernel/html.ts';
import { brand, documentOf, type Frame, footer, strong } from '../layout.ts';
import type { Key } from '../words.ts';
import { type ProblemView, problemAlert } from './problem.ts';

/** The rooms of the console, in the order in which they are listed. */
const rooms = [
  ['/admin', 'console.nav.overview'],
  ['/admin/applications', 'console.nav.applications'],
  ['/admin/people', 'console.nav.people'],
  ['/admin/access', 'console.nav.access'],
  ['/admin/connections', 'console.nav.connections'],
  ['/admin/gateways', 'console.nav.gateways'],
  ['/admin/audit', 'console.nav.audit'],
  ['/admin/settings', 'console.nav.settings'],
] as const satisfies readonly (readonly [string, Key])[];

/** The path of a room. */
export type Room = (typeof rooms)[number][0];

/** Whether a room is at this path. */
export const isRoom = (path: string): path is Room => rooms.some(([one]) => one === path);

/** What a page of the console shows. */
export interface ConsoleView {
  /** Where one is. */
  room: Room;
  /** Those that this person may open. */
  rooms: ReadonlySet<Room>;
  /** Who is signed in. */
  account: string;
  /** The organization that they act for, without a name for the whole server; and whether they could choose another. */
  actsFor: { name: string | undefined; others: boolean };
  title: Html;
  /** The page, beginning with its heading. */
  content: Html;
  /** What was done just now. */
  said?: Html | undefined;
  /** Why what was sent was not taken, in the words of the admin API. */
  problem?: ProblemView | undefined;
}

const acting = ({ say }: Frame, { actsFor: { name, others } }: ConsoleView): Html | false =>
  (name !== undefined || others) &&
  html`<p class="hint">${say('console.acting')}: ${strong(name ?? say('console.acting.server'))}${others && html` <a href="/admin/acting">${say('console.acting.change')}</a>`}</p>`;

const rail = (frame: Frame, view: ConsoleView): Html => {
  const { room, rooms: open } = view;
  return html`<nav class="rooms" aria-label="${frame.say('console.nav')}">
${acting(frame, view)}
<ul>${rooms
    .filter(([path]) => open.has(path))
    .map(
      ([path, key]) =>
        html`<li><a href="${path}"${path === room && html` aria-current="page"`}>${frame.say(key)}</a></li>`,
    )}</ul>
</nav>`;
};

const search = (frame: Frame): Html => html`<form action="/admin/search" role="search" class="search">
<label class="said" for="find">${frame.say('console.search')}</label>
<input id="find" name="q" type="search" maxlength="100" autocomplete="off" spellcheck="false" placeholder="${frame.say('console.search.hint')}" aria-keyshortcuts="/">
</form>`;

/** The pages of the console: the rail with all rooms, the search, who is signed in, and the page itself. */
export const consoleFrame = (frame: Frame, view: ConsoleView): Html => {
  const { account, title, content, said, problem } = view;
  return documentOf(
    { ...frame, style: frame.consoleStyle },
    problem === undefined ? title : frame.say('page.error', { title }),
    html`<body class="account console">
<a class="skip" href="#content">${frame.say('account.skip')}</a>
<header>
${brand(frame)}
${search(frame)}
<p class="who"><a href="/account">${account}</a> <a href="/oauth2/logout">${frame.say('account.sign-out')}</a></p>
</header>
${rail(frame, view)}
<main id="content" tabindex="-1">
${said !== undefined && html`<p class="done" role="status">${said}</p>`}
${problem !== undefined && problemAlert(frame, problem)}
${content}
</main>
${footer(frame)}
<script type="module" src="${frame.consoleScript}"></script>
</body>`,
  );
};
