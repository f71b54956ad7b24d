import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';

/** A provider to choose: the id of its connection, and what its button says. */
export interface Choice {
  id: string;
  name: string;
}

/** The other ways to sign in: a button for each provider. */
export const providers = ({ say }: Frame, action: string, choices: readonly Choice[]): Html | false =>
  choices.length > 0 &&
  html`<form method="post" action="${action}" class="stack ways">
${choices.map(({ id, name }) => html`<button name="connection" value="${id}">${say('signin.provider', { name })}</button>`)}
</form>`;
