import { type Html, html } from '../../src/kernel/html.ts';
import { choice, field } from '../account/fields.ts';
import { moment } from '../account/frame.ts';
import type { Frame } from '../layout.ts';
import { madeFor } from './forms.ts';
import { badge, facts, head, section, type Tone } from './parts.ts';

/** What is typed to try something, but for the token. */
export interface TrialForm {
  /** From which page one came. */
  kind: string | undefined;
  client: string | undefined;
  method: string;
  uri: string;
}

/** What came of it. */
export interface TriedView {
  asked?: { api: string; route: string; permission: string } | undefined;
  boundTo?: 'key' | 'certificate' | undefined;
  forwardAuth?:
    | {
        status: number;
        headers: readonly { name: string; value: string }[];
        code?: string | undefined;
        detail?: string | undefined;
      }
    | undefined;
  introspection?: { status: number; body: Readonly<Record<string, unknown>>; client: string; href: string } | undefined;
  /** The same as commands for a shell. */
  forwardCurl: string;
  introspectionCurl: string;
  timeZone: string | undefined;
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Asks what a gateway would be told; the token is typed in and is not shown. */
export function trialForm(
  frame: Frame,
  { kind, client, method, uri }: TrialForm,
  callers: readonly { id: string; name: string }[],
): Html {
  const { say } = frame;
  const known = methods.some((one) => one === method) ? methods : [method, ...methods];
  return html`<form method="post" action="/admin/gateways/try" class="edit">${madeFor(frame)}${kind !== undefined && html`<input type="hidden" name="kind" value="${kind}">`}
${field({ name: 'token', label: say('console.gateways.token'), hint: say('console.gateways.token.hint'), type: 'password', autocomplete: 'off', required: true, maxlength: 12_000 })}
${choice({ name: 'method', label: say('console.gateways.method'), value: method, options: known.map((one) => [one, one] as const) })}
${field({ name: 'uri', label: say('console.gateways.uri'), hint: say('console.gateways.uri.hint'), value: uri, autocomplete: 'off', required: true, maxlength: 4000 })}
${choice({
  name: 'caller',
  label: say('console.gateways.caller'),
  value: client ?? '',
  options: [
    ['', say('console.gateways.caller.none')],
    ...callers.map(({ id, name }) => [id, name === id ? id : `${name} (${id})`] as const),
  ],
})}
<p class="deeds"><button class="primary">${say('console.gateways.try.deed')}</button></p></form>`;
}

/** The page that tries, with what came of it. */
export const trialContent = (
  frame: Frame,
  {
    form,
    callers,
    tried,
    up,
  }: { form: TrialForm; callers: readonly { id: string; name: string }[]; tried?: TriedView | undefined; up: string },
): Html => html`${head(frame.say('console.gateways.try'), {
  about: frame.say('console.gateways.try.about'),
  up: { href: up, text: frame.say('console.nav.gateways') },
})}
${tried && result(frame, tried)}
${section(frame.say(tried ? 'console.gateways.try.again' : 'console.gateways.try.request'), trialForm(frame, form, callers))}`;

function result(frame: Frame, tried: TriedView): Html {
  const { say } = frame;
  const { asked, boundTo, forwardAuth, forwardCurl, introspection, introspectionCurl } = tried;
  return html`<div role="status">${section(
    say('console.gateways.asks.forward-auth'),
    html`${facts([
      [say('console.gateways.answer'), forwardAuth && answer(frame, forwardAuth.status)],
      [
        say('console.gateways.why'),
        forwardAuth?.detail !== undefined && html`<span lang="en">${forwardAuth.detail}</span>`,
      ],
      [say('console.gateways.not-tried'), boundTo !== undefined && say(`console.gateways.bound-to.${boundTo}`)],
      [
        say('console.gateways.permission'),
        asked ? html`<code>${asked.permission}</code>` : say('console.gateways.no-route'),
      ],
      [say('console.gateways.api'), asked?.api],
      [say('console.gateways.route'), asked && html`<code>${asked.route}</code>`],
      ...(forwardAuth?.headers ?? []).map(({ name, value }) => [html`${name}`, html`<code>${value}</code>`] as const),
    ])}
${command(frame, 'forward', forwardCurl)}`,
  )}
${section(
  say('console.gateways.asks.introspection'),
  introspection === undefined
    ? html`<p>${say('console.gateways.caller.missing')}</p>`
    : html`${facts([
        [say('console.gateways.caller'), html`<a href="${introspection.href}">${introspection.client}</a>`],
        [say('console.gateways.answer'), answered(frame, introspection)],
        ...Object.entries(introspection.body)
          .filter(([name]) => name !== 'active')
          .map(([name, value]) => [html`${name}`, claim(frame, value, { name, timeZone: tried.timeZone })] as const),
      ])}
${introspection.body.active === false && html`<p class="hint">${say('console.gateways.inactive.why')}</p>`}
${command(frame, 'introspect', introspectionCurl)}`,
)}</div>`;
}

const words = { 200: 'allowed', 401: 'unknown', 403: 'refused', 429: 'slowed' } as const;

function answer({ say }: Frame, status: number): Html {
  const word = Object.entries(words).find(([one]) => Number(one) === status)?.[1] ?? 'failed';
  const tone: Tone = status === 200 ? 'good' : 'bad';
  return badge(html`${status} ${say(`console.gateways.answer.${word}`)}`, tone);
}

function answered(frame: Frame, { status, body }: { status: number; body: Readonly<Record<string, unknown>> }): Html {
  if (status !== 200) return answer(frame, status);
  const active = body.active === true;
  return badge(
    html`${status} ${frame.say(active ? 'console.gateways.active' : 'console.gateways.inactive')}`,
    active ? 'good' : 'bad',
  );
}

const times = ['exp', 'iat', 'nbf', 'auth_time'];

function claim(frame: Frame, value: unknown, { name, timeZone }: { name: string; timeZone: string | undefined }): Html {
  if (typeof value === 'number' && times.includes(name))
    return html`${moment(frame, value * 1000, timeZone)} <span class="id">${value}</span>`;
  if (Array.isArray(value) && value.length === 0) return html`–`;
  const text =
    typeof value === 'string'
      ? value
      : Array.isArray(value) && value.every((one) => typeof one === 'string')
        ? value.join(', ')
        : JSON.stringify(value);
  return html`<code>${text}</code>`;
}

const command = ({ say }: Frame, id: string, text: string): Html =>
  html`<details><summary>${say('console.gateways.curl')}</summary><div class="card"><p>${say('console.gateways.curl.about')}</p>
<pre><code id="${id}">${text}</code></pre>
<button type="button" hidden data-copies="${id}" data-done="${say('console.copied')}" data-failed="${say('console.not-copied')}">${say('console.copy')}</button></div></details>`;
