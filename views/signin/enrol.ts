import { type Html, html } from '../../src/kernel/html.ts';
import { ceremonyForm } from '../ceremony.ts';
import { alert, type Frame, invalid, layout, titled } from '../layout.ts';
import { codeField, personLine } from './factor.ts';

interface Enrolling {
  action: string;
  client: string;
  /** What the person is called. */
  account: string;
  /** So many days the person may still go on without; undefined when not. */
  graceDays: number | undefined;
  error?: Html | undefined;
}

/** What the page for a new factor shows. */
export type NewFactor = Enrolling & {
  /** Whether the other kind would do as well. */
  choice: boolean;
} & ({ kind: 'totp'; secret: string; image: Html } | { kind: 'webauthn'; options: object });

/** Later, where that is allowed, and the way back to the application. */
const ways = (
  { say }: Frame,
  { action, client, graceDays }: Enrolling,
  other?: Html | false,
): Html => html`<form method="post" action="${action}" class="stack ways">
${other}
${graceDays !== undefined && html`<button name="decision" value="later">${say('factor.enrol.later')}</button>`}
<button name="decision" value="cancel">${say('page.back-to', { client })}</button>
</form>`;

const whyNow = ({ say }: Frame, { graceDays }: Enrolling): Html =>
  html`<p>${graceDays === undefined ? say('factor.enrol.why') : say('factor.enrol.why-soon', { count: graceDays })}</p>`;

/** A new factor: all that it takes on one page. */
export const enrolPage = (frame: Frame, view: NewFactor): Html => {
  const { say } = frame;
  const { action, choice, kind } = view;
  const other = kind === 'totp' ? 'webauthn' : 'totp';
  const link =
    choice &&
    html`<a class="button" href="${action}?way=${other}">${say(other === 'totp' ? 'factor.enrol.use.totp' : 'factor.enrol.use.webauthn')}</a>`;
  return layout(
    frame,
    titled(frame, say('factor.enrol.title'), view.error),
    html`<h1>${say('factor.enrol.title')}</h1>
${personLine(frame, view)}
${whyNow(frame, view)}
${view.kind === 'totp' ? totpForm(frame, view) : webauthnForm(frame, view)}
${ways(frame, view, link)}`,
  );
};

type Of<K extends NewFactor['kind']> = Extract<NewFactor, { kind: K }>;

const totpForm = (
  { say }: Frame,
  { action, error, image, secret }: Of<'totp'>,
): Html => html`<p>${say('factor.enrol.totp.scan')}</p>
${image}
<p>${say('factor.enrol.totp.type')}<br><code class="secret">${(secret.match(/.{1,4}/g) ?? []).join(' ')}</code></p>
<form method="post" action="${action}">
<input type="hidden" name="factor" value="totp">
<label for="code">${say('factor.enrol.totp.code')}</label>
${alert('wrong', error)}
${codeField(error)}
<button class="primary">${say('factor.continue')}</button>
</form>`;

const webauthnForm = (frame: Frame, { action, error, options }: Of<'webauthn'>): Html => {
  const content = html`<p>${frame.say('factor.enrol.webauthn.ask')}</p>`;
  const button = frame.say('factor.enrol.webauthn.go');
  return ceremonyForm(frame, { kind: 'create', action, options, content, button, error });
};

/** Before somebody of whom only a password is known binds a factor: a code that came on another way. */
export const vouchPage = (frame: Frame, view: Enrolling & { canSend: boolean; sent: boolean }): Html => {
  const { say } = frame;
  const { action, canSend, error, sent } = view;
  return layout(
    frame,
    titled(frame, say('factor.enrol.title'), view.error),
    html`<h1>${say('factor.enrol.title')}</h1>
${personLine(frame, view)}
${whyNow(frame, view)}
<p>${say('factor.vouch.why')}</p>
${sent && html`<p class="notice" role="status">${say('factor.vouch.sent')}</p>`}
<form method="post" action="${action}">
<label for="code">${say('factor.vouch.code')}</label>
${alert('wrong', error)}
<input id="code" name="code" type="text" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" maxlength="60" required autofocus${invalid('wrong', error)}>
<button class="primary">${say('factor.continue')}</button>
</form>
${!canSend && html`<p class="hint">${say('factor.vouch.ask')}</p>`}
${ways(frame, view, canSend && html`<button name="decision" value="send">${say(sent ? 'factor.vouch.send-again' : 'factor.vouch.send')}</button>`)}`,
  );
};
