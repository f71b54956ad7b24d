import { type Html, html } from '../../src/kernel/html.ts';
import { alert, type Frame, invalid, layout } from '../layout.ts';

/** What the page for user name and password of a directory shows. */
export interface Directory {
  action: string;
  client: string;
  /** The connection's name. */
  provider: string;
  identifier: string | undefined;
  error?: string | undefined;
}

/** User name and password of an organisation's own directory. */
export const directoryPage = (frame: Frame, { action, client, provider, identifier, error }: Directory): Html =>
  layout(
    frame,
    `${error === undefined ? '' : 'Error: '}Sign in to ${client}`,
    html`<h1>Sign in to <strong>${client}</strong></h1>
<p class="person"><span>With ${provider}</span> <a href="${action}?restart">Another way</a></p>
<form method="post" action="${action}">
<label for="identifier">User name</label>
${alert('wrong', error)}
<input id="identifier" name="identifier" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required value="${identifier}"${identifier === undefined && html` autofocus`}${invalid('wrong', error)}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="2000" required${identifier !== undefined && html` autofocus`}>
<button class="primary">Sign in</button>
</form>`,
  );
