import { type Html, html } from '../../src/kernel/html.ts';
import { alert, type Frame, invalid, layout } from '../layout.ts';
import { type Choice, providers } from './providers.ts';

/** What the first page of a sign-in shows. */
export interface Identify {
  action: string;
  client: string;
  /** The address that the field begins with. */
  identifier: string | undefined;
  error?: string | undefined;
  /** Something to know before signing in. */
  notice?: string | undefined;
  /** The providers to choose from. */
  choices: readonly Choice[];
}

/**
 * Who are you: address and password on one page, since most people's browser fills in both at once. An address alone is
 * enough: whose domain has a provider goes on to it.
 */
export const identifyPage = (frame: Frame, view: Identify): Html => {
  const { action, client, identifier, error, notice, choices } = view;
  return layout(
    frame,
    `${error === undefined ? '' : 'Error: '}Sign in to ${client}`,
    html`<h1>Sign in to <strong>${client}</strong></h1>
${notice !== undefined && html`<p class="notice" role="alert">${notice}</p>`}
<form method="post" action="${action}">
<label for="identifier">E-mail address</label>
${alert('wrong', error)}
<input id="identifier" name="identifier" type="text" inputmode="email" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required value="${identifier}"${identifier === undefined && html` autofocus`}${invalid('wrong', error)}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="2000"${identifier !== undefined && html` autofocus`}>
<button class="primary">Sign in</button>
</form>
${providers(action, choices)}`,
  );
};
