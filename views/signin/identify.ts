import { type Html, html } from '../../src/kernel/html.ts';
import { alert, type Frame, invalid, layout, strong, titled } from '../layout.ts';
import { forgotLink } from './forgot.ts';
import { type Passkey, passkeyForm } from './passkey.ts';
import { type Choice, providers } from './providers.ts';

/** What the first page of a sign-in shows. */
export interface Identify {
  action: string;
  client: string;
  /** The address that the field begins with. */
  identifier: string | undefined;
  error?: Html | undefined;
  /** Something to know before signing in. */
  notice?: Html | undefined;
  /** The providers to choose from. */
  choices: readonly Choice[];
  passkey: Passkey;
  /** Where a forgotten password is set anew. */
  forgot: string | undefined;
}

/**
 * Who are you: address and password on one page, since most people's browser fills in both at once. An address alone is
 * enough: whose domain has a provider goes on to it.
 */
export const identifyPage = (frame: Frame, view: Identify): Html => {
  const { action, client, identifier, error, notice, choices, passkey, forgot } = view;
  const { say } = frame;
  return layout(
    frame,
    titled(frame, say('signin.title', { client }), error),
    html`<h1>${say('signin.title', { client: strong(client) })}</h1>
${notice !== undefined && html`<p class="notice" role="alert">${notice}</p>`}
<form method="post" action="${action}">
<label for="identifier">${say('signin.email')}</label>
${alert('wrong', error)}
<input id="identifier" name="identifier" type="text" inputmode="email" autocomplete="username webauthn" autocapitalize="none" spellcheck="false" maxlength="254" required value="${identifier}"${identifier === undefined && html` autofocus`}${invalid('wrong', error)}>
<label for="password">${say('signin.password')}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="2000"${identifier !== undefined && html` autofocus`}>
<button class="primary">${say('signin.submit')}</button>
</form>
${forgotLink(frame, forgot)}
${passkeyForm(frame, action, passkey)}
${providers(frame, action, choices)}`,
  );
};
