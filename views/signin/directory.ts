import { type Html, html } from '../../src/kernel/html.ts';
import { alert, type Frame, invalid, layout, strong, titled } from '../layout.ts';

/** What the page for user name and password of a directory shows. */
export interface Directory {
  action: string;
  client: string;
  /** The connection's name. */
  provider: string;
  identifier: string | undefined;
  error?: Html | undefined;
}

/** User name and password of an organisation's own directory. */
export const directoryPage = (frame: Frame, { action, client, provider, identifier, error }: Directory): Html => {
  const { say } = frame;
  return layout(
    frame,
    titled(frame, say('signin.title', { client }), error),
    html`<h1>${say('signin.title', { client: strong(client) })}</h1>
<p class="person"><span>${say('signin.with', { provider })}</span> <a href="${action}?restart">${say('signin.another-way')}</a></p>
<form method="post" action="${action}">
<label for="identifier">${say('signin.user-name')}</label>
${alert('wrong', error)}
<input id="identifier" name="identifier" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required value="${identifier}"${identifier === undefined && html` autofocus`}${invalid('wrong', error)}>
<label for="password">${say('signin.password')}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="2000" required${identifier !== undefined && html` autofocus`}>
<button class="primary">${say('signin.submit')}</button>
</form>`,
  );
};
