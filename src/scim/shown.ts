import { isRecord, type Resource } from './matching.ts';
import { type Kind, type Place, placeOf } from './schemas.ts';

/** What of a resource is wanted (RFC 7644 §3.4.2.5); both are lists of attributes. */
export interface Wanted {
  readonly attributes?: readonly string[] | undefined;
  readonly excluded?: readonly string[] | undefined;
}

const nameOf = ({ extension, attribute, sub }: Place): string =>
  [extension ?? '', attribute.name, sub?.name ?? ''].join(' ');

/** Whether an attribute is shown at all; what is costly to find need not be found then. */
export function isWanted(kind: Kind, { attributes, excluded }: Wanted, name: string): boolean {
  const among = (list: readonly string[]) => list.some((path) => placeOf(kind, path)?.attribute.name === name);
  if (attributes && attributes.length > 0) return among(attributes);
  return !excluded?.some((path) => {
    const place = placeOf(kind, path);
    return place?.attribute.name === name && place.sub === undefined;
  });
}

/** The resource with what is wanted of it, and what is always there. Names that are no attributes are nobody's. */
export function shown(kind: Kind, resource: Resource, { attributes = [], excluded = [] }: Wanted): Resource {
  const listed = attributes.length > 0 ? attributes : excluded;
  if (listed.length === 0) return resource;
  const named = new Set(listed.flatMap((path) => extensionsAttributes(kind, path) ?? nameOfPath(kind, path)));
  const keeps = (place: Place): boolean | 'parts' => {
    if (place.attribute.always) return true;
    if (named.has(nameOf(place))) return attributes.length > 0;
    const parts = place.sub === undefined && place.attribute.of?.some((sub) => named.has(nameOf({ ...place, sub })));
    return parts ? 'parts' : attributes.length === 0;
  };
  return picked(kind, resource, keeps);
}

const nameOfPath = (kind: Kind, path: string): string[] => {
  const place = placeOf(kind, path.trim());
  return place ? [nameOf(place)] : [];
};

function extensionsAttributes({ extensions }: Kind, path: string): string[] | undefined {
  const found = extensions.find(({ id }) => id.toLowerCase() === path.trim().toLowerCase());
  return found?.attributes.map((attribute) => nameOf({ extension: found.id, attribute }));
}

type Keeps = (place: Place) => boolean | 'parts';

function picked(kind: Kind, resource: Resource, keeps: Keeps, extension?: string): Resource {
  const found: [string, unknown][] = [];
  for (const [name, value] of Object.entries(resource)) {
    const place = placeOf(kind, extension === undefined ? name : `${extension}:${name}`);
    if (place) {
      const kept = keeps(place);
      if (kept === true) found.push([name, value]);
      else if (kept === 'parts') found.push([name, inside(value, place, keeps)]);
    } else if (isRecord(value)) {
      const part = picked(kind, value, keeps, name);
      if (Object.keys(part).length > 0) found.push([name, part]);
    }
  }
  return Object.fromEntries(found);
}

function inside(value: unknown, place: Place, keeps: Keeps): unknown {
  if (Array.isArray(value)) return value.map((one) => inside(one, place, keeps));
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([name]) => {
    const sub = place.attribute.of?.find((one) => one.name === name);
    return sub && keeps({ ...place, sub }) === true;
  });
  return Object.fromEntries(kept);
}
