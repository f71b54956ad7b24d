import type { Checking } from './saml-message.ts';
import { demand } from './saml-reasons.ts';
import { attribute, children, escaped, ns, only, textOf } from './saml-xml.ts';

/** Formats of a NameID. */
export const formats = {
  persistent: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  transient: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
  unspecified: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
} as const;

const qualifiers = ['NameQualifier', 'SPNameQualifier', 'Format', 'SPProvidedID'];

/** A NameID of ours from one of theirs, as their logout wants to hear it. */
function serialised(nameId: Element): string {
  const attributes = qualifiers
    .map((name) => [name, attribute(nameId, name)] as const)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escaped(value ?? '')}"`);
  return `<saml:NameID xmlns:saml="${ns.assertion}"${attributes.join('')}>${escaped(nameId.textContent ?? '')}</saml:NameID>`;
}

/** Space around a name would be lost somewhere, and one person become another. */
const usable = (name: string): boolean => name !== '' && name === name.trim() && name.length <= 1024;

function checkFormat(given: string | undefined, { settings, trace }: Pick<Checking, 'settings' | 'trace'>): void {
  const format = given ?? formats.unspecified;
  const wanted = settings.nameIdFormat ?? formats.persistent;
  demand(trace, {
    ok: format !== formats.transient,
    check: 'NameID is not transient',
    reason: 'transient_subject',
    came: format,
    wanted,
    advice: 'Let the provider send a persistent NameID, or set an attribute that never changes: --map subject=NAME',
  });
  demand(trace, {
    ok: format === wanted,
    check: 'format of NameID',
    reason: 'wrong_subject_format',
    came: format,
    wanted,
    advice:
      'Let the provider send this NameID format, set an attribute that never changes (--map subject=NAME), or nameIdFormat (--settings-file)',
  });
}

/** What names the person for good: the attributes of the settings, or a NameID that does not change. */
export function subjectOf(
  subject: Element,
  claims: Readonly<Record<string, readonly string[]>>,
  { settings, trace }: Checking,
): { name: string; hint: string | undefined; nameId: string | undefined } {
  const nameId = only(subject, ns.assertion, 'NameID');
  const known = { hint: nameId && serialised(nameId), nameId: textOf(nameId) };
  demand(trace, {
    ok: children(subject, ns.assertion, 'EncryptedID').length === 0,
    check: 'NameID is readable',
    reason: 'encrypted_subject',
    advice: 'Let the provider encrypt the whole assertion instead of the NameID alone',
  });
  if (settings.subject.length > 0) return { name: fromAttributes(claims, { settings, trace }), ...known };
  const value = nameId?.textContent ?? '';
  demand(trace, {
    ok: nameId !== undefined && usable(value),
    check: 'NameID',
    reason: 'no_subject',
    advice: 'Let the provider send a persistent NameID, or set an attribute that never changes: --map subject=NAME',
  });
  checkFormat(nameId && attribute(nameId, 'Format'), { settings, trace });
  return { name: value, ...known };
}

/** Every attribute has one value; several attributes are joined by `|`, which none may contain. */
function fromAttributes(
  claims: Readonly<Record<string, readonly string[]>>,
  { settings, trace }: Pick<Checking, 'settings' | 'trace'>,
): string {
  const parts = settings.subject.map((name) => (Object.hasOwn(claims, name) ? (claims[name] ?? []) : []));
  const several = parts.length > 1;
  const lacking = settings.subject.find((_, at) => {
    const [value, ...others] = parts[at] ?? [];
    return value === undefined || others.length > 0 || !usable(value) || (several && value.includes('|'));
  });
  demand(trace, {
    ok: lacking === undefined,
    check: 'attributes of the subject',
    reason: 'no_subject',
    ...(lacking !== undefined && { came: `${lacking}: not one value` }),
    wanted: settings.subject.join(', '),
    advice: `Let the provider send ${lacking ?? 'these attributes'} with exactly one value`,
  });
  return parts.flat().join('|');
}
