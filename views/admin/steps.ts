import { type Html, html } from '../../src/kernel/html.ts';

/** One thing that came, or one check; all of it was cut and cleaned of secrets before. */
export type StepView =
  | { received: string; values: Readonly<Record<string, string>> }
  | { check: string; passed: boolean; seen?: string | undefined; wanted?: string | undefined };

/** Names with their values; nothing when there are none. */
export const facts = (values: Readonly<Record<string, string>>): Html | false => {
  const all = Object.entries(values);
  return all.length > 0 && html`<dl>${all.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
};

const single = (values: Readonly<Record<string, string>>): string | undefined => {
  const [[name, value] = [], ...more] = Object.entries(values);
  return name === 'value' && more.length === 0 ? value : undefined;
};

function received(what: string, values: Readonly<Record<string, string>>): Html {
  const one = single(values);
  if (one !== undefined) return html`<li class="came"><strong>${what}</strong> ${one}</li>`;
  return html`<li class="came"><details><summary>${what}</summary>${facts(values)}</details></li>`;
}

/** Everything in the order in which it happened. Marks have words for those who do not see them. */
export const stepList = (steps: readonly StepView[]): Html => html`<ol class="checks">
${steps.map((step) => {
  if ('received' in step) return received(step.received, step.values);
  const { check, passed, seen, wanted } = step;
  return html`<li class="${passed ? 'good' : 'bad'}"><span class="said">${passed ? 'Passed: ' : 'Failed: '}</span><strong>${check}</strong>${
    seen !== undefined && html` <span class="seen">${seen}</span>`
  }${wanted !== undefined && html` <span class="seen">(wanted: ${wanted})</span>`}</li>`;
})}
</ol>`;
