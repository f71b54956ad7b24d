import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout, passing } from '../layout.ts';

/** Recovery codes, this once. */
export const codesPage = (frame: Frame, { action, codes }: { action: string; codes: readonly string[] }): Html => {
  const { say, issuer } = frame;
  const file = encodeURIComponent(`${new URL(issuer).host}\n\n${codes.join('\n')}\n`);
  return layout(
    passing(frame),
    say('factor.codes.title'),
    html`<h1>${say('factor.codes.title')}</h1>
<p>${say('factor.codes.what')}</p>
<ol class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ol>
<p><a class="button" download="recovery-codes.txt" href="data:text/plain;charset=utf-8,${file}">${say('factor.codes.download')}</a></p>
<form method="post" action="${action}">
<button class="primary" name="decision" value="continue">${say('factor.codes.kept')}</button>
</form>`,
  );
};

/** What there is to say about recovery codes that are not shown: few are left, or the new ones were shown before. */
export const codesNoticePage = (frame: Frame, { action, left }: { action: string; left: number | undefined }): Html => {
  const { say } = frame;
  const title = say(left === undefined ? 'factor.codes.shown.title' : 'factor.codes.few.title');
  return layout(
    frame,
    title,
    html`<h1>${title}</h1>
<p>${left === undefined ? say('factor.codes.shown') : say('factor.codes.few', { count: left })}</p>
<form method="post" action="${action}" class="stack">
<button class="primary" name="decision" value="renew">${say('factor.codes.renew')}</button>
<button name="decision" value="continue">${say('factor.continue')}</button>
</form>`,
  );
};
