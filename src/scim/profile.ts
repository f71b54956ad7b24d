import { changedProfile } from '../directory/profile.ts';
import { isRecord, type Resource } from './matching.ts';

/** What a resource says of a person's account here. */
export interface Account {
  readonly email?: string;
  /** Standard claims; those that are not in their form are left out. */
  readonly profile: Readonly<Record<string, unknown>>;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

/** The primary value of a list, else the one for work, else the first that has one. */
function preferred(list: unknown, types: readonly string[] = ['work']): Resource | undefined {
  const all = Array.isArray(list) ? list.filter(isRecord) : [];
  const typed = (wanted: string) => all.find(({ type }) => typeof type === 'string' && type.toLowerCase() === wanted);
  return all.find(({ primary }) => primary === true) ?? types.map(typed).find(Boolean) ?? all[0];
}

const isAddress = (value: string | undefined): value is string => /^[^@\s]+@[^@\s]+$/.test(value ?? '');

const addressParts = {
  formatted: 'formatted',
  street_address: 'streetAddress',
  locality: 'locality',
  region: 'region',
  postal_code: 'postalCode',
  country: 'country',
};

function address(resource: Resource): object | undefined {
  const one = preferred(resource.addresses);
  const parts = Object.entries(addressParts).flatMap(([claim, name]) => {
    const part = text(one?.[name]);
    return part === undefined ? [] : [[claim, part] as const];
  });
  return parts.length === 0 ? undefined : Object.fromEntries(parts);
}

/** The address is the first of the e-mails, whose form is the directory's to check, or the user name where it is one. */
export function accountOf(resource: Resource): Account {
  const { userName, displayName, name } = resource;
  const parts = isRecord(name) ? name : {};
  const spoken = [text(parts.givenName), text(parts.familyName)].filter((part) => part !== undefined).join(' ');
  const claims: Record<string, unknown> = {
    name: text(displayName) ?? text(parts.formatted) ?? text(spoken),
    given_name: text(parts.givenName),
    family_name: text(parts.familyName),
    middle_name: text(parts.middleName),
    nickname: text(resource.nickName),
    preferred_username: text(userName),
    profile: text(resource.profileUrl),
    picture: text(preferred(resource.photos, ['photo'])?.value),
    locale: text(resource.locale) ?? text(resource.preferredLanguage),
    zoneinfo: text(resource.timezone),
    phone_number: text(preferred(resource.phoneNumbers, ['work', 'mobile'])?.value),
    address: address(resource),
  };
  const profile = Object.fromEntries(Object.entries(claims).filter(([claim, value]) => fits(claim, value)));
  const email = text(preferred(resource.emails)?.value) ?? [text(userName)].find(isAddress);
  return { profile, ...(email === undefined ? {} : { email }) };
}

function fits(claim: string, value: unknown): boolean {
  if (value === undefined) return false;
  try {
    changedProfile({}, { [claim]: value });
    return true;
  } catch {
    return false;
  }
}

/** What has to change in an account when this was said before and that is said now; null takes a claim away. */
export function changeOf(before: Account, after: Account): { email?: string; profile?: Record<string, unknown> } {
  const names = [...new Set([...Object.keys(before.profile), ...Object.keys(after.profile)])];
  const differs = (name: string) => JSON.stringify(before.profile[name]) !== JSON.stringify(after.profile[name]);
  const profile = Object.fromEntries(names.filter(differs).map((name) => [name, after.profile[name] ?? null]));
  return {
    ...(after.email !== undefined && after.email !== before.email ? { email: after.email } : {}),
    ...(Object.keys(profile).length > 0 ? { profile } : {}),
  };
}
