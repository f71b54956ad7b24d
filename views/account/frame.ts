import { type Html, html } from '../../src/kernel/html.ts';
import { brand, documentOf, type Frame, footer } from '../layout.ts';
import type { Key } from '../words.ts';

/** The rooms of the account pages, in the order in which they are listed. */
const rooms = [
  ['/account/profile', 'account.nav.profile'],
  ['/account/password', 'account.nav.password'],
  ['/account/factors', 'account.nav.factors'],
  ['/account/devices', 'account.nav.devices'],
  ['/account/sessions', 'account.nav.sessions'],
  ['/account/applications', 'account.nav.applications'],
  ['/account/providers', 'account.nav.providers'],
  ['/account/history', 'account.nav.history'],
  ['/account/data', 'account.nav.data'],
] as const satisfies readonly (readonly [string, Key])[];

/** The path of a room. */
export type Room = (typeof rooms)[number][0];

/** What a page of the account shows. */
export interface AccountView {
  /** Where one is; a page of several steps belongs to the room that it began in. */
  room: Room;
  /** Who is signed in. */
  account: string;
  title: Html;
  /** The room, beginning with its heading. */
  content: Html;
  /** What was done just now. */
  said?: Html | undefined;
  /** Something is wrong with what was sent. */
  wrong?: boolean | undefined;
}

/** The account pages: all rooms, who is signed in, the way out, and the room itself. */
export const accountFrame = (frame: Frame, { room, account, title, content, said, wrong }: AccountView): Html =>
  documentOf(
    frame,
    wrong ? frame.say('page.error', { title }) : title,
    html`<body class="account">
<a class="skip" href="#content">${frame.say('account.skip')}</a>
<header>
${brand(frame)}
<p class="who"><span>${account}</span> <a class="button" href="/oauth2/logout">${frame.say('account.sign-out')}</a></p>
</header>
<nav class="rooms" aria-label="${frame.say('account.nav')}">
<ul>${rooms.map(([path, key]) => html`<li><a href="${path}"${path === room && html` aria-current="page"`}>${frame.say(key)}</a></li>`)}</ul>
</nav>
<main id="content" tabindex="-1">
${said !== undefined && html`<p class="done" role="status">${said}</p>`}
${content}
</main>
${footer(frame)}
</body>`,
  );

/** A page of one decision: what will happen, with the name of what it happens to, the deed, and a way back. */
export interface Question {
  title: Html;
  /** What happens. */
  sentence: Html;
  action: string;
  /** Hidden fields of the form. */
  fields: Readonly<Record<string, string>>;
  /** What the button does; `danger` when it cannot be undone. */
  deed: Html;
  danger?: boolean;
  back: string;
}

/** Asks before something is done. */
export const question = (frame: Frame, { title, sentence, action, fields, deed, danger, back }: Question): Html =>
  html`<h1>${title}</h1>
<p>${sentence}</p>
<form method="post" action="${action}" class="deeds">
${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button class="${danger ? 'danger' : 'primary'}">${deed}</button>
<a class="button" href="${back}">${frame.say('account.cancel')}</a>
</form>`;

/** A moment, for people in their own time zone and for programs; `at` in milliseconds. */
export const moment = (frame: Frame, at: number, timeZone?: string): Html =>
  html`<time datetime="${new Date(at).toISOString()}">${spelled(frame.tag, at, timeZone)}</time>`;

function spelled(language: string, at: number, timeZone: string | undefined): string {
  const style = { dateStyle: 'medium', timeStyle: 'short' } as const;
  try {
    if (timeZone !== undefined) return new Intl.DateTimeFormat(language, { ...style, timeZone }).format(at);
  } catch {
    // A zone that this machine does not know.
  }
  return `${new Intl.DateTimeFormat(language, { ...style, timeZone: 'UTC' }).format(at)} UTC`;
}
