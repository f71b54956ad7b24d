import { type Html, html, trusted } from '../../src/kernel/html.ts';
import { type Frame, layout, passing, strong } from '../layout.ts';

/** A form of the protocol on its way to somebody else. A script sends it; without scripts the button does. */
export const formPostPage = (frame: Frame, { form, client }: { form: string; client?: string }): Html => {
  const { say, sendScript } = frame;
  return layout(
    passing(frame),
    say('way.title'),
    html`<h1>${say('way.title')}</h1>
<p>${client === undefined ? say('way.on') : say('way.to', { name: strong(client) })}</p>
${trusted(form)}
<button class="primary">${say('page.continue')}</button>
</form>
<script src="${sendScript}" defer></script>`,
  );
};
