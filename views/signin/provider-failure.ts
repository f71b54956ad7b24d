import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout } from '../layout.ts';
import type { Choice } from './providers.ts';

/** What the page shows when a sign-in at a provider did not work. */
export interface ProviderFailure {
  action: string;
  client: string;
  connection: Choice;
  /** Trying the same again may help. */
  again: boolean;
  reference: string;
}

/** One sentence for every reason: the browser learns nothing that the audit trail knows. Three ways on. */
export const providerFailurePage = (frame: Frame, view: ProviderFailure): Html => {
  const { action, client, connection, again, reference } = view;
  return layout(
    frame,
    'The sign-in did not work',
    html`<h1>The sign-in with <strong>${connection.name}</strong> did not work</h1>
<p role="alert">${
      again
        ? 'Your organisation’s sign-in could not be confirmed. Try again, or sign in another way.'
        : 'This way to sign in is switched off at the moment. Sign in another way.'
    }</p>
<p>If it happens again, tell whoever runs the sign-in of your organisation the reference below.</p>
<form method="post" action="${action}" class="stack">
${again && html`<button class="primary" name="connection" value="${connection.id}">Try again</button>`}
<a class="button" href="${action}?restart">Sign in another way</a>
<button name="decision" value="cancel">Go back to ${client}</button>
</form>
<dl>
<dt>Reference for support</dt><dd><code>${reference}</code></dd>
</dl>`,
  );
};
