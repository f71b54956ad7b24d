import { type Html, html } from '../../src/kernel/html.ts';
import { alert, type Frame, invalid, layout, strong, titled } from '../layout.ts';
import { forgotLink } from './forgot.ts';
import { type Passkey, passkeyForm } from './passkey.ts';
import { type Choice, providers } from './providers.ts';

/** What the page for a password shows. */
export interface Password {
  action: string;
  client: string;
  identifier: string;
  error?: Html | undefined;
  /** The provider of the address's domain. */
  choices: readonly Choice[];
  passkey: Passkey;
  /** Where a forgotten password is set anew. */
  forgot: string | undefined;
}

/** The password of somebody who has said who they are. The field that only password managers see is never sent. */
export const passwordPage = (frame: Frame, view: Password): Html => {
  const { action, client, identifier, error, choices, passkey, forgot } = view;
  const { say } = frame;
  return layout(
    frame,
    titled(frame, say('signin.title', { client }), error),
    html`<h1>${say('signin.title', { client: strong(client) })}</h1>
<p class="person"><span>${identifier}</span> <a href="${action}?restart">${say('signin.not-you')}</a></p>
<form method="post" action="${action}">
<input type="text" autocomplete="username" value="${identifier}" hidden readonly>
<label for="password">${say('signin.password')}</label>
${alert('wrong', error)}
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="2000" required autofocus${invalid('wrong', error)}>
<button class="primary">${say('signin.submit')}</button>
</form>
${forgotLink(frame, forgot)}
${passkeyForm(frame, action, passkey)}
${providers(frame, action, choices)}`,
  );
};
