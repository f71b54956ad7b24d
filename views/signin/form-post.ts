import { type Html, html, trusted } from '../../src/kernel/html.ts';
import { type Frame, layout, passing } from '../layout.ts';

/** A form of the protocol on its way to somebody else. A script sends it; without scripts the button does. */
export const formPostPage = (frame: Frame, data: { form: string; client?: string }): Html =>
  layout(
    passing(frame),
    'One moment',
    html`<h1>One moment</h1>
<p>You are on your way${data.client !== undefined && html` to <strong>${data.client}</strong>`}.</p>
${trusted(data.form)}
<button class="primary">Continue</button>
</form>
<script src="${frame.sendScript}" defer></script>`,
  );
