import { isRecord, type Resource } from './matching.ts';
import { invalidValue } from './problems.ts';
import { called, type Kind, placeOf } from './schemas.ts';

/** In which order resources are wanted (RFC 7644 §3.4.2.3). */
export interface Sort {
  /** A path, as it was written. */
  readonly by: string;
  readonly descending: boolean;
}

/**
 * Compares two resources of a kind: texts by their characters, without their case where the attribute has none; lists by their
 * primary or first value. What has no value is the last, in descending order the first. Throws `invalidValue` for what cannot
 * be sorted by.
 */
export function comparing(kind: Kind, { by, descending }: Sort): (a: Resource, b: Resource) => number {
  const keyOf = reading(kind, by);
  return (a, b) => {
    const [one, other] = [keyOf(a), keyOf(b)];
    const order = one === other ? 0 : one === undefined ? 1 : other === undefined ? -1 : one < other ? -1 : 1;
    return descending ? -order : order;
  };
}

function reading(kind: Kind, by: string): (of: Resource) => string | undefined {
  const { attribute, extension, sub } = placeOf(kind, by) ?? {};
  const part = sub ?? called(attribute?.of, 'value');
  const last = part ?? attribute;
  // Of a list without a primary value none is the one that counts.
  if (!attribute || !last || last.type === 'complex' || (attribute.many && !called(attribute.of, 'primary'))) {
    throw invalidValue(
      `sortBy names an attribute of ${kind.name} with one value, such as meta.created or name.familyName`,
    );
  }
  return (of) => {
    const holder = extension === undefined ? of : of[extension];
    const found = isRecord(holder) ? preferred(holder[attribute.name]) : undefined;
    const value = part && isRecord(found) ? found[part.name] : found;
    if (value === undefined || value === null) return undefined;
    return last.exact ? String(value) : String(value).normalize('NFC').toLowerCase();
  };
}

const preferred = (value: unknown): unknown =>
  Array.isArray(value) ? (value.find((one) => isRecord(one) && one.primary === true) ?? value[0]) : value;
