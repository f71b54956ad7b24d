import { acceptedOne, acceptedValue, bounded, compact } from './accepted.ts';
import { type Filter, readTarget, type Target } from './filter.ts';
import { isRecord, type Resource, valueMatcher } from './matching.ts';
import { invalidPath, invalidSyntax, invalidValue, mutability, noTarget } from './problems.ts';
import { type Attribute, called, extensionCalled, type Kind, type Place, placeOf } from './schemas.ts';

/** One operation of a PATCH (RFC 7644 §3.5.2). */
export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path?: string;
  readonly value?: unknown;
}

type Op = PatchOperation['op'];
interface Aim {
  readonly attribute: Attribute;
  readonly sub?: Attribute | undefined;
  readonly within?: Filter | undefined;
}

const message = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const most = 1000;

/** The operations of a body; Entra ID begins their names with a capital. Throws `invalidSyntax`. */
export function readOperations(body: unknown): PatchOperation[] {
  const given = isRecord(body) ? body : {};
  const { schemas } = given;
  const list = given.Operations ?? given.operations;
  if (schemas !== undefined && !(Array.isArray(schemas) && schemas.includes(message))) {
    throw invalidSyntax(`The member schemas must be a list with ${message}`);
  }
  if (!Array.isArray(list) || list.length === 0 || list.length > most) {
    throw invalidSyntax(`Operations must be a list of 1 to ${most} operations`);
  }
  return list.map(readOperation);
}

function readOperation(given: unknown): PatchOperation {
  const { op, path, value } = isRecord(given) ? given : {};
  const verb = typeof op === 'string' ? op.toLowerCase() : '';
  if (verb !== 'add' && verb !== 'replace' && verb !== 'remove') {
    throw invalidSyntax('The op of an operation is add, replace or remove');
  }
  if (path !== undefined && path !== null && typeof path !== 'string') throw invalidPath('A path is a text');
  if (verb === 'remove' && !path) throw noTarget('An operation that removes needs a path');
  if (verb !== 'remove' && value === undefined) throw invalidValue(`An operation that would ${verb} needs a value`);
  return { op: verb, ...(path ? { path } : {}), value };
}

/** The resource as the operations make it, one after the other. Throws `invalidPath`, `invalidValue`, `mutability`, `noTarget`. */
export const patched = (kind: Kind, resource: Resource, operations: readonly PatchOperation[]): Resource =>
  operations.reduce((now, one) => applied(kind, now, one), resource);

function applied(kind: Kind, resource: Resource, { op, path, value }: PatchOperation): Resource {
  if (path !== undefined) {
    const extension = extensionCalled(kind, path);
    return extension
      ? members(kind, resource, { op, value: op === 'remove' ? resource[extension.id] : value }, `${extension.id}:`)
      : aimed(resource, { op, value }, aimAt(kind, path));
  }
  return members(kind, resource, { op, value });
}

/**
 * Without a path the value holds attributes (RFC 7644 §3.5.2.1), and Entra ID writes whole paths for their names:
 * `name.givenName`, `emails[type eq "work"].value`. What is not known, or not the client's to set, is left out as in a POST.
 */
function members(kind: Kind, resource: Resource, { op, value }: PatchOperation, prefix = ''): Resource {
  if (value === undefined && op === 'remove') return resource;
  if (!isRecord(value)) throw invalidValue('An operation without a path needs an object with attributes as its value');
  let now = resource;
  for (const [name, one] of Object.entries(value)) {
    const extension = extensionCalled(kind, name);
    if (extension && prefix === '') now = members(kind, now, { op, value: one }, `${extension.id}:`);
    else {
      const aim = aimIfAny(kind, prefix + name);
      if (aim && !aim.place.attribute.readOnly) now = aimed(now, { op, value: one }, aim);
    }
  }
  return now;
}

type Aimed = { place: Place; target: Target; sub: Attribute | undefined };

function aimIfAny(kind: Kind, path: string): Aimed | undefined {
  const target = readTarget(path, invalidPath);
  const place = placeOf(kind, target.path);
  const sub = target.sub === undefined ? place?.sub : called(place?.attribute.of, target.sub);
  if (!place || (target.sub !== undefined && !sub) || (target.within && (place.sub || !place.attribute.many))) {
    return undefined;
  }
  return { place, target, sub };
}

function aimAt(kind: Kind, path: string): Aimed {
  const found = aimIfAny(kind, path);
  if (!found) {
    throw invalidPath(
      `There is nothing here at the path ${path.slice(0, 200)}; GET /Schemas lists the attributes there are, so leave the others out of the mapping`,
    );
  }
  if (found.place.attribute.readOnly) throw mutability(`${found.place.attribute.name} cannot be changed`);
  return found;
}

function aimed(resource: Resource, operation: PatchOperation, { place, target, sub }: Aimed): Resource {
  const { attribute, extension } = place;
  if (attribute.required && operation.op === 'remove') throw mutability(`${attribute.name} cannot be removed`);
  const edit = (holder: Resource): Resource =>
    compact({
      ...holder,
      [attribute.name]: edited(holder[attribute.name], operation, { attribute, sub, within: target.within }),
    });
  if (extension === undefined) return edit(resource);
  const inside = resource[extension];
  return compact({ ...resource, [extension]: edit(isRecord(inside) ? inside : {}) });
}

