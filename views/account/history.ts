import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { moment } from './frame.ts';
import { pager } from './rows.ts';

/** Something that happened, in a sentence. `at` in milliseconds. */
export interface EventView {
  sentence: Html;
  at: number;
  ip: string | undefined;
  /** Who did it, when it was not the person. */
  by: Html | undefined;
  failure: boolean;
}

/** What happened to the account, newest first. */
export const historyContent = (
  frame: Frame,
  {
    all,
    older,
    newest,
    timeZone,
  }: {
    all: readonly EventView[];
    older?: string | undefined;
    newest?: string | undefined;
    timeZone: string | undefined;
  },
): Html => html`<h1>${frame.say('account.nav.history')}</h1>
<p>${frame.say('account.history.about')}</p>
${
  all.length === 0
    ? html`<p class="none">${frame.say('account.history.none')}</p>`
    : html`<ul class="rows">${all.map(
        ({ sentence, at, ip, by, failure }) => html`
<li><div><span${failure && html` class="failed"`}>${sentence}</span>
<p class="hint">${moment(frame, at, timeZone)}${ip !== undefined && html` · ${ip}`}${by !== undefined && html` · ${by}`}</p></div></li>`,
      )}</ul>`
}
${pager(frame, { earlier: older, later: newest })}`;
