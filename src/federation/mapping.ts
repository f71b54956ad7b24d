import { domainToASCII } from 'node:url';
import type { Connection } from './connection.ts';
import type { UpstreamIdentity } from './connector.ts';

/** What somebody is here, by the rules of the connection. */
export interface Mapped {
  email?: string;
  /** The provider vouches for the address, and the address's domain is verified for this connection. */
  emailVerified: boolean;
  /** Standard claims in a form that a profile takes; nothing that no rule names. */
  profile: Record<string, unknown>;
  /** Roles by the group rules, sorted; empty also when the provider did not say (`identity.groups` is undefined). */
  roles: string[];
  /** Groups of ours by the same rules, sorted. */
  localGroups: string[];
  /** Groups that no rule names. */
  unmapped: string[];
}

type Claims = UpstreamIdentity['claims'];

const longest = 500;

/** What turns the direction of the text after it, so that a name could show as another one (Unicode TR 36 §2.10). */
const turning = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

/** One line of at most 500 characters, none of them half; undefined when nothing is left. */
function line(value: string): string | undefined {
  const clean = value
    .toWellFormed()
    .normalize('NFC')
    .replace(turning, '')
    .replace(/\p{Cc}/gu, ' ')
    .trim();
  const short = clean
    .slice(0, longest)
    .replace(/[\ud800-\udbff]$/, '')
    .trim();
  return short === '' ? undefined : short;
}

const fits =
  (pattern: RegExp, most = longest) =>
  (value: string): string | undefined =>
    value.length <= most && pattern.test(value) ? value : undefined;

const link = (value: string): string | undefined =>
  value.length <= 2000 && /^https:\/\//i.test(value) && URL.canParse(value) ? value : undefined;

/** How each claim is made fit; what does not fit is left out, since a sign-in should not fail by somebody's picture. */
const forms = {
  name: line,
  given_name: line,
  family_name: line,
  preferred_username: line,
  phone_number: fits(/^\+?[\d(][\d\s().;a-z=-]{2,40}$/i),
  locale: fits(/^[A-Za-z]{2,8}(?:[-_][A-Za-z\d]{1,8})*$/),
  picture: link,
  zoneinfo: fits(/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/),
} satisfies Partial<Record<keyof Connection['mapping'], (value: string) => string | undefined>>;

const isForm = (name: string): name is keyof typeof forms => Object.hasOwn(forms, name);

/** A claim under the first of these names that is there. Attributes of directories have no case (RFC 4512 §2.5). */
function found(claims: Claims, names: readonly string[], anyCase: boolean): unknown {
  for (const name of names) {
    const key = anyCase ? Object.keys(claims).find((one) => one.toLowerCase() === name.toLowerCase()) : name;
    if (key !== undefined && Object.hasOwn(claims, key) && first(claims[key]) !== undefined) return first(claims[key]);
  }
  return undefined;
}

/** The value, or the first of several; an empty text is none. */
function first(value: unknown): unknown {
  const one: unknown = Array.isArray(value) ? value.find((item) => item !== '') : value;
  return one === '' || one === null ? undefined : one;
}

/** The domain of an address or a domain as DNS has it: A-labels, lower case; undefined when it cannot be one (RFC 5890). */
export function domainName(text: string): string | undefined {
  const ascii = domainToASCII(text.trim().replace(/\.$/, ''));
  return /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9-]{2,63}$/.test(ascii)
    ? ascii
    : undefined;
}

function address(value: unknown): { email: string; domain: string } | undefined {
  if (typeof value !== 'string') return undefined;
  const email = value.trim().normalize('NFC');
  const [, host] = /^[^\s@<>"(),:;\\[\]]{1,64}@([^\s@]+)$/u.exec(email) ?? [];
  const domain = host === undefined || /\p{C}/u.test(email) ? undefined : domainName(host);
  return domain === undefined || email.length > 254 ? undefined : { email, domain };
}

/** Whether the connection speaks for this domain: exactly this one, and verified. */
const speaksFor = ({ domains }: Connection, domain: string): boolean =>
  domains.some((one) => one.verified !== undefined && one.name === domain);

const guid = /^\{?[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\}?$/i;

/**
 * Which of these rules name a group: exactly, by everything before a `*` at their end, and for GUIDs in any case. They are put
 * in order once, since whoever makes rules and groups could keep everybody waiting with many of both.
 */
export function rulesFor(rules: Connection['groupRules']): (group: string) => Connection['groupRules'] {
  const any = (name: string) => (guid.test(name) ? name.toLowerCase() : name);
  const exact = Map.groupBy(rules, ({ upstream }) => (upstream.endsWith('*') ? undefined : any(upstream)));
  const starting = Map.groupBy(exact.get(undefined) ?? [], ({ upstream }) => upstream.slice(0, -1));
  const lengths = [...new Set([...starting.keys()].map(({ length }) => length))];
  return (group) => [
    ...(exact.get(any(group)) ?? []),
    ...lengths.flatMap((length) => (length <= group.length && starting.get(group.slice(0, length))) || []),
  ];
}

/** Who this is by the rules of the connection. Decides nothing about accounts: linking is the sign-in's. */
export function mapped({ claims, groups = [] }: UpstreamIdentity, connection: Connection): Mapped {
  const { mapping, groupRules, kind } = connection;
  const of = (rule: readonly string[]): unknown => found(claims, rule, kind === 'ldap');
  const profile: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(mapping)) {
    const value = of(rule);
    const fit = isForm(name) && typeof value === 'string' ? forms[name](value) : undefined;
    if (fit !== undefined) profile[name] = fit;
  }
  const named = address(of(mapping.email));
  // Who looks after one organisation says nothing of the addresses of others: an application may take any for proven.
  const mail = named && (!connection.confined || speaksFor(connection, named.domain)) ? named : undefined;
  // SAML and LDAP know no such flag: there the verified domain is all that counts. A text "true" is no flag.
  const flag = mapping.emailVerified.find((name) => Object.hasOwn(claims, name));
  const vouched = kind !== 'oidc' || (flag !== undefined && claims[flag] === true);
  return {
    ...(mail === undefined ? {} : { email: mail.email }),
    emailVerified: mail !== undefined && vouched && speaksFor(connection, mail.domain),
    profile,
    ...byRules(groups, groupRules),
  };
}

/** What the rules make of the groups that came. */
function byRules(
  groups: readonly string[],
  rules: Connection['groupRules'],
): Pick<Mapped, 'roles' | 'localGroups' | 'unmapped'> {
  const [given, joined, unmapped] = [new Set<string>(), new Set<string>(), new Set(groups)];
  const naming = rulesFor(rules);
  for (const group of new Set(groups)) {
    for (const rule of naming(group)) {
      if (rule.role !== undefined) given.add(rule.role);
      if (rule.group !== undefined) joined.add(rule.group);
      unmapped.delete(group);
    }
  }
  return { roles: [...given].sort(), localGroups: [...joined].sort(), unmapped: [...unmapped] };
}
