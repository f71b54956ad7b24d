import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout, strong } from '../layout.ts';

/** Somebody came to the console who administers nothing. */
export const noAdministratorPage = (frame: Frame, account: string): Html =>
  layout(
    frame,
    frame.say('console.refused.title'),
    html`<h1>${frame.say('console.refused.title')}</h1>
<p role="alert">${frame.say('console.refused.sentence', { account: strong(account) })}</p>
<p class="stack"><a class="primary" href="/oauth2/logout">${frame.say('account.sign-out')}</a>
<a class="button" href="/account">${frame.say('console.account')}</a></p>`,
  );
