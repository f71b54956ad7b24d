import { type Html, html } from '../../src/kernel/html.ts';

/** A provider to choose: the id of its connection, and what its button says. */
export interface Choice {
  id: string;
  name: string;
}

/** The other ways to sign in: a button for each provider. */
export const providers = (action: string, choices: readonly Choice[]): Html | false =>
  choices.length > 0 &&
  html`<form method="post" action="${action}" class="stack ways">
${choices.map(({ id, name }) => html`<button name="connection" value="${id}">Continue with ${name}</button>`)}
</form>`;
