import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { moment } from './frame.ts';
import { type Pager, pager, rows } from './rows.ts';

/** A session as its person sees it. Times in seconds. */
export interface SessionView {
  id: string;
  /** What its browser is called, as far as it says. */
  browser: string | undefined;
  ip: string | undefined;
  began: number;
  seen: number | undefined;
  applications: readonly string[];
  current: boolean;
}

/** What a session is called. */
export const sessionName = (frame: Frame, { browser }: Pick<SessionView, 'browser'>): Html =>
  browser === undefined ? frame.say('account.sessions.unknown') : html`${browser}`;

/** Where the person is signed in. */
export const sessionsContent = (
  frame: Frame,
  {
    all,
    others,
    pages,
    timeZone,
  }: { all: readonly SessionView[]; others: boolean; pages: Pager; timeZone: string | undefined },
): Html => html`<h1>${frame.say('account.nav.sessions')}</h1>
<p>${frame.say('account.sessions.about')}</p>
${rows(
  all.map((one) => ({
    name: sessionName(frame, one),
    badge: one.current ? frame.say('account.sessions.current') : undefined,
    facts: [
      frame.say('account.sessions.times', {
        began: moment(frame, one.began * 1000, timeZone),
        seen: moment(frame, (one.seen ?? one.began) * 1000, timeZone),
      }),
      one.ip !== undefined && frame.say('account.sessions.from', { ip: one.ip }),
      one.applications.length > 0 && frame.say('account.sessions.applications', { names: one.applications.join(', ') }),
    ],
    deeds: [
      one.current
        ? { href: '/oauth2/logout', text: frame.say('account.sign-out') }
        : {
            href: `/account/sessions/end?session=${encodeURIComponent(one.id)}`,
            text: frame.say('account.sessions.end'),
          },
    ],
  })),
  frame.say('account.sessions.about'),
)}
${pager(frame, pages)}
${
  others
    ? html`<p class="deeds"><a class="button" href="/account/sessions/end">${frame.say('account.sessions.end-others')}</a></p>`
    : html`<p class="hint">${frame.say('account.sessions.only')}</p>`
}`;
