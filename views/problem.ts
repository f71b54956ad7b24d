import { type Html, html } from '../src/kernel/html.ts';
import { type Frame, layout } from './layout.ts';

/** What happened, what to do now, and what support needs to know. */
export interface ProblemView {
  title: Html;
  sentence: Html;
  advice?: Html | undefined;
  /** A way on. */
  link?: { href: string; text: Html } | undefined;
  /** For whoever runs the application: the error's code and what it says. */
  technical?: { code: string; sentence: string } | undefined;
  reference: string;
}

/** A page for everything that does not work. */
export const problemPage = (frame: Frame, view: ProblemView): Html => {
  const { title, sentence, advice, link, technical, reference } = view;
  return layout(
    frame,
    title,
    html`<h1>${title}</h1>
<p role="alert">${sentence}</p>
${advice !== undefined && html`<p>${advice}</p>`}
${link !== undefined && html`<p><a class="primary" href="${link.href}" rel="noreferrer">${link.text}</a></p>`}
<dl>
${technical !== undefined && html`<dt>${frame.say('problem.technical')}</dt><dd lang="en"><code>${technical.code}</code>: ${technical.sentence}</dd>`}
<dt>${frame.say('page.reference')}</dt><dd><code>${reference}</code></dd>
</dl>`,
  );
};
