import { type Html, html } from '../src/kernel/html.ts';
import { alert, type Frame } from './layout.ts';

/** A form whose answer a security key or a passkey gives (views/assets/webauthn.js). */
export interface Ceremony {
  /** Enrol a new one, ask for a known one, or offer the known ones in the list of a field with `autocomplete="… webauthn"`. */
  kind: 'create' | 'get' | 'conditional';
  action: string;
  /** The options of the ceremony. */
  options: object;
  /** What stands in the form before its button. */
  content?: Html;
  /** What its button says. */
  button: Html;
  error?: Html | undefined;
}

/** The form, with the sentences for what can go wrong in the browser; its button works once the script is there. */
export const ceremonyForm = (frame: Frame, { kind, action, options, content, button, error }: Ceremony): Html =>
  html`<form method="post" action="${action}" data-webauthn="${kind}" data-options="${JSON.stringify(options)}" data-unable="${frame.say('factor.webauthn.unable')}" data-cancelled="${frame.say('factor.webauthn.cancelled')}" data-known="${frame.say('factor.webauthn.known')}" data-failed="${frame.say('factor.webauthn.failed')}">
<input type="hidden" name="response">
<noscript><p class="alert">${frame.say('factor.webauthn.no-script')}</p></noscript>
${alert('ceremony-wrong', error)}
<p class="alert" role="alert" data-alert hidden></p>
${content}
${kind === 'conditional' ? html`<button disabled>${button}</button>` : html`<button class="primary scripted" disabled>${button}</button>`}
</form>
<script type="module" src="${frame.webauthnScript}"></script>`;
