import type { OidcConnection } from './connection.ts';
import type { Evidence } from './connector.ts';
import { refusal, shown } from './oidc-refusals.ts';

type Claims = Readonly<Record<string, unknown>>;

/** As long as a subject may be (OpenID Connect Core 1.0 §2). */
const longest = 255;

/** The names that a connection reads addresses and their verification from. */
const mailNames = ({ mapping }: OidcConnection) => ['email', ...mapping.email];
const flagNames = ({ mapping }: OidcConnection) => ['email_verified', ...mapping.emailVerified];

const without = (claims: Claims, names: readonly string[]): Claims =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));

/**
 * The claims of both documents; the ID token's count. An address and the word that it is verified are taken from one
 * document, never from two, and that word is a boolean or nothing.
 */
export function merged(settings: OidcConnection, idToken: Claims, userinfo: Claims): Claims {
  const about = (claims: Claims) => mailNames(settings).some((name) => claims[name] !== undefined);
  const mail = [...mailNames(settings), ...flagNames(settings)];
  const signed = about(idToken) || !about(userinfo) ? idToken : without(idToken, flagNames(settings));
  const claims = { ...(about(idToken) || !about(userinfo) ? without(userinfo, mail) : userinfo), ...signed };
  return typeof claims.email_verified === 'boolean' ? claims : without(claims, ['email_verified']);
}

/** Who it is there: the claims that name a person for good, from the signed token alone, joined by `|`. Throws `refused`. */
export function subjectOf({ subject }: Pick<OidcConnection, 'subject'>, idToken: Claims): string {
  const parts = subject.map((name) => {
    const value = idToken[name];
    // A part with the joint in it could make one person of two.
    const fits = typeof value === 'string' && value.trim() !== '' && value.length <= longest;
    if (!fits || (subject.length > 1 && value.includes('|'))) {
      throw refusal('no_subject', { came: `${name}: ${shown(value)}`, wanted: `a text of 1 to ${longest} characters` });
    }
    return value;
  });
  if (parts.length === 0) throw refusal('no_subject', { came: 'no claim is configured' });
  return parts.join('|');
}

/** What a provider's logout calls a person: `sub` is one person within one issuer, and a connection may have several. */
export const personAt = (issuer: string, sub: string): string => JSON.stringify([issuer, sub]);

/** A distinguished name has commas of its own (RFC 4514): a text that begins like one is one group. */
const distinguishedName = /^[a-z][a-z\d-]*=/i;

/** One claim with groups: a list of texts, or one text with commas. Throws `refused` for anything else. */
function groupsIn(name: string, value: unknown): string[] {
  const single = typeof value === 'string' && distinguishedName.test(value);
  const list = single ? [value] : typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(list) || !list.every((one): one is string => typeof one === 'string')) {
    throw refusal('unreadable_groups', { came: `${name}: ${shown(value)}` });
  }
  return list.map((one) => one.trim()).filter((one) => one !== '');
}

/** All groups and roles that the claims name; undefined when none of the claims is there. */
export function groupsOf({ groups }: Pick<OidcConnection, 'groups'>, claims: Claims): string[] | undefined {
  const there = groups.filter((name) => claims[name] !== undefined && claims[name] !== null);
  return there.length === 0 ? undefined : [...new Set(there.flatMap((name) => groupsIn(name, claims[name])))];
}

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');

/** How the person was recognised, as the ID token says it; userinfo is never asked. */
export const evidenceOf = (idToken: Claims): Evidence => ({
  amr: texts(idToken.amr),
  acr: typeof idToken.acr === 'string' ? idToken.acr : undefined,
  acrs: texts(idToken.acrs),
  authTime: typeof idToken.auth_time === 'number' ? idToken.auth_time : undefined,
});
