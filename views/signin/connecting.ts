import { type Html, html } from '../../src/kernel/html.ts';
import { alert, type Frame, invalid, layout } from '../layout.ts';

/** What the page for somebody shows whom a provider knows and who is connected to nobody here. */
export interface Connect {
  action: string;
  client: string;
  provider: string;
  /** What the provider calls the person. */
  label: string;
  identifier: string | undefined;
  error?: string | undefined;
}

/** Says what to do: prove the account that the person has here, so that the two can be connected. */
export const connectPage = (frame: Frame, view: Connect): Html => {
  const { action, client, provider, label, identifier, error } = view;
  return layout(
    frame,
    `${error === undefined ? '' : 'Error: '}Connect your account`,
    html`<h1>Connect your account</h1>
<p class="person"><span>${label}</span> <a href="${action}?restart">Not you?</a></p>
<p><strong>${provider}</strong> has confirmed who you are, but this is not connected to an account here yet. Sign in with the account that you have here, and you can connect the two. If you have none, ask whoever runs <strong>${client}</strong> for one.</p>
<form method="post" action="${action}">
<label for="identifier">E-mail address of your account here</label>
${alert('wrong', error)}
<input id="identifier" name="identifier" type="text" inputmode="email" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required value="${identifier}"${invalid('wrong', error)}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="2000" required>
<button class="primary">Continue</button>
</form>
<form method="post" action="${action}" class="stack ways">
<button name="decision" value="cancel">Go back to ${client}</button>
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
  /** The account's address was confirmed, so it may be connected. */
  allowed: boolean;
}

const both = ({ provider, label, account }: Link): Html => html`<dl class="both">
<dt>Your account here</dt><dd><strong>${account}</strong></dd>
<dt>${provider}</dt><dd><strong>${label}</strong></dd>
</dl>`;

/** Shows both identities and asks whether they are one person; nothing is connected before the answer. */
export const linkPage = (frame: Frame, view: Link): Html => {
  const { action, client, provider, account, allowed } = view;
  const question = html`<h1>Connect <strong>${provider}</strong> to your account?</h1>
${both(view)}
<p>From then on, signing in with ${provider} opens this account. Connect them only if both are yours.</p>
<form method="post" action="${action}" class="pair">
<button name="decision" value="link">Connect</button>
<button name="decision" value="skip">Leave apart</button>
</form>
<p class="hint">If you leave them apart, you go on to ${client} as ${account}.</p>`;
  const refusal = html`<h1>This account cannot be connected yet</h1>
${both(view)}
<p role="alert">The e-mail address of your account here was never confirmed. Ask whoever runs ${client} to confirm it, then connect the two.</p>
<form method="post" action="${action}" class="stack">
<button class="primary" name="decision" value="skip">Go on without connecting</button>
</form>`;
  return layout(frame, allowed ? `Connect ${provider}` : 'Not connected', allowed ? question : refusal);
};
