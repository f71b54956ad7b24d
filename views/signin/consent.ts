import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout } from '../layout.ts';
import { claimWords, permissionWords, placeWords, scopeWords } from './words.ts';

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

const list = (entries: readonly string[]): Html | false =>
  entries.length > 0 && html`<ul>${entries.map((entry) => html`<li>${entry}</li>`)}</ul>`;

/** An audience is an address or a name; people know the short form. */
const apiName = (audience: string): string => {
  const url = URL.parse(audience);
  return url?.host ? `${url.host}${url.pathname.replace(/\/$/, '')}` : audience;
};

const unverifiedNotice = html`<p class="notice"><strong>Not verified.</strong> This application registered itself and chose its own name. Allow it only if you know who runs it.</p>`;

const details = ({ client, scopes, claims, resources }: ConsentRequest): Html => html`<details>
<summary>Details</summary>
<dl>
<dt>Application</dt><dd><code>${client.id}</code></dd>
<dt>Scopes</dt><dd><code>${[...scopes, ...claims].join(' ')}</code></dd>
${Object.entries(resources).map(
  ([audience, permissions]) =>
    html`<dt>API <code>${audience}</code></dt><dd><code>${permissions.join(' ') || 'no permission'}</code></dd>`,
)}
</dl>
</details>`;

const links = ({ homePage, policy, terms }: ConsentRequest['client']): Html | false =>
  (homePage ?? policy ?? terms) !== undefined &&
  html`<p class="hint">${homePage !== undefined && html`<a href="${homePage}" rel="noreferrer">${placeWords(homePage)}</a>`}
${policy !== undefined && html`<a href="${policy}" rel="noreferrer">How it uses your data</a>`}
${terms !== undefined && html`<a href="${terms}" rel="noreferrer">Its terms of use</a>`}</p>`;

/** Who asks, for which account, what it may do, and what happens next. Both answers weigh the same. */
export const consentPage = (frame: Frame, request: ConsentRequest): Html => {
  const { action, client, unverified, account, scopes, claims, resources, redirectUri, eachTime } = request;
  const aboutYou = [...scopes.map(scopeWords), ...claims.map(claimWords)];
  const onApis = Object.entries(resources).filter(([, permissions]) => permissions.length > 0);
  return layout(
    frame,
    `Allow ${client.name}`,
    html`<h1>Allow <strong>${client.name}</strong> to use your account?</h1>
${links(client)}
${unverified && unverifiedNotice}
<p class="person"><span>${account}</span></p>
<p>If you allow it, <strong>${client.name}</strong> can:</p>
${list(aboutYou)}
${onApis.map(
  ([audience, permissions]) => html`<h2>On ${apiName(audience)}</h2>
${list(permissions.map(permissionWords))}`,
)}
${onApis.length > 0 && html`<p class="hint">It can never do more there than you can.</p>`}
${details(request)}
<form method="post" action="${action}" class="pair">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>
<p class="hint">Then you go back to ${placeWords(redirectUri)}. ${
      eachTime
        ? 'You are asked each time, because another program could use the name of this one.'
        : 'If you allow it, you are not asked about this again for a year.'
    }</p>`,
  );
};
