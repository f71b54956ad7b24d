import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { once } from './forms.ts';
import { head } from './parts.ts';

/** A page that shows something once: a link or a code, with what to do with it. */
export const onceContent = (
  frame: Frame,
  { title, about, label, value, back }: { title: Html; about: Html; label: Html; value: string; back: string },
): Html => html`${head(title)}
<p class="notice" role="status">${about}</p>
${once(frame, { id: 'given', label, value })}
<p class="deeds"><a class="primary" href="${back}">${frame.say('console.kept')}</a></p>`;
