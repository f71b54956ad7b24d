import { type Html, html, trusted } from '../../src/kernel/html.ts';
import { type Frame, layout, strong } from '../layout.ts';

const decisions = ({ say }: Frame): Html => html`<div class="stack">
<button class="primary" name="decision" value="logout">${say('logout.title')}</button>
<button name="decision" value="stay">${say('logout.stay')}</button>
</div></form>`;

/** Asks whether the session is to end. `form` is the protocol's, with its own protection; the decision goes into it. */
export const logoutPage = (frame: Frame, data: { form: string; client?: string; account?: string }): Html => {
  const { say } = frame;
  const { form, client, account } = data;
  return layout(
    frame,
    say('logout.title'),
    html`<h1>${say('logout.heading')}</h1>
${account !== undefined && html`<p class="person"><span>${account}</span></p>`}
<p>${client !== undefined && html`${say('logout.asked', { client: strong(client) })} `}${say('logout.about')}</p>
${trusted(form.replace('</form>', () => decisions(frame).toString()))}`,
  );
};

/** Nothing has changed. */
export const stayPage = (frame: Frame): Html =>
  layout(
    frame,
    frame.say('logout.stayed.title'),
    html`<h1>${frame.say('logout.stayed')}</h1><p>${frame.say('logout.stayed.about')}</p>`,
  );

/** Signed out here, while the provider could not be asked, or did not confirm. */
export const halfSignedOutPage = (frame: Frame, { name, goOn }: { name: string; goOn: string }): Html =>
  layout(
    frame,
    frame.say('logout.half.title'),
    html`<h1>${frame.say('logout.half')}</h1>
<p role="alert">${frame.say('logout.half.about', { provider: strong(name) })}</p>
<p class="stack"><a class="button" href="${goOn}">${frame.say('page.continue')}</a></p>`,
  );

/** After signing out. */
export const loggedOutPage = (frame: Frame): Html =>
  layout(
    frame,
    frame.say('logout.done.title'),
    html`<h1>${frame.say('logout.done')}</h1>
<p>${frame.say('logout.done.about')}</p>`,
  );
