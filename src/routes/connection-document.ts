import { z } from 'zod';
import { addressesOf } from '../federation/addresses.ts';
import type { Connection } from '../federation/connection.ts';
import { inputShape } from '../federation/input.ts';

type Shape = Record<string, z.ZodType>;

/** Settings have one name each: in the file as it is, on the wire as the rest of this API writes names. */
const wireName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The names of settings that are written differently on the wire. */
const renamed = new Map<string, string>();

function wireNamed(name: string): string {
  const wire = wireName(name);
  if (wire !== name) renamed.set(wire, name);
  return wire;
}

/** The same field under the names of the wire; how long lists may be, the settings themselves say. */
function onWire(field: z.ZodType): z.ZodType {
  if (field instanceof z.ZodOptional) return onWire(field.unwrap() as z.ZodType).optional();
  if (field instanceof z.ZodDefault) return onWire(field.unwrap() as z.ZodType).optional();
  if (field instanceof z.ZodObject) return z.strictObject(named(field.shape));
  if (field instanceof z.ZodArray && field.element instanceof z.ZodObject) return z.array(onWire(field.element));
  return field;
}

const named = (shape: z.core.$ZodShape): Shape =>
  Object.fromEntries(Object.entries(shape).map(([name, field]) => [wireNamed(name), onWire(field as z.ZodType)]));

const input = named(inputShape);
const { id, preset, state, domains: _names, from: _from, metadata: _text, ...settable } = input;
const { client_secret: clientSecret, bind_password: bindPassword, ...open } = settable;
if (!(id && preset && state && clientSecret && bindPassword))
  throw new Error('the settings of connections have changed');

const time = z.int().meta({ description: 'Seconds since the epoch' });
const text = z.string();

/** What a new connection may be made of. What belongs to another kind is refused where it is made. */
export const newConnectionBody = z.strictObject({ ...input, id, preset });

/** Members of a group may be null as well: they go back one by one. */
function nullable(shape: z.core.$ZodShape): Shape {
  const group = (field: unknown): z.ZodType => {
    const inner = field instanceof z.ZodOptional ? field.unwrap() : field;
    return inner instanceof z.ZodObject ? z.strictObject(nullable(inner.shape)) : (inner as z.ZodType);
  };
  return Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, group(field).nullish()]));
}

/** A change: what is not named stays, null goes back to what the preset says (RFC 7396). */
export const connectionChangeBody = z.strictObject({
  ...nullable(settable),
  from: text.optional(),
  metadata: text.optional(),
});

const { group_rules: groupRules, mapping, groups, subject, evidence } = nullable(settable);
if (!(groupRules && mapping && groups && subject && evidence))
  throw new Error('the settings of connections have changed');

/** Rules that make somebody of claims, as a change names them. */
export const connectionRules = z.strictObject({ group_rules: groupRules, mapping, groups, subject, evidence });

/** A domain of a connection. */
export const domainReply = z.object({
  name: text,
  record: z.object({ name: text, value: text }).meta({ description: 'The TXT record that proves it' }),
  verified: z.enum(['dns', 'administrator']).optional(),
  verified_at: time.optional(),
});

/** A connection as the admin API and the CLI show it: whether it has a secret, never which. */
export const connectionReply = z
  .object({
    id: text,
    kind: z.enum(['oidc', 'saml', 'ldap']),
    preset: text,
    state: z.enum(['enabled', 'disabled']),
    declared: z.boolean().meta({ description: 'By the configuration file, which alone changes it' }),
    ...(open as Record<string, z.ZodType>),
    has_client_secret: z.boolean().optional(),
    has_bind_password: z.boolean().optional(),
    domains: z.array(domainReply),
    refreshed: time.optional(),
    valid_until: time.optional(),
    addresses: z
      .record(z.string(), z.string())
      .meta({ description: 'What the administrator of the provider has to enter there' }),
    created: time,
    updated: time,
  })
  .meta({ id: 'Connection', description: 'A way in through an identity provider; nothing secret' });

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Renames members at every depth, but not inside a document of somebody else. */
function rename(value: unknown, name: (text: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => rename(one, name));
  if (!isGroup(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [name(key), key === 'discovery' ? one : rename(one, name)]),
  );
}

/** What was said on the wire, under the names of the settings. */
export const settingsOf = (document: object): Record<string, unknown> => ({
  ...(rename(document, (wire) => renamed.get(wire) ?? wire) as object),
});

/** What the settings say, under the names of the wire. */
export const wireSettings = (settings: object): Record<string, unknown> => ({
  ...(rename(settings, wireName) as object),
});

/** The domain under the names of the wire. */
export const domainDocument = ({ name, proof, verified, verifiedAt }: Connection['domains'][number]) => ({
  name,
  record: { name: `_sallyport.${name}`, value: proof },
  ...(verified === undefined ? {} : { verified }),
  ...(verifiedAt === undefined ? {} : { verified_at: verifiedAt }),
});

/** What the provider has to know, under the names of the wire. */
export const addressDocument = (...asked: Parameters<typeof addressesOf>): Record<string, string> =>
  rename(addressesOf(...asked), wireName) as Record<string, string>;

/** The connection under the names of the wire. */
export function connectionDocument(connection: Connection, issuer: string): z.input<typeof connectionReply> {
  const {
    clientSecret,
    bindPassword,
    etag: _etag,
    ...rest
  } = { clientSecret: undefined, bindPassword: undefined, etag: undefined, ...connection };
  const wire = rename(rest, wireName) as z.input<typeof connectionReply>;
  return {
    ...wire,
    declared: connection.declared !== undefined,
    ...(connection.kind === 'oidc' ? { has_client_secret: clientSecret !== undefined } : {}),
    ...(connection.kind === 'ldap' ? { has_bind_password: bindPassword !== undefined } : {}),
    domains: connection.domains.map(domainDocument),
    addresses: addressDocument(connection, issuer),
  };
}
