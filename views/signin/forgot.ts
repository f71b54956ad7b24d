import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';

/** The way to a new password; undefined where none can be sent. */
export const forgotLink = ({ say }: Frame, href: string | undefined): Html | false =>
  href !== undefined && html`<p class="hint"><a href="${href}">${say('reset.forgot.title')}</a></p>`;
