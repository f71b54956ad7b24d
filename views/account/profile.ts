import { type Html, html } from '../../src/kernel/html.ts';
import type { Frame } from '../layout.ts';
import { choice, field, summary } from './fields.ts';

/** The claims that people write themselves, in the order of the page (OIDC Core §5.1). */
export const ownClaims = [
  'name',
  'given_name',
  'family_name',
  'nickname',
  'phone_number',
  'picture',
  'website',
  'locale',
  'zoneinfo',
] as const;

/** One of them. */
export type OwnClaim = (typeof ownClaims)[number];

const inputs = {
  name: { autocomplete: 'name' },
  given_name: { autocomplete: 'given-name' },
  family_name: { autocomplete: 'family-name' },
  nickname: { autocomplete: 'nickname' },
  phone_number: { autocomplete: 'tel', type: 'tel' },
  picture: { autocomplete: 'photo', type: 'url', maxlength: 2000 },
  website: { autocomplete: 'url', type: 'url', maxlength: 2000 },
} as const;

/** What the page of the profile shows. */
export interface ProfileView {
  email: string | undefined;
  verified: boolean;
  values: Readonly<Partial<Record<OwnClaim, string>>>;
  wrong: readonly OwnClaim[];
  /** Languages with their names for themselves, and time zones. */
  languages: readonly (readonly [string, string])[];
  zones: readonly string[];
  /** Providers that write this too. */
  providers: readonly string[];
}

/** Who the person is, in their own words. */
export const profileContent = (frame: Frame, view: ProfileView): Html => {
  const { email, verified, values, wrong, languages, zones, providers } = view;
  const error = (name: OwnClaim) => (wrong.includes(name) ? frame.say(`account.profile.wrong.${name}`) : undefined);
  const typed = (Object.keys(inputs) as (keyof typeof inputs)[]).map((name) =>
    field({
      ...inputs[name],
      name,
      label: frame.say(`account.profile.${name}`),
      value: values[name],
      error: error(name),
    }),
  );
  const none = ['', frame.say('account.profile.unset')] as const;
  return html`<h1>${frame.say('account.nav.profile')}</h1>
<div class="person"><span>${email ?? frame.say('account.profile.no-email')}</span>${
    email !== undefined && !verified && html` <em class="badge">${frame.say('account.profile.unconfirmed')}</em>`
  } <a href="/account/email">${frame.say(email === undefined ? 'account.profile.add-email' : 'account.profile.change-email')}</a></div>
${
  providers.length > 0 &&
  html`<p class="notice">${frame.say('account.profile.refreshed', { providers: providers.join(', ') })}</p>`
}
${summary(frame, wrong.length > 0)}
<form method="post" action="/account/profile">
${typed}
${choice({ name: 'locale', label: frame.say('account.profile.locale'), value: values.locale, hint: frame.say('account.profile.locale.hint'), error: error('locale'), options: [none, ...languages] })}
${choice({ name: 'zoneinfo', label: frame.say('account.profile.zoneinfo'), value: values.zoneinfo, error: error('zoneinfo'), options: [none, ...zones.map((zone) => [zone, zone] as const)] })}
<button class="primary">${frame.say('account.save')}</button>
</form>`;
};
