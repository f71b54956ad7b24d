import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout, strong } from '../layout.ts';
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
  const { say } = frame;
  return layout(
    frame,
    say('failure.title'),
    html`<h1>${say('failure.heading', { provider: strong(connection.name) })}</h1>
<p role="alert">${say(again ? 'failure.unconfirmed' : 'failure.switched-off')}</p>
<p>${say('failure.advice')}</p>
<form method="post" action="${action}" class="stack">
${again && html`<button class="primary" name="connection" value="${connection.id}">${say('failure.again')}</button>`}
<a class="button" href="${action}?restart">${say('failure.other-way')}</a>
<button name="decision" value="cancel">${say('page.back-to', { client })}</button>
</form>
<dl>
<dt>${say('page.reference')}</dt><dd><code>${reference}</code></dd>
</dl>`,
  );
};
