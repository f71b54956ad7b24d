import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout, passing } from '../layout.ts';
import { field } from './fields.ts';
import { question } from './frame.ts';

/** What the page of the e-mail address shows. */
export interface EmailView {
  email: string | undefined;
  /** The address that waits for its confirmation. */
  pending: string | undefined;
  typed: string | undefined;
  error?: Html | undefined;
  /** Whether this installation sends mail; without it no address can be confirmed. */
  able: boolean;
}

/** The address, the one that waits, and a new one. */
export const emailContent = (frame: Frame, { email, pending, typed, error, able }: EmailView): Html =>
  html`<h1>${frame.say('account.email.title')}</h1>
${email !== undefined && html`<p class="person"><span>${email}</span></p>`}
${
  pending !== undefined &&
  html`<form method="post" action="/account/email" class="notice">
<p>${frame.say('account.email.pending', { email: html`<strong>${pending}</strong>` })}</p>
<button name="decision" value="forget">${frame.say('account.email.forget')}</button>
</form>`
}
${
  able
    ? html`<form method="post" action="/account/email">
${field({ name: 'email', label: frame.say('account.email.new'), type: 'email', value: typed, autocomplete: 'email', required: true, maxlength: 254, hint: frame.say('account.email.hint'), error })}
<button class="primary">${frame.say('account.email.send')}</button>
</form>`
    : html`<p class="notice">${frame.say('account.email.no-mail')}</p>`
}`;

/** The last word of whoever opened the link in the mail: opening it changes nothing, since programs open links too. */
export const confirmContent = (frame: Frame, { secret, email }: { secret: string; email: string }): Html =>
  question(frame, {
    title: frame.say('account.email.confirm.title', { email: html`<strong>${email}</strong>` }),
    sentence: frame.say('account.email.confirm.sentence'),
    action: '/account/email/confirm',
    fields: { token: secret },
    deed: frame.say('account.email.confirm.deed'),
    back: '/account/profile',
  });

/** A link that confirms nothing (any more). */
export const uselessContent = (frame: Frame): Html => html`<h1>${frame.say('account.email.useless.title')}</h1>
<p role="alert">${frame.say('account.email.useless.sentence')}</p>
<p class="deeds"><a class="button" href="/account/email">${frame.say('account.email.title')}</a></p>`;

/** Asks whoever reads the old address; nobody has to be signed in for it. */
export const undoPage = (frame: Frame, { secret, email }: { secret: string; email: string }): Html =>
  layout(
    frame,
    frame.say('account.email.undo.title'),
    html`<h1>${frame.say('account.email.undo.title')}</h1>
<p>${frame.say('account.email.undo.sentence', { email: html`<strong>${email}</strong>` })}</p>
<form method="post" action="/account/email/undo" class="stack">
<input type="hidden" name="token" value="${secret}">
<button class="primary">${frame.say('account.email.undo.deed')}</button>
</form>`,
  );

/** What came of it. */
export const undonePage = (frame: Frame, email: string | undefined): Html => {
  const key = email === undefined ? 'useless' : 'undone';
  return layout(
    passing(frame),
    frame.say(`account.email.${key}.title`),
    html`<h1>${frame.say(`account.email.${key}.title`)}</h1>
<p role="${email === undefined ? 'alert' : 'status'}">${email === undefined ? frame.say('account.email.undo.useless') : frame.say('account.email.undone.sentence', { email: html`<strong>${email}</strong>` })}</p>
<p class="stack"><a class="button" href="/account">${frame.say('account.nav')}</a></p>`,
  );
};
