import { type Html, html } from '../../src/kernel/html.ts';
import { alert, type Frame, invalid, layout, passing, titled } from '../layout.ts';

/** What the page shows on which people ask for a new password. */
export interface Forgot {
  /** The client on whose way they were. */
  client: string | undefined;
  identifier: string | undefined;
  error?: Html | undefined;
}

/** Where people ask for a link. */
export const forgotPage = (frame: Frame, { client, identifier, error }: Forgot): Html => {
  const title = frame.say('reset.forgot.title');
  return layout(
    frame,
    titled(frame, title, error),
    html`<h1>${title}</h1>
<p>${frame.say('reset.forgot.about')}</p>
<form method="post" action="/account/forgot">
${client !== undefined && html`<input type="hidden" name="client" value="${client}">`}
<label for="identifier">${frame.say('reset.identifier')}</label>
${alert('wrong', error)}
<input id="identifier" name="identifier" type="text" inputmode="email" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required autofocus value="${identifier}"${invalid('wrong', error)}>
<button class="primary">${frame.say('reset.forgot.deed')}</button>
</form>`,
  );
};

/** The same for everybody, whether there is such an account or not. */
export const sentPage = (frame: Frame): Html =>
  layout(
    passing(frame),
    frame.say('reset.sent.title'),
    html`<h1>${frame.say('reset.sent.title')}</h1>
<p role="status">${frame.say('reset.sent.sentence')}</p>
<p>${frame.say('reset.sent.advice')}</p>`,
  );

/** No mail is sent here, so there are no links. */
export const noResetsPage = (frame: Frame): Html =>
  layout(
    frame,
    frame.say('reset.none.title'),
    html`<h1>${frame.say('reset.none.title')}</h1>
<p role="alert">${frame.say('reset.none.sentence')}</p>`,
  );
