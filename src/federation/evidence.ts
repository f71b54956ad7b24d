import type { EvidenceRule } from './connection.ts';
import type { Evidence, UpstreamIdentity } from './connector.ts';

/** What it is worth that a provider recognised somebody: a second factor, or one that cannot be phished. */
export type Level = '2fa' | 'phr';

/** Okta answers with this whether or not there was a second factor. */
const provesNothing = 'urn:okta:loa:2fa:any:ifpossible';

/** The clock of the provider may be ahead of ours by so much (seconds). */
const ahead = 300;

/** All texts of a claim: one or several, each perhaps a list with commas. What is no text proves nothing. */
function texts(value: unknown): string[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  return all.flatMap((one) => (typeof one === 'string' ? one.split(',').map((part) => part.trim()) : []));
}

const any = (wanted: readonly string[], seen: readonly string[]): boolean =>
  seen.some((one) => one !== '' && one !== provesNothing && wanted.includes(one));

/** The conditions that a rule sets, each as whether it holds. */
function conditions(rule: EvidenceRule, { evidence, claims }: UpstreamIdentity, now: number): boolean[] {
  const { amrAnyOf, acrIn, acrsIn, authnContextIn, attribute, maxAge } = rule;
  const sets: [readonly string[] | undefined, unknown][] = [
    [amrAnyOf, evidence.amr],
    [acrsIn, evidence.acrs],
    [attribute?.anyOf, attribute && Object.hasOwn(claims, attribute.name) ? claims[attribute.name] : undefined],
  ];
  // acr and AuthnContextClassRef are one value, in which a comma is a comma.
  const singles: [readonly string[] | undefined, unknown][] = [
    [acrIn, evidence.acr],
    [authnContextIn, evidence.authnContext],
  ];
  const said = [
    ...sets.map(([wanted, seen]) => (wanted ? any(wanted, texts(seen)) : undefined)),
    ...singles.map(([wanted, seen]) => (wanted ? typeof seen === 'string' && any(wanted, [seen]) : undefined)),
  ].filter((one) => one !== undefined);
  // A rule that names no evidence is none, however fresh the sign-in is.
  if (said.length === 0) return [false];
  return maxAge === undefined ? said : [...said, isFresh(evidence.authTime, maxAge, now)];
}

const isFresh = (authTime: unknown, maxAge: number, now: number): boolean =>
  typeof authTime === 'number' && authTime <= now + ahead && now - authTime <= maxAge;

/** The most that the provider's statement proves by these rules; undefined: a single factor. `now` in seconds. */
export function levelProven(
  identity: UpstreamIdentity,
  rules: readonly EvidenceRule[],
  now: number,
): Level | undefined {
  const levels = rules.filter((rule) => conditions(rule, identity, now).every(Boolean)).map(({ level }) => level);
  return levels.includes('phr') ? 'phr' : levels[0];
}

/** RFC 8176 §2, without `mfa`: whether there were two factors, the rules say (levelProven) and no provider's word alone. */
const registered = [
  'face',
  'fpt',
  'geo',
  'hwk',
  'iris',
  'kba',
  'mca',
  'otp',
  'pin',
  'pop',
  'pwd',
  'rba',
  'retina',
  'sc',
  'sms',
  'swk',
  'tel',
  'user',
  'vbm',
  'wia',
];

/** What vendors say in words of their own. */
const translated: Record<string, string> = {
  password: 'pwd',
  google_otp: 'otp',
  okta_verify: 'swk',
  yubikey: 'hwk',
  fido: 'hwk',
  x509: 'sc',
  rsa: 'swk',
};

/** How the person was recognised, for `amr` in our tokens: registered values (RFC 8176), and `fed` because it was elsewhere. */
export function normalisedAmr(evidence: Evidence): string[] {
  const known = texts(evidence.amr).flatMap((value) => {
    const name = Object.hasOwn(translated, value) ? translated[value] : value;
    return name !== undefined && registered.includes(name) ? [name] : [];
  });
  return [...new Set([...known, 'fed'])];
}
