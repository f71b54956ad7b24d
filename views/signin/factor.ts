import { type Html, html } from '../../src/kernel/html.ts';
import { ceremonyForm } from '../ceremony.ts';
import { alert, type Frame, invalid, layout, titled } from '../layout.ts';
import type { Key } from '../words.ts';

type Kind = 'totp' | 'webauthn' | 'recovery-codes';

/** What the page for a second factor shows. */
export interface Factor {
  action: string;
  client: string;
  /** What the person is called. */
  account: string;
  /** The factor to prove now; undefined when there is none that could be proven. */
  kind: Kind | undefined;
  /** For a security key: the options of the ceremony. */
  options?: object | undefined;
  /** The other ones that would do. */
  others: readonly Kind[];
  /** So long the device can be remembered (days); 0 is not at all. */
  rememberDays: number;
  error?: Html | undefined;
}

const useKeys: Record<Kind, Key> = {
  totp: 'factor.use.totp',
  webauthn: 'factor.use.webauthn',
  'recovery-codes': 'factor.use.recovery-codes',
};

/** The person stays visible, with a way out. */
export const personLine = ({ say }: Frame, { action, account }: { action: string; account: string }): Html =>
  html`<p class="person"><span>${account}</span> <a href="${action}?restart">${say('signin.not-you')}</a></p>`;

/** The other factors that would do, and the way back to the application. */
const ways = (
  { say }: Frame,
  { action, client, others }: Factor,
): Html => html`<form method="post" action="${action}" class="stack ways">
${others.map((kind) => html`<a class="button" href="${action}?way=${kind}">${say(useKeys[kind])}</a>`)}
<button name="decision" value="cancel">${say('page.back-to', { client })}</button>
</form>`;

const remember = ({ say }: Frame, { rememberDays, kind }: Factor): Html | false =>
  rememberDays > 0 &&
  kind !== 'recovery-codes' &&
  html`<label class="choice"><input type="checkbox" name="remember" value="on"> ${say('factor.remember', { count: rememberDays })}</label>`;

/** One factor of those that the person has, and the others one click away. Nothing is sent before the person says so. */
export const factorPage = (frame: Frame, view: Factor): Html => {
  const { say } = frame;
  return layout(
    frame,
    titled(frame, say('factor.title'), view.error),
    html`<h1>${say('factor.title')}</h1>
${personLine(frame, view)}
${formOf(frame, view)}
${ways(frame, view)}`,
  );
};

function formOf(frame: Frame, view: Factor): Html {
  const { say } = frame;
  const { action, kind, error, options = {} } = view;
  if (kind === undefined) return html`<p role="alert">${say('factor.stuck')}</p>`;
  if (kind === 'webauthn') {
    const content = html`<p>${say('factor.webauthn.ask')}</p>
${remember(frame, view)}`;
    const button = say('factor.webauthn.go');
    return ceremonyForm(frame, { kind: 'get', action, options, content, button, error });
  }
  return html`<form method="post" action="${action}">
<input type="hidden" name="factor" value="${kind}">
<label for="code">${say(kind === 'totp' ? 'factor.totp.code' : 'factor.recovery.code')}</label>
${alert('wrong', error)}
${kind === 'totp' ? codeField(error) : recoveryField(error)}
${remember(frame, view)}
<button class="primary">${say('factor.continue')}</button>
</form>`;
}

/** A code of an authenticator app. */
export const codeField = (error: Html | undefined): Html =>
  html`<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="20" required autofocus${invalid('wrong', error)}>`;

const recoveryField = (error: Html | undefined): Html =>
  html`<input id="code" name="code" type="text" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="60" required autofocus${invalid('wrong', error)}>`;
