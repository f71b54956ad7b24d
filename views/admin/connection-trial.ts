import { type Html, html } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { findings, type TestReport } from './connection-test.ts';
import { madeFor } from './forms.ts';
import { badge } from './parts.ts';

/** The last test of a connection, as far as it has come. */
export interface Trial extends Pick<TestReport, 'steps' | 'person' | 'failure' | 'notes'> {
  state: 'waiting' | 'succeeded' | 'failed';
  /** In seconds. */
  began: number;
}

const tones = { waiting: 'warn', succeeded: 'good', failed: 'bad' } as const;

const box = (name: string, label: Html): Html =>
  html`<label class="choice"><input type="checkbox" name="${name}" value="yes"> ${label}</label>`;

/** The third step: a sign-in that ends in a report, in a window of its own, and what the last one has found. */
export const testStep = (
  frame: Frame,
  { action, here, directory, last }: { action: string; here: string; directory: boolean; last?: Trial | undefined },
): Html => {
  const { say } = frame;
  return html`<p>${say('console.connections.test.sentence')}</p>
<form method="post" action="${action}" target="_blank" class="edit">${madeFor(frame)}
${!directory && [box('strong', say('test.ask.strong')), box('fresh', say('test.ask.fresh'))]}
<p class="deeds"><button class="primary">${say('connect.test.deed')}</button>
<a class="button" href="${here}">${say('connect.test.look')}</a></p></form>
${
  last &&
  html`<p class="more">${badge(say(`connect.test.${last.state}`), tones[last.state])} ${moment(frame, last.began * 1000)}</p>
${last.state !== 'waiting' && findings(frame, last)}`
}`;
};
