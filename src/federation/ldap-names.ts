/** A value for a filter (RFC 4515 §3): nothing in it is syntax any more. Other characters stay, they are sent as UTF-8. */
export const escapeFilter = (value: string): string =>
  value.replaceAll(/[\0()*\\]/g, (found) => `\\${found.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** A value for an RDN (RFC 4514 §2.4). */
export const escapeDn = (value: string): string =>
  value
    .replaceAll(/["+,;<>=\\]/g, '\\$&')
    .replaceAll('\0', '\\00')
    .replaceAll(/^[ #]|(?<!^) $/g, '\\$&');

const placeholder = /\{([A-Za-z][A-Za-z0-9-]*)\}/g;

/** The names of the placeholders in a filter. */
export const placeholders = (template: string): string[] =>
  [...template.matchAll(placeholder)].map(([, name = '']) => name);

/** Whether every placeholder stands where a value is expected; as an attribute name it could ask for anything. */
export const placedInValues = (template: string): boolean =>
  [...template.matchAll(placeholder)].every(({ index }) => valueBefore(template, index) !== undefined);

/** What the value of the filter's innermost part already has before this place; undefined before its `=`. */
function valueBefore(template: string, at: number): string | undefined {
  const part = template.slice(template.lastIndexOf('(', at) + 1, at);
  const equals = part.indexOf('=');
  return equals < 0 ? undefined : part.slice(equals + 1);
}

/** The filter with its placeholders filled: escaped for the filter, and before that for the DN if they stand inside one. */
export const filled = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replaceAll(placeholder, (_found, name: string, at: number) => {
    const value = Object.hasOwn(values, name) ? (values[name] ?? '') : '';
    return escapeFilter(valueBefore(template, at)?.includes('=') ? escapeDn(value) : value);
  });

/** The parts of one RDN; there are several when it is written with `+`. */
export type Rdn = readonly { type: string; value: string }[];

/** Splits at a separator that is not escaped and not quoted. */
function split(text: string, separators: string): string[] {
  const parts: string[] = [];
  let [from, quoted] = [0, false];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (sign === '\\') at += 1;
    else if (sign === '"') quoted = !quoted;
    else if (!quoted && separators.includes(sign)) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}

/** The value that an escaped one stands for; hex pairs are bytes of UTF-8. */
function unescaped(written: string): string {
  // An escaped space at the end belongs to the value; the others do not.
  const text = written.trimStart().replace(/(?<=(?:^|[^\\])(?:\\\\)*) +$/, '');
  const plain = text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text;
  return plain.replaceAll(/(?:\\[0-9a-fA-F]{2})+|\\(.)/gs, (found, sign?: string) =>
    sign === undefined ? Buffer.from(found.replaceAll('\\', ''), 'hex').toString('utf8') : sign,
  );
}

/** Reads a DN (RFC 4514, and the quotes and semicolons of RFC 2253 §4), the innermost RDN first; undefined when it is none. */
export function parseDn(dn: string): Rdn[] | undefined {
  if (dn.trim() === '') return [];
  const rdns = split(dn, ',;').map((rdn) =>
    split(rdn, '+').map((part) => {
      const [, type, value] = /^\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*=(.*)$/s.exec(part) ?? [];
      return type === undefined || value === undefined ? undefined : { type, value: unescaped(value) };
    }),
  );
  const whole = rdns.map((rdn) => rdn.filter((part) => part !== undefined));
  return whole.every((rdn, at) => rdn.length === rdns[at]?.length) ? whole : undefined;
}

const folded = (value: string): string => value.normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' ');

/** RDNs in a form that is the same for every spelling of the same DN. */
const keys = (dn: string): string[] =>
  parseDn(dn)?.map((rdn) =>
    JSON.stringify(rdn.map(({ type, value }) => [type.toLowerCase(), folded(value)].join('=')).sort()),
  ) ?? [JSON.stringify(dn)];

/** The same text for every spelling of the same DN. */
export const dnKey = (dn: string): string => keys(dn).join();

/** Whether an entry stands at or below a base. */
export function within(dn: string, base: string): boolean {
  const [inner, outer] = [keys(dn), keys(base)];
  return inner.length >= outer.length && outer.every((rdn, at) => rdn === inner[inner.length - outer.length + at]);
}

/** `objectGUID` as Windows writes it: the first three groups are little-endian. Undefined unless it has 16 bytes. */
export function guidText(bytes: Buffer): string | undefined {
  if (bytes.length !== 16) return undefined;
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  const hex = Buffer.from(order.map((at) => bytes.readUInt8(at))).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** `objectSid` as `S-1-5-21-…` (MS-DTYP §2.4.2). Undefined when it is no SID of revision 1. */
export function sidText(bytes: Buffer): string | undefined {
  const count = bytes[1] ?? 0;
  if (bytes[0] !== 1 || count > 15 || bytes.length !== 8 + 4 * count) return undefined;
  const parts = Array.from({ length: count }, (_, at) => bytes.readUInt32LE(8 + 4 * at));
  const authority = bytes.readUIntBE(2, 6);
  const first = authority >= 2 ** 32 ? `0x${authority.toString(16).padStart(12, '0')}` : String(authority);
  return ['S', '1', first, ...parts].join('-');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** An attribute's value as text: SIDs and GUIDs in their usual form; undefined for what is no text. */
export function textOf(attribute: string, bytes: Buffer): string | undefined {
  const name = attribute.toLowerCase();
  if (name === 'objectguid') return guidText(bytes);
  if (name === 'objectsid') return sidText(bytes);
  if (name.endsWith(';binary') || bytes.includes(0)) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
