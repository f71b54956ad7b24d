import { type Html, html } from '../src/kernel/html.ts';
import { type Frame, layout } from './layout.ts';

const discovery = '/.well-known/openid-configuration';

/** What somebody sees who opens the issuer's address. */
export const homePage = (frame: Frame): Html => {
  const { issuer, say } = frame;
  return layout(
    frame,
    say('home.title'),
    html`<h1>${say('home.heading')}</h1>
<p>${say('home.about')}</p>
<h2>${say('home.developers')}</h2>
<dl>
<dt>${say('home.issuer')}</dt><dd><code>${issuer}</code></dd>
<dt>${say('home.discovery')}</dt><dd><a href="${discovery}">${discovery}</a></dd>
</dl>`,
  );
};
