import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { claimWords, permissionWords, scopeWords } from '../signin/words.ts';
import { moment } from './frame.ts';
import { type Pager, pager, rows } from './rows.ts';

/** An application that may use the account. Times in seconds. */
export interface ApplicationView {
  id: string;
  name: string;
  /** The operator's own, which is never asked for consent. */
  firstParty: boolean;
  scopes: readonly string[];
  claims: readonly string[];
  resources: Readonly<Record<string, readonly string[]>>;
  since: number;
  used: number;
}

/** So many permissions are told one by one. */
const told = 12;

function may(frame: Frame, { scopes, claims, resources }: ApplicationView): Html {
  const all = [
    ...scopes.map((scope) => scopeWords(frame.say, scope)),
    ...claims.map((claim) => claimWords(frame.say, claim)),
    ...Object.entries(resources).flatMap(([audience, names]) =>
      names.map((name) => html`${permissionWords(frame.say, name)} (${URL.parse(audience)?.host || audience})`),
    ),
  ];
  const rest = all.length - told;
  return html`<ul>${all.slice(0, told).map((one) => html`<li>${one}</li>`)}${
    rest > 0 && html`<li>${frame.say('account.applications.more', { count: rest })}</li>`
  }</ul>`;
}

/** What applications may do, and since when. */
export const applicationsContent = (
  frame: Frame,
  { all, pages, timeZone }: { all: readonly ApplicationView[]; pages: Pager; timeZone: string | undefined },
): Html => html`<h1>${frame.say('account.nav.applications')}</h1>
<p>${frame.say('account.applications.about')}</p>
${rows(
  all.map((one) => ({
    name: one.name,
    badge: one.firstParty ? frame.say('account.applications.own') : undefined,
    facts: [
      frame.say('account.applications.times', {
        since: moment(frame, one.since * 1000, timeZone),
        used: moment(frame, one.used * 1000, timeZone),
      }),
    ],
    more: may(frame, one),
    deeds: [
      {
        href: `/account/applications/withdraw?client=${encodeURIComponent(one.id)}`,
        text: frame.say('account.applications.withdraw'),
      },
    ],
  })),
  frame.say('account.applications.none'),
)}
${pager(frame, pages)}`;
