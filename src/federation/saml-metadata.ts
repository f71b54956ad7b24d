import { X509Certificate } from 'node:crypto';
import { invalid } from '../kernel/errors.ts';
import type { SamlConnection, Surroundings } from './connection.ts';
import { ours } from './saml-message.ts';
import { attribute, children, escaped, instant, named, ns, parse, textOf, Unreadable } from './saml-xml.ts';

/** What a provider's metadata says, under the names of the settings. Times in seconds. */
export interface MetadataFacts {
  entityId: string;
  signOn: SamlConnection['signOn'];
  signOut: SamlConnection['signOut'];
  /** PEM, every one that is declared for signing. */
  certificates: string[];
  /** The earliest end that the document names; undefined when it names none. */
  validUntil: number | undefined;
  wantAuthnRequestsSigned: boolean;
  nameIdFormats: string[];
}

const bindings = new Map<string, 'redirect' | 'post'>([
  ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', 'redirect'],
  ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST', 'post'],
]);

/** Metadata of federations is large: read the one of a single provider. */
const mostCharacters = 2_000_000;

function root(xml: string): Element {
  if (xml.length > mostCharacters) throw invalid('The metadata is too large: give the metadata of one provider');
  try {
    return parse(xml, { comments: true });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw invalid(
      `The metadata cannot be read (${error.reason}): give the provider’s SAML 2.0 metadata as it serves it`,
    );
  }
}

/** Every EntityDescriptor of a document, with the groups it stands in, in which an end may be named too. */
function entities(
  element: Element,
  around: readonly Element[] = [],
): { entity: Element; around: readonly Element[] }[] {
  if (named(element, ns.metadata, 'EntityDescriptor')) return [{ entity: element, around }];
  if (!named(element, ns.metadata, 'EntitiesDescriptor')) return [];
  return children(element).flatMap((child) => entities(child, [...around, element]));
}

function chosen(document: Element, expected: string | undefined) {
  const all = entities(document);
  const [first] = all;
  if (!first) throw invalid('This is no SAML 2.0 metadata: its root must be EntityDescriptor');
  const fitting = expected === undefined ? all : all.filter(({ entity }) => attribute(entity, 'entityID') === expected);
  const [found] = fitting;
  if (!found) {
    throw invalid(
      `The metadata is of ${attribute(first.entity, 'entityID') ?? 'nobody'} and not of ${expected}: check the address, or make a new connection`,
    );
  }
  if (fitting.length > 1) throw invalid('The metadata describes several providers: say which entity id is meant');
  return found;
}

function endpoints(role: Element, name: string): SamlConnection['signOn'] {
  return children(role, ns.metadata, name).flatMap((element) => {
    const binding = bindings.get(attribute(element, 'Binding') ?? '');
    const response = attribute(element, 'ResponseLocation');
    if (!binding) return [];
    const location = address(attribute(element, 'Location'), name);
    return [{ binding, location, ...(response !== undefined && { responseLocation: address(response, name) }) }];
  });
}

/** https, or a machine's own address. */
function address(location: string | undefined, name: string): string {
  const url = URL.parse(location ?? '');
  const loopback = url && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback)) return url.href;
  throw invalid(`The ${name} of the metadata must be an https address`);
}

function certificates(role: Element): string[] {
  const keys = children(role, ns.metadata, 'KeyDescriptor').filter((key) => attribute(key, 'use') !== 'encryption');
  const texts = keys
    // Others in the same descriptor are those that issued the first.
    .flatMap((key) => Array.from(key.getElementsByTagNameNS(ns.signature, 'X509Certificate')).slice(0, 1))
    .map((element) => textOf(element)?.replaceAll(/\s/g, '') ?? '');
  return [...new Set(texts)].map((text) => {
    try {
      return new X509Certificate(Buffer.from(text, 'base64')).toString();
    } catch {
      throw invalid('A signing certificate of the metadata cannot be read');
    }
  });
}

