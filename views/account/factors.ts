import { type Html, html } from '../../src/kernel/html.ts';
import { alert, type Frame } from '../layout.ts';
import type { Key } from '../words.ts';
import { field } from './fields.ts';
import { moment } from './frame.ts';
import { rows } from './rows.ts';

/** A factor as its person sees it. Times in seconds. */
export interface FactorView {
  id: string;
  kind: 'totp' | 'webauthn' | 'recovery-codes';
  name: string;
  level: '2fa' | 'phr';
  passkey: boolean;
  created: number;
  used?: number;
  /** Recovery codes that are left. */
  left?: number;
  blocked: boolean;
}

/** What the list of factors shows. */
export interface FactorsView {
  all: readonly FactorView[];
  timeZone: string | undefined;
}

/** So few recovery codes are worth a warning. */
const few = 2;

const place = '/account/factors';

/** What a factor is. */
export const kindName = (frame: Frame, { kind, passkey }: Pick<FactorView, 'kind' | 'passkey'>): Html => {
  const key: Key = kind === 'webauthn' && passkey ? 'account.factors.kind.passkey' : `account.factors.kind.${kind}`;
  return frame.say(key);
};

const deedsFor = (frame: Frame, id: string) =>
  (['rename', 'remove'] as const).map((deed) => ({
    href: `${place}/${deed}?factor=${encodeURIComponent(id)}`,
    text: frame.say(`account.factors.${deed}`),
  }));

/** The factors of a person, what each is worth, and what can be done. */
export const factorsContent = (frame: Frame, { all, timeZone }: FactorsView): Html => {
  const { say } = frame;
  const own = all.filter(({ kind }) => kind !== 'recovery-codes');
  const codes = all.find(({ kind }) => kind === 'recovery-codes');
  return html`<h1>${say('account.nav.factors')}</h1>
<p>${say('account.factors.about')}</p>
${rows(
  own.map((one) => ({
    name: one.name,
    badge: one.blocked ? say('account.factors.blocked') : undefined,
    facts: [
      html`${kindName(frame, one)} · ${say(`account.factors.level.${one.level}`)}`,
      say('account.factors.times', {
        created: moment(frame, one.created * 1000, timeZone),
        used: moment(frame, (one.used ?? one.created) * 1000, timeZone),
      }),
      one.blocked && say('account.factors.blocked.why'),
    ],
    deeds: deedsFor(frame, one.id),
  })),
  say('account.factors.none'),
)}
<p class="deeds"><a class="button" href="${place}/passkey">${say('account.factors.add.passkey')}</a>
<a class="button" href="${place}/totp">${say('account.factors.add.totp')}</a></p>
${own.length > 0 && codesPart(frame, codes, timeZone)}`;
};

function codesPart({ say, ...frame }: Frame, codes: FactorView | undefined, timeZone: string | undefined): Html {
  const { left = 0, created = 0 } = codes ?? {};
  const made = () => moment({ say, ...frame }, created * 1000, timeZone);
  return html`<h2>${say('account.codes.title')}</h2>
${codes === undefined ? html`<p class="notice">${say('account.codes.none')}</p>` : html`<p>${say('account.codes.left', { left, made: made() })}</p>`}
${codes !== undefined && left <= few && html`<p class="notice">${say('account.codes.few')}</p>`}
<p class="deeds"><a class="button" href="${place}/recovery-codes">${say(codes === undefined ? 'account.codes.make' : 'account.codes.renew')}</a></p>`;
}

/** Another name for a factor. */
export const renameContent = (frame: Frame, { id, name }: { id: string; name: string }): Html =>
  html`<h1>${frame.say('account.factors.rename.title', { name })}</h1>
<form method="post" action="${place}/rename">
<input type="hidden" name="factor" value="${id}">
${field({ name: 'name', label: frame.say('account.factors.name'), value: name, autocomplete: 'off', required: true, maxlength: 60 })}
<button class="primary">${frame.say('account.factors.rename.deed')}</button>
<p class="hint"><a class="button" href="${place}">${frame.say('account.cancel')}</a></p>
</form>`;

/** Why a factor cannot be removed now, and the way back. */
export const keepContent = (frame: Frame, { name, why }: { name: string; why: Html }): Html =>
  html`<h1>${frame.say('account.factors.remove.title', { name })}</h1>
${alert('keep', why)}
<p class="deeds"><a class="button" href="${place}">${frame.say('account.back')}</a></p>`;
