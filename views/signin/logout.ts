import { type Html, html, trusted } from '../../src/kernel/html.ts';
import { type Frame, layout } from '../layout.ts';

const decisions = html`<div class="stack">
<button class="primary" name="decision" value="logout">Sign out</button>
<button name="decision" value="stay">Stay signed in</button>
</div></form>`;

/** Asks whether the session is to end. `form` is the protocol's, with its own protection; the decision goes into it. */
export const logoutPage = (frame: Frame, data: { form: string; client?: string; account?: string }): Html =>
  layout(
    frame,
    'Sign out',
    html`<h1>Sign out?</h1>
${data.account !== undefined && html`<p class="person"><span>${data.account}</span></p>`}
<p>${data.client !== undefined && html`<strong>${data.client}</strong> asks to sign you out. `}You will be signed out here and of the applications that you opened from here.</p>
${trusted(data.form.replace('</form>', () => decisions.toString()))}`,
  );

/** Nothing has changed. */
export const stayPage = (frame: Frame): Html =>
  layout(frame, 'Still signed in', html`<h1>You are still signed in</h1><p>You can close this window now.</p>`);

/** Signed out here, while the provider could not be asked, or did not confirm. */
export const halfSignedOutPage = (frame: Frame, { name, goOn }: { name: string; goOn: string }): Html =>
  layout(
    frame,
    'Signed out here',
    html`<h1>You are signed out here</h1>
<p role="alert">Your session at <strong>${name}</strong> may go on. Sign out there too, above all on a device that others use.</p>
<p class="stack"><a class="button" href="${goOn}">Continue</a></p>`,
  );

/** After signing out. */
export const loggedOutPage = (frame: Frame): Html =>
  layout(
    frame,
    'Signed out',
    html`<h1>You are signed out</h1>
<p>You can close this window now. On a device that others use too, close the whole browser.</p>`,
  );
