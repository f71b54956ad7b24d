import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';

/** A ceremony of WebAuthn that a form runs (assets/webauthn.js). */
export interface Ceremony {
  kind: 'create' | 'get' | 'conditional';
  /** The options of the browser's call, as JSON. */
  options: object;
}

/** The attributes of its form: what to do, and what to say when it does not work. */
export const ceremonyOf = ({ say }: Frame, { kind, options }: Ceremony): Html =>
  html` data-webauthn="${kind}" data-options="${JSON.stringify(options)}" data-unable="${say('factor.webauthn.unable')}" data-cancelled="${say('factor.webauthn.cancelled')}" data-known="${say('factor.webauthn.known')}" data-failed="${say('factor.webauthn.failed')}"`;

/** What its form holds: the place for the answer, and for what goes wrong in the browser. */
export const answerFields: Html = html`<input type="hidden" name="response">
<p class="alert" data-alert role="alert" hidden></p>`;

/** The script, and a word for whoever has none. */
export const ceremonyScript = ({ say, webauthnScript }: Frame): Html => html`<noscript><p class="notice">${say('factor.webauthn.no-script')}</p></noscript>
<script src="${webauthnScript}" defer></script>`;
