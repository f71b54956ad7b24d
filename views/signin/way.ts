import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout, passing, strong } from '../layout.ts';

/** A request on its way to a provider. A script sends it; without scripts the button does. */
export const wayPage = (
  frame: Frame,
  { url, fields, name }: { url: string; fields: Readonly<Record<string, string>>; name: string },
): Html => {
  const { say, sendScript } = frame;
  return layout(
    passing(frame),
    say('way.title'),
    html`<h1>${say('way.title')}</h1>
<p>${say('way.to', { name: strong(name) })}</p>
<form method="post" action="${url}">
${Object.entries(fields).map(([field, value]) => html`<input type="hidden" name="${field}" value="${value}">`)}
<button class="primary">${say('page.continue')}</button>
</form>
<script src="${sendScript}" defer></script>`,
  );
};
