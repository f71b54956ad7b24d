import { problem } from '../kernel/errors.ts';

/** A postal address (OIDC Core §5.1.1). */
export interface Address {
  formatted?: string;
  street_address?: string;
  locality?: string;
  region?: string;
  postal_code?: string;
  country?: string;
}

/** Standard claims about a person under their own names (OIDC Core §5.1), without `sub`, `updated_at` and the e-mail. */
export interface Profile {
  name?: string;
  given_name?: string;
  family_name?: string;
  middle_name?: string;
  nickname?: string;
  preferred_username?: string;
  profile?: string;
  picture?: string;
  website?: string;
  gender?: string;
  birthdate?: string;
  zoneinfo?: string;
  locale?: string;
  phone_number?: string;
  phone_number_verified?: boolean;
  address?: Address;
}

/** The profile holds something that is no standard claim, or not in its form. */
export const invalidProfile = problem('invalid_profile', 400, (sentence: string) => sentence);

/** What is wrong with a value, as the end of a sentence that begins with the claim's name; undefined when it is right. */
type Check = (value: unknown) => string | undefined;

const text: Check = (value) =>
  typeof value === 'string' && value.trim() !== '' && value.length <= 500 && !/[\p{Cc}\p{Cs}]/u.test(value)
    ? undefined
    : 'must be a text of 1 to 500 characters on one line';
const lines: Check = (value) =>
  typeof value === 'string' && value.length <= 1000 && !/[^\P{Cc}\r\n]/u.test(value)
    ? undefined
    : 'must be a text of at most 1000 characters';
const link: Check = (value) =>
  typeof value === 'string' && value.length <= 2000 && /^https?:\/\//i.test(value) && URL.canParse(value)
    ? undefined
    : 'must be an http or https address';
const matching =
  (pattern: RegExp, advice: string): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : advice;

const addressParts: Record<keyof Address, Check> = {
  formatted: lines,
  street_address: lines,
  locality: text,
  region: text,
  postal_code: text,
  country: text,
};

const isAddressPart = (name: string): name is keyof Address => Object.hasOwn(addressParts, name);

const address: Check = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object';
  for (const [name, part] of Object.entries(value)) {
    const wrong = isAddressPart(name) ? addressParts[name](part) : 'is not a member of it';
    if (wrong !== undefined) return `is not right: ${name} ${wrong}`;
  }
  return undefined;
};

const checks: Record<keyof Profile, Check> = {
  name: text,
  given_name: text,
  family_name: text,
  middle_name: text,
  nickname: text,
  preferred_username: text,
  profile: link,
  picture: link,
  website: link,
  gender: text,
  birthdate: matching(
    /^\d{4}(?:-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))?$/,
    'must be YYYY-MM-DD (0000 hides the year) or YYYY',
  ),
  zoneinfo: matching(/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/, 'must be a time zone such as Europe/Paris'),
  locale: matching(/^[A-Za-z]{2,8}(?:[-_][A-Za-z\d]{1,8})*$/, 'must be a language tag such as en-US (RFC 5646)'),
  phone_number: matching(/^\+?[\d(][\d\s().;a-z=-]{2,40}$/i, 'must be a number such as +1 (425) 555-1212 (E.164)'),
  phone_number_verified: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
  address,
};

const isClaim = (name: string): name is keyof Profile => Object.hasOwn(checks, name);
const isProfile = (value: object): value is Profile =>
  Object.entries(value).every(([name, claim]) => isClaim(name) && checks[name](claim) === undefined);

/**
 * The profile with the change applied: what is not named stays, null takes a claim away (RFC 7396). Texts in NFC. Throws
 * `invalid_profile` for what is no standard claim or not in its form.
 */
export function changedProfile(before: Profile, change: object): Profile {
  const next: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) continue;
    if (!isClaim(name)) {
      throw invalidProfile(
        `"${name.slice(0, 100)}" is not a standard claim; there are ${Object.keys(checks).join(', ')}`,
      );
    }
    if (value === null) delete next[name];
    else next[name] = typeof value === 'string' ? value.normalize('NFC') : structuredClone(value);
  }
  if (isProfile(next)) return next;
  const wrong = Object.entries(checks).flatMap(([name, check]) => {
    const sentence = next[name] === undefined ? undefined : check(next[name]);
    return sentence === undefined ? [] : [`${name} ${sentence}`];
  });
  throw invalidProfile(wrong.join('; '));
}
