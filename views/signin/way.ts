import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout, passing } from '../layout.ts';

/** A request on its way to a provider. A script sends it; without scripts the button does. */
export const wayPage = (
  frame: Frame,
  { url, fields, name }: { url: string; fields: Readonly<Record<string, string>>; name: string },
): Html =>
  layout(
    passing(frame),
    'One moment',
    html`<h1>One moment</h1>
<p>You are on your way to <strong>${name}</strong>.</p>
<form method="post" action="${url}">
${Object.entries(fields).map(([field, value]) => html`<input type="hidden" name="${field}" value="${value}">`)}
<button class="primary">Continue</button>
</form>
<script src="${frame.sendScript}" defer></script>`,
  );
