import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout, strong } from '../layout.ts';
import { backWords, claimWords, permissionWords, scopeWords, siteWords } from './words.ts';

/** What a client asks a person for. */
export interface ConsentRequest {
  action: string;
  client: {
    id: string;
    name: string;
    homePage: string | undefined;
    policy: string | undefined;
    terms: string | undefined;
  };
  /** The client was registered by itself, under a name it chose. */
  unverified: boolean;
  account: string;
  scopes: readonly string[];
  claims: readonly string[];
  /** Permissions by API. */
  resources: Readonly<Record<string, readonly string[]>>;
  redirectUri: string;
  /** The answer is not remembered, because anybody could pretend to be this client. */
  eachTime: boolean;
}

const list = (entries: readonly Html[]): Html | false =>
  entries.length > 0 && html`<ul>${entries.map((entry) => html`<li>${entry}</li>`)}</ul>`;

/** An audience is an address or a name; people know the short form. */
const apiName = (audience: string): string => {
  const url = URL.parse(audience);
  return url?.host ? `${url.host}${url.pathname.replace(/\/$/, '')}` : audience;
};

const unverifiedNotice = ({ say }: Frame): Html =>
  html`<p class="notice">${strong(say('consent.unverified'))} ${say('consent.unverified.about')}</p>`;

const details = ({ say }: Frame, { client, scopes, claims, resources }: ConsentRequest): Html => html`<details>
<summary>${say('consent.details')}</summary>
<dl>
<dt>${say('consent.application')}</dt><dd><code>${client.id}</code></dd>
<dt>${say('consent.scopes')}</dt><dd><code>${[...scopes, ...claims].join(' ')}</code></dd>
${Object.entries(resources).map(
  ([audience, permissions]) =>
    html`<dt>API <code>${audience}</code></dt><dd><code>${permissions.join(' ') || say('consent.no-permission')}</code></dd>`,
)}
</dl>
</details>`;

const links = ({ say }: Frame, { homePage, policy, terms }: ConsentRequest['client']): Html | false =>
  (homePage ?? policy ?? terms) !== undefined &&
  html`<p class="hint">${homePage !== undefined && html`<a href="${homePage}" rel="noreferrer">${siteWords(say, homePage)}</a>`}
${policy !== undefined && html`<a href="${policy}" rel="noreferrer">${say('consent.policy')}</a>`}
${terms !== undefined && html`<a href="${terms}" rel="noreferrer">${say('consent.terms')}</a>`}</p>`;

/** Who asks, for which account, what it may do, and what happens next. Both answers weigh the same. */
export const consentPage = (frame: Frame, request: ConsentRequest): Html => {
  const { action, client, unverified, account, scopes, claims, resources, redirectUri, eachTime } = request;
  const { say } = frame;
  const aboutYou = [...scopes.map((scope) => scopeWords(say, scope)), ...claims.map((claim) => claimWords(say, claim))];
  const onApis = Object.entries(resources).filter(([, permissions]) => permissions.length > 0);
  return layout(
    frame,
    say('consent.title', { client: client.name }),
    html`<h1>${say('consent.heading', { client: strong(client.name) })}</h1>
${links(frame, client)}
${unverified && unverifiedNotice(frame)}
<p class="person"><span>${account}</span></p>
<p>${say('consent.allows', { client: strong(client.name) })}</p>
${list(aboutYou)}
${onApis.map(
  ([audience, permissions]) => html`<h2>${say('consent.on', { api: apiName(audience) })}</h2>
${list(permissions.map((permission) => permissionWords(say, permission)))}`,
)}
${onApis.length > 0 && html`<p class="hint">${say('consent.never-more')}</p>`}
${details(frame, request)}
<form method="post" action="${action}" class="pair">
<button name="decision" value="allow">${say('consent.allow')}</button>
<button name="decision" value="deny">${say('consent.deny')}</button>
</form>
<p class="hint">${backWords(say, redirectUri)} ${say(eachTime ? 'consent.each-time' : 'consent.once')}</p>`,
  );
};
