import { type Html, html } from '../../src/kernel/html.ts';
import { type Frame, layout, passing } from '../layout.ts';
import { field } from './fields.ts';

/** What the page of the password shows. */
export interface PasswordView {
  /** The address that it belongs to; without one a password is of no use. */
  email: string | undefined;
  /** There is one, so it is asked for. */
  has: boolean;
  errors: Readonly<Partial<Record<'password' | 'new' | 'again', Html>>>;
}

/** A new password, for the one that is known. */
export const passwordContent = (frame: Frame, { email, has, errors }: PasswordView): Html => {
  const heading = html`<h1>${frame.say(has ? 'account.password.title' : 'account.password.set-title')}</h1>`;
  if (email === undefined) {
    return html`${heading}
<p>${frame.say('account.password.no-email')}</p>
<p class="deeds"><a class="button" href="/account/email">${frame.say('account.email.title')}</a></p>`;
  }
  return html`${heading}
<p>${frame.say('account.password.about')}</p>
<form method="post" action="/account/password">
<input type="text" name="username" autocomplete="username" value="${email}" hidden readonly>
${has && field({ name: 'password', label: frame.say('account.password.current'), type: 'password', autocomplete: 'current-password', required: true, maxlength: 2000, error: errors.password })}
${field({ name: 'new', label: frame.say('account.password.new'), type: 'password', autocomplete: 'new-password', required: true, maxlength: 2000, hint: frame.say('account.password.hint'), error: errors.new })}
${field({ name: 'again', label: frame.say('account.password.again'), type: 'password', autocomplete: 'new-password', required: true, maxlength: 2000, error: errors.again })}
<button class="primary">${frame.say('account.password.deed')}</button>
</form>`;
};

/** It is changed, and everything that was open has ended, this session too. */
export const passwordChangedPage = (frame: Frame): Html =>
  layout(
    passing(frame),
    frame.say('account.password.done.title'),
    html`<h1>${frame.say('account.password.done.title')}</h1>
<p role="status">${frame.say('account.password.done.sentence')}</p>
<p class="stack"><a class="primary" href="/account">${frame.say('account.password.done.deed')}</a></p>`,
  );
