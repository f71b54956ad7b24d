import { type Html, html } from '../../src/kernel/html.ts';
import { alert, type Frame, invalid, layout, strong, titled } from '../layout.ts';

/** What the page for somebody shows whom a provider knows and who is connected to nobody here. */
export interface Connect {
  action: string;
  client: string;
  provider: string;
  /** What the provider calls the person. */
  label: string;
  identifier: string | undefined;
  error?: Html | undefined;
}

/** Says what to do: prove the account that the person has here, so that the two can be connected. */
export const connectPage = (frame: Frame, view: Connect): Html => {
  const { action, client, provider, label, identifier, error } = view;
  const { say } = frame;
  return layout(
    frame,
    titled(frame, say('connect.title'), error),
    html`<h1>${say('connect.title')}</h1>
<p class="person"><span>${label}</span> <a href="${action}?restart">${say('signin.not-you')}</a></p>
<p>${say('connect.about', { provider: strong(provider), client: strong(client) })}</p>
<form method="post" action="${action}">
<label for="identifier">${say('connect.email')}</label>
${alert('wrong', error)}
<input id="identifier" name="identifier" type="text" inputmode="email" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required value="${identifier}"${invalid('wrong', error)}>
<label for="password">${say('signin.password')}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="2000" required>
<button class="primary">${say('page.continue')}</button>
</form>
<form method="post" action="${action}" class="stack ways">
<button name="decision" value="cancel">${say('page.back-to', { client })}</button>
</form>`,
  );
};

/** Both sides of a connection that waits for a yes. */
export interface Link {
  action: string;
  client: string;
  provider: string;
  /** Who it is at the provider, and here. */
  label: string;
  account: string;
  /** Whether it may be connected. */
  allowed: boolean;
  /** Whether the address of the account was ever confirmed. */
  confirmed: boolean;
}

const both = ({ say }: Frame, { provider, label, account }: Link): Html => html`<dl class="both">
<dt>${say('link.here')}</dt><dd>${strong(account)}</dd>
<dt>${provider}</dt><dd>${strong(label)}</dd>
</dl>`;

/** Shows both identities and asks whether they are one person; nothing is connected before the answer. */
export const linkPage = (frame: Frame, view: Link): Html => {
  const { action, client, provider, account, allowed, confirmed } = view;
  const { say } = frame;
  const question = html`<h1>${say('link.heading', { provider: strong(provider) })}</h1>
${both(frame, view)}
<p>${say('link.about', { provider })}</p>
<form method="post" action="${action}" class="pair">
<button name="decision" value="link">${say('link.connect')}</button>
<button name="decision" value="skip">${say('link.skip')}</button>
</form>
<p class="hint">${say('link.next', { client, account })}</p>`;
  const refusal = html`<h1>${say('link.refused')}</h1>
${both(frame, view)}
<p role="alert">${say(confirmed ? 'link.foreign' : 'link.unconfirmed', { client, provider })}</p>
<form method="post" action="${action}" class="stack">
<button class="primary" name="decision" value="skip">${say('link.go-on')}</button>
</form>`;
  return layout(
    frame,
    allowed ? say('link.title', { provider }) : say('link.refused.title'),
    allowed ? question : refusal,
  );
};
