import { type Html, html } from '../src/kernel/html.ts';
import { type Frame, layout } from './layout.ts';

/** What happened, what to do now, and what support needs to know. Sentences come without their full stop. */
export interface ProblemView {
  title: string;
  sentence: string;
  advice?: string | undefined;
  /** A way on. */
  link?: { href: string; text: string } | undefined;
  /** For whoever runs the application: the error's code and what it says. */
  technical?: { code: string; sentence: string } | undefined;
  reference: string;
}

/** A page for everything that does not work. */
export const problemPage = (frame: Frame, view: ProblemView): Html =>
  layout(
    frame,
    view.title,
    html`<h1>${view.title}</h1>
<p role="alert">${view.sentence}.</p>
${view.advice !== undefined && html`<p>${view.advice}.</p>`}
${view.link !== undefined && html`<p><a class="primary" href="${view.link.href}" rel="noreferrer">${view.link.text}</a></p>`}
<dl>
${view.technical !== undefined && html`<dt>For whoever runs the application</dt><dd><code>${view.technical.code}</code>: ${view.technical.sentence}</dd>`}
<dt>Reference for support</dt><dd><code>${view.reference}</code></dd>
</dl>`,
  );
