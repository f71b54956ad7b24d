import { asBoolean, isRecord, type Resource } from './matching.ts';
import { invalidSyntax, invalidValue } from './problems.ts';
import { type Attribute, called, common, extensionCalled, type Kind } from './schemas.ts';

const longest = 1000;
/** Values of one list; a group has more members than a person addresses. */
const mostValues = 100;
const mostMembers = 50_000;

/**
 * What of a body counts: known attributes that a client may set, under the names of their schemas. What is unknown or not the
 * client's to set is left out (RFC 7644 §3.3), so nobody is given anything by a name that was not foreseen. Throws `invalidSyntax`,
 * `invalidValue`.
 */
export function accepted(kind: Kind, body: unknown): Resource {
  if (!isRecord(body)) throw invalidSyntax(`Send a ${kind.name} as a JSON object`);
  checkSchemas(kind, body);
  const attributes = [...common, ...kind.schema.attributes];
  const found: [string, unknown][] = [];
  for (const [name, value] of Object.entries(body)) {
    const attribute = called(attributes, name);
    const extension = extensionCalled(kind, name);
    if (attribute && !attribute.readOnly) found.push([attribute.name, acceptedValue(attribute, value)]);
    else if (extension && isRecord(value)) found.push([extension.id, acceptedParts(extension.attributes, value)]);
  }
  return compact(Object.fromEntries(found));
}

/** Throws `invalidValue` when something is missing without which a resource is none. */
export function complete(kind: Kind, resource: Resource): Resource {
  for (const { name, required } of kind.schema.attributes) {
    const value = resource[name];
    if (required && (typeof value !== 'string' || value.trim() === '')) {
      throw invalidValue(`A ${kind.name} needs ${name}`);
    }
  }
  return resource;
}

/** A value as it is kept; undefined where it says that there is none (null, an empty text or list). Throws `invalidValue`. */
export function acceptedValue(attribute: Attribute, given: unknown): unknown {
  if (given === null || given === undefined || given === '') return undefined;
  if (attribute.many) return acceptedList(attribute, given);
  if (attribute.type === 'complex') return acceptedOne(attribute, given);
  return acceptedScalar(attribute, unwrapped(given));
}

/** One value of a list, or the only one of an attribute with parts. Throws `invalidValue`. */
export function acceptedOne(attribute: Attribute, given: unknown): Resource | undefined {
  // The bare value, as Entra ID sends a manager.
  const whole = isRecord(given) ? given : called(attribute.of, 'value') && { value: unwrapped(given) };
  if (!isRecord(whole)) throw invalidValue(`${attribute.name} must be an object with parts`);
  const parts = acceptedParts(attribute.of ?? [], whole);
  return Object.keys(parts).length === 0 ? undefined : parts;
}

/** The members that have a value: an empty list or object is none. */
export const compact = (resource: Resource): Resource =>
  Object.fromEntries(Object.entries(resource).filter(([, value]) => !isNothing(value)));

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) && value.length === 0) ||
  (isRecord(value) && Object.keys(value).length === 0);

function acceptedParts(attributes: readonly Attribute[], given: Resource): Resource {
  return compact(
    Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => {
        const attribute = called(attributes, name);
        return attribute && !attribute.readOnly ? [[attribute.name, acceptedValue(attribute, value)]] : [];
      }),
    ),
  );
}

function acceptedList(attribute: Attribute, given: unknown): readonly Resource[] {
  const all: readonly unknown[] = Array.isArray(given) ? given : [given];
  const found = bounded(attribute, all)
    .map((one) => acceptedOne(attribute, one))
    .filter((one) => one !== undefined);
  if (found.filter(({ primary }) => primary === true).length > 1) {
    throw invalidValue(`Only one of ${attribute.name} can be the primary one`);
  }
  return found;
}

/** The list, if it is not longer than this attribute may have it. Throws `invalidValue`. */
export function bounded<T>({ name }: Attribute, list: readonly T[]): readonly T[] {
  const most = name === 'members' ? mostMembers : mostValues;
  if (list.length <= most) return list;
  throw invalidValue(`${name} may have at most ${most} values`);
}

function acceptedScalar({ name, type }: Attribute, given: unknown): unknown {
  if (type === 'boolean') {
    const truth = asBoolean(given);
    if (truth === undefined) throw invalidValue(`${name} must be true or false`);
    return truth;
  }
  const text = typeof given === 'number' ? String(given) : given;
  if (typeof text !== 'string') throw invalidValue(`${name} must be a text`);
  if (text.length > longest) throw invalidValue(`${name} has at most ${longest} characters`);
  if (/[^\P{Cc}\t\r\n]|\p{Cs}/u.test(text)) throw invalidValue(`${name} has characters that cannot be shown`);
  return text;
}

/** `[{ "value": "False" }]`, as old jobs of Entra ID send a single value. */
function unwrapped(given: unknown): unknown {
  const [only, ...more] = Array.isArray(given) ? given : [given];
  if (more.length > 0) return given;
  return isRecord(only) && 'value' in only ? only.value : only;
}

function checkSchemas(kind: Kind, { schemas }: Resource): void {
  if (schemas === undefined) return;
  if (Array.isArray(schemas) && schemas.includes(kind.schema.id)) return;
  throw invalidSyntax(`The member schemas must be a list with ${kind.schema.id}`);
}
