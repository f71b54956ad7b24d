import { type Html, html } from '../../src/kernel/html.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { once } from './forms.ts';
import { empty, facts, head, section, table } from './parts.ts';

/** A token of SCIM, of which only times are known (seconds). */
export interface ScimTokenView {
  created: number;
  expires?: number | undefined;
  lastUsed?: number | undefined;
}

/** What is entered at the providers; the names of fields are theirs, in their own language. */
const entered = ({ say }: Frame, address: string): Html => html`${section(
  say('console.scim.entra'),
  facts([
    [say('console.scim.entra.url'), html`<code>${address}</code>`],
    [say('console.scim.entra.token'), say('console.scim.the-token')],
  ]),
)}
${section(
  say('console.scim.okta'),
  facts([
    [say('console.scim.okta.url'), html`<code>${address}</code>`],
    [say('console.scim.okta.id'), html`<code>userName</code>`],
    [say('console.scim.okta.mode'), say('console.scim.okta.header')],
    [say('console.scim.okta.token'), say('console.scim.the-token')],
  ]),
)}`;

/** The tokens with which an organization's provider pushes people and groups, and what it has to know. */
export const scimContent = (
  frame: Frame,
  all: readonly ScimTokenView[],
  { address, timeZone }: { address: string; timeZone: string | undefined },
): Html => {
  const { say } = frame;
  const at = (seconds: number | undefined) => (seconds === undefined ? '–' : moment(frame, seconds * 1000, timeZone));
  return html`<p>${say('console.scim.about')}</p>
${table(say('console.scim.tokens'), {
  columns: [
    { title: say('console.created'), cell: ({ created }) => at(created) },
    {
      title: say('console.last-used'),
      cell: ({ lastUsed }) => (lastUsed === undefined ? say('console.never') : at(lastUsed)),
    },
    { title: say('console.overview.until'), cell: ({ expires }) => at(expires) },
  ],
  rows: all,
  none: empty(say('console.scim.none')),
})}
${entered(frame, address)}`;
};

/** A token that was made just now, with where it is used. */
export const newScimTokenContent = (
  frame: Frame,
  { name, address, token, back }: { name: string; address: string; token: string; back: string },
): Html => html`${head(frame.say('console.scim.new', { name }))}
<p class="notice" role="status">${frame.say('console.once')}</p>
${once(frame, { id: 'scim-address', label: frame.say('console.scim.address'), value: address })}
${once(frame, { id: 'scim-token', label: frame.say('console.scim.token'), value: token })}
${entered(frame, address)}
<p class="deeds"><a class="primary" href="${back}">${frame.say('console.kept')}</a></p>`;
