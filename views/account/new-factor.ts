import { type Html, html } from '../../src/kernel/html.ts';
import { ceremonyForm } from '../ceremony.ts';
import { alert, type Frame, invalid } from '../layout.ts';
import { field } from './fields.ts';

const place = '/account/factors';

/** What the page for an authenticator app shows. */
export interface NewTotp {
  /** The key as a picture. */
  image: Html;
  /** The same, base32. */
  secret: string;
  error?: Html | undefined;
}

/** An authenticator app: its key to scan or to type, and the code that proves that it arrived. */
export const totpContent = ({ say }: Frame, { image, secret, error }: NewTotp): Html =>
  html`<h1>${say('account.totp.title')}</h1>
<p>${say('account.totp.scan')}</p>
${image}
<p>${say('account.totp.type')}<br><code class="secret">${(secret.match(/.{1,4}/g) ?? []).join(' ')}</code></p>
<form method="post" action="${place}/totp">
<label for="code">${say('account.totp.code')}</label>
${alert('code-wrong', error)}
<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="20" required${invalid('code-wrong', error)}>
<button class="primary">${say('account.totp.deed')}</button>
</form>`;

/** A security key or passkey, with a name that tells it from others. */
export const passkeyContent = (
  frame: Frame,
  { options, name, error }: { options: object; name: string; error?: Html | undefined },
): Html => {
  const { say } = frame;
  const content = html`${field({ name: 'name', label: say('account.factors.name'), value: name, autocomplete: 'off', maxlength: 60, hint: say('account.passkey.name') })}`;
  return html`<h1>${say('account.passkey.title')}</h1>
<p>${say('account.passkey.about')}</p>
${ceremonyForm(frame, { kind: 'create', action: `${place}/passkey`, options, content, button: say('account.passkey.deed'), error })}`;
};

/** Asks before recovery codes are made, since the ones that were made before are gone then. */
export const codesQuestion = ({ say }: Frame, { left }: { left: number | undefined }): Html =>
  html`<h1>${say('account.codes.title')}</h1>
<p>${say('account.codes.about')}</p>
${left !== undefined && html`<p class="notice">${say('account.codes.replaces', { left })}</p>`}
<form method="post" action="${place}/recovery-codes" class="deeds">
<button class="primary">${say(left === undefined ? 'account.codes.make' : 'account.codes.renew')}</button>
<a class="button" href="${place}">${say('account.cancel')}</a>
</form>`;

/** The codes, this once. `added`: what was set up just now. */
export const codesContent = (
  { say, issuer, codesScript }: Frame,
  { codes, added }: { codes: readonly string[]; added?: Html | undefined },
): Html => {
  const file = encodeURIComponent(`${new URL(issuer).host}\n\n${codes.join('\n')}\n`);
  return html`<h1>${say('account.codes.shown.title')}</h1>
${added !== undefined && html`<p class="done" role="status">${added}</p>`}
<p>${say('account.codes.about')}</p>
<p class="notice">${say('account.codes.once')}</p>
<ol class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ol>
<p class="deeds"><a class="button" download="recovery-codes.txt" href="data:text/plain;charset=utf-8,${file}">${say('account.codes.download')}</a>
<button type="button" data-does="copy" data-done="${say('account.codes.copied')}" data-failed="${say('account.codes.not-copied')}" aria-live="polite" hidden>${say('account.codes.copy')}</button>
<button type="button" data-does="print" hidden>${say('account.codes.print')}</button></p>
<p class="deeds"><a class="primary" href="${place}">${say('account.codes.kept')}</a></p>
<script type="module" src="${codesScript}"></script>`;
};
