import { type Html, html } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { listed } from '../words.ts';
import { type Column, empty, more, table } from './parts.ts';

/** Where somebody is signed in. Times in seconds. */
export interface SessionView {
  who: Html;
  /** The applications that the person went to. */
  where: readonly Html[];
  browser?: string | undefined;
  ip?: string | undefined;
  signedIn: number;
  seen?: number | undefined;
  /** Where it is ended, for those who may. */
  end?: string | undefined;
}

/** Sessions, of a person or at an application. */
export function sessionsContent(
  frame: Frame,
  list: {
    all: readonly SessionView[];
    showsWho: boolean;
    first?: string | undefined;
    next?: string | undefined;
    timeZone: string | undefined;
  },
): Html {
  const { say, tag } = frame;
  const { all, showsWho, timeZone } = list;
  const at = (seconds: number): Html => moment(frame, seconds * 1000, timeZone);
  const who: Column<SessionView>[] = showsWho ? [{ title: say('console.sessions.who'), cell: (one) => one.who }] : [];
  const columns: Column<SessionView>[] = [
    ...who,
    { title: say('console.sessions.signed-in'), cell: ({ signedIn }) => at(signedIn) },
    {
      title: say('console.sessions.where'),
      wide: true,
      cell: ({ where }) => (where.length === 0 ? '–' : listed(tag, where)),
    },
    {
      title: say('console.sessions.browser'),
      wide: true,
      cell: ({ browser = '–', ip }) => html`${browser}${ip !== undefined && html`<span class="id">${ip}</span>`}`,
    },
    { title: say('console.sessions.seen'), wide: true, cell: ({ seen }) => (seen === undefined ? '–' : at(seen)) },
    {
      title: html`<span class="said">${say('console.deeds')}</span>`,
      cell: ({ end }) => end !== undefined && html`<a class="button" href="${end}">${say('console.sessions.end')}</a>`,
    },
  ];
  return html`${table(say('console.sessions'), { columns, rows: all, none: empty(say('console.sessions.none')) })}
${more(frame, list)}`;
}
