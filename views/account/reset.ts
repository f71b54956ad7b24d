import { type Html, html } from '../../src/kernel/html.ts';
import { alert, type Frame, invalid, layout, passing, titled } from '../layout.ts';

/** What the page behind a link shows. */
export interface Reset {
  action: string;
  /** Whose password it is. */
  identifier: string;
  error?: Html | undefined;
}

/** A new password for the one that was forgotten. The field that only password managers see is never sent. */
export const resetPage = (frame: Frame, { action, identifier, error }: Reset): Html => {
  const title = frame.say('reset.title');
  return layout(
    frame,
    titled(frame, title, error),
    html`<h1>${title}</h1>
<p class="person"><span>${identifier}</span></p>
<form method="post" action="${action}">
<input type="text" autocomplete="username" value="${identifier}" hidden readonly>
<label for="password">${frame.say('reset.password')}</label>
<p class="hint" id="hint">${frame.say('reset.hint')}</p>
${alert('wrong', error)}
<input id="password" name="password" type="password" autocomplete="new-password" maxlength="2000" required autofocus${error === undefined ? html` aria-describedby="hint"` : invalid('wrong', error)}>
<button class="primary">${frame.say('reset.deed')}</button>
</form>
<p class="hint">${frame.say('reset.about')}</p>`,
  );
};

/** The link works no more. */
export const resetOverPage = (frame: Frame): Html =>
  layout(
    frame,
    frame.say('reset.over.title'),
    html`<h1>${frame.say('reset.over.title')}</h1>
<p role="alert">${frame.say('reset.over.sentence')}</p>
<p class="stack"><a class="primary" href="/account/forgot">${frame.say('reset.over.deed')}</a></p>`,
  );

/** It is set. Nobody is signed in by it; the way goes on where the person came from. */
export const resetDonePage = (frame: Frame, back: { name: string; href: string } | undefined): Html =>
  layout(
    passing(frame),
    frame.say('reset.done.title'),
    html`<h1>${frame.say('reset.done.title')}</h1>
<p role="status">${frame.say('reset.done.sentence')}</p>
${
  back === undefined
    ? html`<p>${frame.say('reset.done.go-back')}</p>`
    : html`<p class="stack"><a class="primary" href="${back.href}" rel="noreferrer">${frame.say('reset.done.deed', { client: back.name })}</a></p>`
}`,
  );
