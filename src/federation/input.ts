import { z } from 'zod';
import { invalid } from '../kernel/errors.ts';
import { ldapSettings, oidcSettings, samlSettings } from './connection.ts';
import { presetNames } from './presets.ts';

/** What is said of a connection, in the file, by the API and on the command line: settings under their names, and these. */
export interface ConnectionInput {
  id: string;
  preset: string;
  /** Where the provider describes itself: issuer, discovery or metadata URL, or `ldaps://HOST/BASE`. */
  from?: string | undefined;
  /** The same as a text that somebody has at hand: discovery as JSON, or SAML metadata. */
  metadata?: string | undefined;
  /** Names only: whether a domain is verified is nobody's to say here. */
  domains?: readonly string[] | undefined;
  /** Said by the house alone: whoever gives these addresses may not name any inside our network. */
  confined?: true | undefined;
  [setting: string]: unknown;
}

/** A change: what is not named stays, null goes back to what the preset says (RFC 7396). */
export interface ConnectionChange {
  from?: string | undefined;
  metadata?: string | undefined;
  confined?: true | undefined;
  [setting: string]: unknown;
}

/** What the house keeps of a connection by itself. */
const kept = [
  ...['id', 'kind', 'preset', 'domains', 'declared', 'confined'],
  ...['created', 'updated', 'etag', 'refreshed', 'validUntil'],
];

/** The field as it may be said: optional, and without a usual value, which is the preset's to give. */
function bare(field: z.core.$ZodType): z.ZodType {
  if (field instanceof z.ZodDefault || field instanceof z.ZodPrefault || field instanceof z.ZodOptional) {
    return bare(field.unwrap());
  }
  return field instanceof z.ZodObject ? z.strictObject(partial(field.shape)) : (field as z.ZodType);
}

const partial = (shape: z.core.$ZodShape): Record<string, z.ZodType> =>
  Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, bare(field).optional()]));

function settable(shape: z.core.$ZodShape): Record<string, z.ZodType> {
  return partial(Object.fromEntries(Object.entries(shape).filter(([name]) => !kept.includes(name))));
}

/** What may be said of each kind, besides where it comes from. */
export const settings = {
  oidc: settable(oidcSettings.shape),
  saml: settable(samlSettings.shape),
  ldap: settable(ldapSettings.shape),
};

const source = {
  from: z.string().min(1).max(2000).optional(),
  metadata: z
    .string()
    .max(2 * 1024 * 1024)
    .optional(),
};

/** All that may be said of any kind; what does not belong to the kind is refused where the connection is made. */
export const inputShape: Record<string, z.ZodType> = {
  id: oidcSettings.shape.id,
  preset: z.enum(presetNames),
  ...source,
  domains: z.array(z.string()).max(100).optional(),
  ...settings.ldap,
  ...settings.saml,
  ...settings.oidc,
  // The two that mean the same and have another form in directories.
  subject: z.union([settings.oidc.subject ?? z.never(), settings.ldap.subject ?? z.never()]).optional(),
  groups: z.union([settings.oidc.groups ?? z.never(), settings.ldap.groups ?? z.never()]).optional(),
};

const kindNames = { oidc: 'an OpenID Connect', saml: 'a SAML', ldap: 'an LDAP' };

/** Throws `invalid` for what cannot be said of this kind, and for what is not in its form; null is let through. */
export function checkSettings(kind: keyof typeof settings, said: Readonly<Record<string, unknown>>): void {
  const { from, metadata, ...rest } = said;
  const named = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined && value !== null));
  const result = z.strictObject(settings[kind]).safeParse(withoutNull(named));
  if (!result.success) throw invalid(result.error.issues.map((issue) => sentence(issue, kindNames[kind])).join('; '));
}

const withoutNull = (value: unknown): unknown =>
  isGroup(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([name, one]) => (one === null ? [] : [[name, withoutNull(one)]])),
      )
    : value;

const forms: Record<string, string> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
};

/** What is wrong and where; it never quotes the value, which may be a secret in the wrong place. */
export function sentence(issue: z.core.$ZodIssue, kind: string): string {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => [...issue.path, key].join('.')).join(', ');
    return `${names} cannot be set for ${kind} connection; leave it out`;
  }
  if (issue.code === 'invalid_type') return `${path} must be ${forms[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `${path} must be ${issue.values.map(String).join(' or ')}`;
  if (issue.code === 'too_small') return `${path} must be at least ${issue.minimum}${unit(issue.origin)}`;
  if (issue.code === 'too_big') return `${path} must be at most ${issue.maximum}${unit(issue.origin)}`;
  return `${path} does not have the right form`;
}

const unit = (origin: string): string => ({ string: ' characters long', array: ' long' })[origin] ?? '';

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The settings with the change applied; null takes the value of `usual` instead (RFC 7396, but for that). */
export function merged(
  now: Readonly<Record<string, unknown>>,
  change: Readonly<Record<string, unknown>>,
  usual: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const next: Record<string, unknown> = { ...now };
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) continue;
    if (value === null) {
      if (usual[name] === undefined) delete next[name];
      else next[name] = usual[name];
    } else if (isGroup(value) && name !== 'discovery') {
      const [before, fallback] = [next[name], usual[name]];
      next[name] = merged(isGroup(before) ? before : {}, value, isGroup(fallback) ? fallback : {});
    } else next[name] = value;
  }
  return next;
}