function edited(before: unknown, { op, value }: PatchOperation, { attribute, sub, within }: Aim): unknown {
  if (attribute.many) {
    const list = Array.isArray(before) ? before.filter(isRecord) : [];
    return onePrimary(list, bounded(attribute, editedList(list, { op, value }, { attribute, sub, within })));
  }
  if (op === 'remove') return sub && isRecord(before) ? compact({ ...before, [sub.name]: undefined }) : undefined;
  if (sub) return compact({ ...(isRecord(before) ? before : {}), [sub.name]: acceptedValue(sub, value) });
  if (attribute.type !== 'complex' || value === null || value === '') return acceptedValue(attribute, value);
  return merged(attribute, isRecord(before) ? before : {}, value);
}

/** Parts that are named replace those there were; null, or an empty text, takes one away. */
function merged(attribute: Attribute, before: Resource, value: unknown): Resource {
  const named = isRecord(value) ? Object.entries(value).filter(([, one]) => one === null || one === '') : [];
  const gone = named.map(([name]) => called(attribute.of, name)?.name);
  const kept = Object.fromEntries(Object.entries(before).filter(([name]) => !gone.includes(name)));
  return { ...kept, ...acceptedOne(attribute, value) };
}

type Values = readonly Resource[];

function editedList(list: Values, { op, value }: PatchOperation, aim: Aim): Values {
  const { attribute, sub, within } = aim;
  if (within) return editedWithin(list, { op, value }, { ...aim, within });
  if (sub)
    return list.length === 0 && op !== 'remove'
      ? [part(sub, value)]
      : list.map((one) => withPart(one, { op, value }, sub));
  if (op === 'remove')
    return value === undefined || value === null ? [] : without(list, acceptedValue(attribute, value));
  const given = acceptedValue(attribute, value);
  const values = Array.isArray(given) ? given.filter(isRecord) : [];
  return distinct(attribute, op === 'replace' ? values : [...list, ...values]);
}

/** Entra ID names the members that are to go in the value: `{ "op": "Remove", "path": "members", "value": [{ "value": "ID" }] }`. */
function without(list: Values, given: unknown): Values {
  const gone = new Set((Array.isArray(given) ? given : []).map(keyOf));
  return list.filter((one) => !gone.has(keyOf(one)) && !gone.has(keyOf({ value: one.value })));
}

/** A value is known by its `value` and by what it is for. */
const keyOf = (one: Resource): string =>
  JSON.stringify(
    one.value === undefined ? one : [one.value, typeof one.type === 'string' ? one.type.toLowerCase() : ''],
  );

/** Each value once; the last one that was named counts. What cannot be changed is known by its `value` alone. */
function distinct({ of }: Attribute, list: Values): Values {
  const bare = called(of, 'value')?.immutable === true;
  return [...new Map(list.map((one) => [bare ? one.value : keyOf(one), one])).values()];
}

function editedWithin(list: Values, operation: PatchOperation, aim: Aim & { within: Filter }): Values {
  const { attribute, sub, within } = aim;
  const fits = valueMatcher(attribute, within);
  const { op, value } = operation;
  if (op === 'remove' && !sub) return list.filter((one) => !fits(one));
  const clears = op === 'remove' || (sub !== undefined && acceptedValue(sub, value) === undefined);
  if (!list.some(fits)) {
    if (clears) return list;
    const made = begun(attribute, within);
    return [...list, sub ? { ...made, ...part(sub, value) } : { ...made, ...acceptedOne(attribute, value) }];
  }
  const next = list.map((one) => {
    if (!fits(one)) return one;
    return sub ? withPart(one, operation, sub) : { ...one, ...acceptedOne(attribute, value) };
  });
  // A work address without an address is none.
  return clears ? next.filter((one) => Object.keys(one).some((name) => !labels.has(name))) : next;
}

const labels = new Set(['type', 'primary', 'display']);

/**
 * The value that a filter describes, where none fits: Entra ID replaces `emails[type eq "work"].value` of somebody who has
 * none, and expects it to be there then. Throws `noTarget` where the filter does not say what it would be (RFC 7644 §3.5.2.3).
 */
function begun(attribute: Attribute, within: Filter): Resource {
  const said = within.is === 'and' ? within.all : [within];
  const parts = said.map((one) => {
    const sub = one.is === 'comparison' && one.by === 'eq' ? called(attribute.of, one.path) : undefined;
    if (sub && sub.name !== 'value' && one.is === 'comparison' && one.value !== null) return part(sub, one.value);
    throw noTarget(`Nothing of ${attribute.name} fits the filter`);
  });
  return Object.assign({}, ...parts);
}

const part = (sub: Attribute, value: unknown): Resource => compact({ [sub.name]: acceptedValue(sub, value) });

const withPart = (one: Resource, { op, value }: { op: Op; value?: unknown }, sub: Attribute): Resource =>
  compact({ ...one, [sub.name]: op === 'remove' ? undefined : acceptedValue(sub, value) });

/** A new primary value takes that from the one before (RFC 7644 §3.5.2). */
function onePrimary(before: Values, next: Values): Values | undefined {
  if (next.filter(({ primary }) => primary === true).length < 2) return next.length === 0 ? undefined : next;
  const had = new Set(before.filter(({ primary }) => primary === true).map(keyOf));
  const fresh = next.findLast((one) => one.primary === true && !had.has(keyOf(one)));
  return next.map((one) => (one.primary === true && one !== fresh ? { ...one, primary: false } : one));
}