function validUntil(elements: readonly Element[]): number | undefined {
  const given = elements.map((element) => attribute(element, 'validUntil')).filter((end) => end !== undefined);
  const ends = given.map((end) => instant(end) ?? 0);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/**
 * Reads a provider's metadata; nothing in it can switch a check off. `now` in seconds. Throws `invalid` for what must not be
 * used: no signing certificate, expired, plain http, another provider than expected, several providers.
 */
export function readMetadata(
  xml: string,
  { now, expectedEntityId }: { now: number; expectedEntityId?: string | undefined },
): MetadataFacts {
  const { entity, around } = chosen(root(xml), expectedEntityId);
  const entityId = attribute(entity, 'entityID');
  const role = children(entity, ns.metadata, 'IDPSSODescriptor').find((each) =>
    (attribute(each, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(ns.protocol),
  );
  if (!entityId || !role) throw invalid('The metadata describes no SAML 2.0 identity provider (IDPSSODescriptor)');
  const until = validUntil([...around, entity, role]);
  if (until !== undefined && until <= now) throw invalid('The metadata has expired: let the provider renew it');
  const facts = {
    entityId,
    signOn: endpoints(role, 'SingleSignOnService'),
    signOut: endpoints(role, 'SingleLogoutService'),
    certificates: certificates(role),
    validUntil: until,
    wantAuthnRequestsSigned: ['true', '1'].includes(attribute(role, 'WantAuthnRequestsSigned') ?? ''),
    nameIdFormats: children(role, ns.metadata, 'NameIDFormat').map((element) => textOf(element) ?? ''),
  };
  if (facts.signOn.length === 0) throw invalid('The metadata has no SingleSignOnService for redirect or POST');
  if (facts.certificates.length === 0)
    throw invalid('The metadata has no signing certificate: without one nothing can be verified');
  return facts;
}

const keyDescriptor = (use: 'signing' | 'encryption', pem: string): string => {
  const der = new X509Certificate(pem).raw.toString('base64');
  const methods =
    use === 'encryption'
      ? `<md:EncryptionMethod Algorithm="${ns.encryption11}aes256-gcm"/><md:EncryptionMethod Algorithm="${ns.encryption}rsa-oaep-mgf1p"/>`
      : '';
  return `<md:KeyDescriptor use="${use}"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>${methods}</md:KeyDescriptor>`;
};

/** Our metadata for one connection, with all of our certificates, so that a provider knows the next before it is used. */
export async function ourMetadata(settings: SamlConnection, around: Surroundings): Promise<string> {
  const { entityId, acs, slo } = ours(settings, around);
  const signing = (await around.keys('signing')).map(({ certificate }) => keyDescriptor('signing', certificate));
  const encryption = (await around.keys('encryption')).map(({ certificate }) =>
    keyDescriptor('encryption', certificate),
  );
  const services = [...bindings.keys()].map(
    (binding) => `<md:SingleLogoutService Binding="${binding}" Location="${escaped(slo)}"/>`,
  );
  const format = settings.nameIdFormat ? `<md:NameIDFormat>${escaped(settings.nameIdFormat)}</md:NameIDFormat>` : '';
  // Where either would do, a signed assertion is the better one.
  const wantsAssertion = settings.signed !== 'response';
  return [
    `<md:EntityDescriptor xmlns:md="${ns.metadata}" xmlns:ds="${ns.signature}" entityID="${escaped(entityId)}">`,
    `<md:SPSSODescriptor AuthnRequestsSigned="${settings.signRequests}" WantAssertionsSigned="${wantsAssertion}" protocolSupportEnumeration="${ns.protocol}">`,
    ...signing,
    ...encryption,
    ...services,
    format,
    `<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${escaped(acs)}" index="0" isDefault="true"/>`,
    '</md:SPSSODescriptor></md:EntityDescriptor>',
  ].join('');
}
