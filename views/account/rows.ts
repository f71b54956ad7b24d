import { type Html, html, type Value } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';

/** One thing of a list: what it is, what is known of it, and what can be done with it. */
export interface Row {
  name: Value;
  badge?: Html | undefined;
  facts: readonly Value[];
  /** What does not fit on a line. */
  more?: Html | undefined;
  deeds: readonly { href: string; text: Html }[];
}

/** A list of things, or what stands there when there is none. `name` is read out with each deed. */
export const rows = (all: readonly Row[], none: Html): Html =>
  all.length === 0
    ? html`<p class="none">${none}</p>`
    : html`<ul class="rows">${all.map(
        ({ name, badge, facts, more, deeds }) => html`
<li><div><strong>${name}</strong>${badge !== undefined && html` <em class="badge">${badge}</em>`}
${facts.map((fact) => fact !== undefined && fact !== false && html`<p class="hint">${fact}</p>`)}${more}</div>
${deeds.map(({ href, text }) => html`<a class="button" href="${href}">${text}<span class="said">: ${name}</span></a>`)}</li>`,
      )}</ul>`;

/** The pages before and after this one. */
export interface Pager {
  earlier?: string | undefined;
  later?: string | undefined;
}

/** Ways to the other pages of a list, where there are any. */
export const pager = (frame: Frame, { earlier, later }: Pager): Html | false =>
  (earlier !== undefined || later !== undefined) &&
  html`<p class="deeds">${later !== undefined && html`<a class="button" href="${later}">${frame.say('account.newer')}</a>`}
${earlier !== undefined && html`<a class="button" href="${earlier}">${frame.say('account.older')}</a>`}</p>`;
