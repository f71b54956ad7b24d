import { type Html, html, trusted, type Value } from '../src/kernel/html.ts';
import { type Key, type Language, plain } from './words.ts';

/** What a mail is about, when and where it happened, and what its text fills in. */
export interface MailView {
  kind: MailKind;
  issuer: string;
  /** IANA name; UTC where it is not known. */
  zone?: string | undefined;
  /** Milliseconds. */
  at: number;
  ip?: string | undefined;
  facts: Readonly<Record<string, string>>;
}

/** A mail in words. */
export interface MailText {
  subject: string;
  text: string;
  html: string;
}

type MailKind = keyof typeof kinds;

/** How each kind is built: what happened (with when and where from), or a link or code that somebody asked for. */
const kinds = {
  'factor-added': 'happened',
  'factor-removed': 'happened',
  'factors-reset': 'happened',
  'factor-blocked': 'happened',
  'recovery-codes-made': 'happened',
  'recovery-code-used': 'happened',
  'new-device': 'happened',
  'after-failures': 'happened',
  'password-changed': 'happened',
  'password-reset': 'happened',
  'email-changed': 'happened',
  'email-change-asked': 'happened',
  removed: 'farewell',
  'reset-link': 'asked',
  'reset-elsewhere': 'asked',
  'enrolment-code': 'asked',
  'email-change': 'asked',
  'email-undo': 'undo',
  'email-replaced': 'farewell',
  impersonated: 'happened',
} as const;

const factors: Record<string, Key> = {
  totp: 'mail.factor.totp',
  webauthn: 'mail.factor.webauthn',
  'recovery-codes': 'mail.factor.recovery-codes',
};

/** The mail in this language; plain text and HTML say the same, and nothing is loaded from anywhere. */
export function mailText({ tag, say }: Language, view: MailView): MailText {
  const { kind, issuer, facts, ip } = view;
  const host = new URL(issuer).host;
  const account = `${issuer}/account`;
  const values: Record<string, Value> = { ...facts, host };
  if (facts.kind !== undefined) values.factor = factorWords(say, facts);
  const [happened, farewell] = [kinds[kind] === 'happened', kinds[kind] === 'farewell'];
  const details = [
    say('mail.when', { time: moment(view, tag) }),
    ip !== undefined && say('mail.where', { ip }),
    facts.browser !== undefined && facts.browser !== '' && say('mail.browser', { browser: facts.browser }),
    facts.by === 'other' && say('mail.by-other'),
  ].filter((one) => one !== false);
  const lines = [
    say(`mail.${kind}.text`, values),
    facts.code !== undefined && html`<strong>${facts.code}</strong>`,
    facts.link !== undefined && link(facts.link),
    list(details),
    happened && say('mail.not-you', { account: link(account), reset: link(`${issuer}/account/forgot`) }),
    farewell && say('mail.not-you-removed'),
    kinds[kind] === 'asked' && say('mail.not-asked'),
    say('mail.footer', { host }),
  ].filter((one) => one !== false);
  const subject = plain(say(`mail.${kind}.subject`, values));
  return { subject, text: `${lines.map(plain).join('\n\n')}\n`, html: page(tag, subject, lines) };
}

const link = (address: string): Html => html`<a href="${address}">${address}</a>`;
const list = (items: readonly Html[]): Html => html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;

function factorWords(say: Language['say'], { kind = '', name = '' }: MailView['facts']): Html {
  const known = factors[kind];
  const what = known === undefined ? html`${kind}` : say(known);
  return name === '' ? what : html`${what} (${name})`;
}

function moment({ at, zone = 'UTC' }: MailView, tag: string): string {
  const parts = { dateStyle: 'long', timeStyle: 'long' } as const;
  try {
    return new Intl.DateTimeFormat(tag, { ...parts, timeZone: zone }).format(at);
  } catch {
    // A zone that this machine does not know.
    return new Intl.DateTimeFormat(tag, { ...parts, timeZone: 'UTC' }).format(at);
  }
}

const page = (tag: string, subject: string, lines: readonly Html[]): string =>
  html`${trusted('<!doctype html>')}
<html lang="${tag}">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${subject}</title></head>
<body style="font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:1em auto;padding:0 1em">
${lines.map((line) => html`<div style="margin:0 0 1em">${line}</div>\n`)}</body>
</html>
`.toString();
