import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout } from '../layout.ts';

/** The sign-in is too old for what was sent; nothing of it was done, and what was typed is kept. */
export const againPage = (frame: Frame, path: string): Html =>
  layout(
    frame,
    frame.say('account.again.title'),
    html`<h1>${frame.say('account.again.title')}</h1>
<p role="alert">${frame.say('account.again.sentence')}</p>
<p class="stack"><a class="primary" href="${path}">${frame.say('account.again.deed')}</a></p>`,
  );

/** Why a sign-in did not lead to the page. */
export type NotIn = 'denied' | 'unmet' | 'stale' | 'lost' | 'other';

/** No sign-in came of it, or not one that is enough: a deed there wants one of the last so many `minutes`. */
export const notInPage = (frame: Frame, why: NotIn, { path, minutes }: { path: string; minutes: number }): Html =>
  layout(
    frame,
    frame.say(`account.not-in.${why}.title`),
    html`<h1>${frame.say(`account.not-in.${why}.title`)}</h1>
<p role="alert">${frame.say(`account.not-in.${why}.sentence`, { count: minutes })}</p>
<p class="stack"><a class="primary" href="${path}">${frame.say('account.not-in.again')}</a></p>`,
  );
