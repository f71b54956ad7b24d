import { type Html, html, type Value } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';

/** One thing that came, or one check; all of it was cut and cleaned of secrets before. */
export type StepView =
  | { received: string; values: Readonly<Record<string, string>> }
  | { check: string; passed: boolean; seen?: string | undefined; wanted?: string | undefined };

/** Names with their values; nothing when there are none. */
export const facts = (all: readonly (readonly [Value, string])[]): Html | false =>
  all.length > 0 && html`<dl>${all.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

const single = (values: Readonly<Record<string, string>>): string | undefined => {
  const [[name, value] = [], ...more] = Object.entries(values);
  return name === 'value' && more.length === 0 ? value : undefined;
};

function received(what: string, values: Readonly<Record<string, string>>): Html {
  const one = single(values);
  if (one !== undefined) return html`<li class="came"><strong>${what}</strong> ${one}</li>`;
  return html`<li class="came"><details><summary>${what}</summary>${facts(Object.entries(values))}</details></li>`;
}

/**
 * Everything in the order in which it happened, in English: these are the words of the checks, of providers' consoles and of
 * the log. Marks have words for those who do not see them.
 */
export const stepList = ({ say, tag }: Frame, steps: readonly StepView[]): Html => html`<ol class="checks" lang="en">
${steps.map((step) => {
  if ('received' in step) return received(step.received, step.values);
  const { check, passed, seen, wanted } = step;
  return html`<li class="${passed ? 'good' : 'bad'}"><span class="said" lang="${tag}">${say(passed ? 'test.passed' : 'test.failed')} </span><strong>${check}</strong>${
    seen !== undefined && html` <span class="seen">${seen}</span>`
  }${wanted !== undefined && html` <span class="seen">(<span lang="${tag}">${say('test.wanted-was')}</span> ${wanted})</span>`}</li>`;
})}
</ol>`;
