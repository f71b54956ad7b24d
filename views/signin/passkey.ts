import { type Html, html } from '../../src/kernel/html.ts';
import { ceremonyForm } from '../ceremony.ts';
import type { Frame } from '../layout.ts';

/** A sign-in by a passkey alone. */
export interface Passkey {
  /** The options of the ceremony; they are the same kind for everybody, whoever was named. */
  options: object;
  error?: Html | undefined;
}

/**
 * Passkeys stand in the list that the browser shows at the first field, and behind a button for whoever does not look there.
 * Without scripts there is nothing to show (style.css).
 */
export const passkeyForm = (frame: Frame, action: string, { options, error }: Passkey): Html =>
  html`<div class="stack ways scripted">
${ceremonyForm(frame, { kind: 'conditional', action, options, button: frame.say('signin.passkey'), error })}
</div>`;
