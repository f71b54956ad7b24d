import { type Html, html } from '../src/kernel/html.ts';
import { type Frame, layout } from './layout.ts';

const discovery = '/.well-known/openid-configuration';

/** What somebody sees who opens the issuer's address. */
export const homePage = (frame: Frame): Html =>
  layout(
    frame,
    'Sign-in service',
    html`<h1>This is a sign-in service</h1>
<p>Applications send you here when you sign in. There is nothing to do on this page: open the application that you want to use.</p>
<h2>For developers</h2>
<dl>
<dt>Issuer</dt><dd><code>${frame.issuer}</code></dd>
<dt>Discovery</dt><dd><a href="${discovery}">${discovery}</a></dd>
</dl>`,
  );
