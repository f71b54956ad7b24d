import type { X509Certificate } from 'node:crypto';
import type { SamlConnection, Surroundings } from './connection.ts';
import { type Refusal, type Refused, refused, type Trace } from './connector.ts';
import { demand, type SamlReason } from './saml-reasons.ts';
import { digestAllowed, signatureAllowed, type Verified, verified, wellFormed } from './saml-signature.ts';
import { attribute, instant, named, ns, parse, Unreadable, within } from './saml-xml.ts';

/** What every check of a message has at hand. */
export interface Checking {
  settings: SamlConnection;
  around: Surroundings;
  trace: Trace;
}

/** Bytes of a message, decoded; providers' messages have some 10 KiB. */
export const mostBytes = 256 * 1024;

/** Our names and addresses for one connection, as our metadata says them. */
export function ours(settings: SamlConnection, around: { issuer: string }) {
  const base = `${around.issuer}/federation/${settings.id}`;
  return { entityId: settings.entityId ?? `${base}/metadata`, acs: `${base}/acs`, slo: `${base}/slo` };
}

const advices: Partial<Record<SamlReason, string>> = {
  too_big: 'Send fewer attributes or groups: a message may have 256 KiB',
  too_many_elements: 'Send fewer attributes or groups',
  comment: 'Take comments out of the values and out of the message',
  duplicate_id: 'Give every element of the message an ID of its own',
};

/** The refusal of a document that cannot be read. */
export function unreadable(reason: SamlReason, cause?: unknown): Refused {
  return refused({
    reason,
    check: 'form of the message',
    advice: advices[reason] ?? 'The provider has to send a plain SAML 2.0 message in XML, as UTF-8 in base64',
    cause,
  });
}

/** Strict base64; lines may be broken. Throws `Unreadable`. */
export function decoded(base64: string): Buffer {
  if (base64.length > mostBytes * 1.4) throw new Unreadable('too_big');
  const text = base64.replaceAll(/[\r\n\t ]/g, '');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new Unreadable('not_base64');
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > mostBytes) throw new Unreadable('too_big');
  return bytes;
}

/** A message as text: strict UTF-8, without a byte order mark. Throws `Unreadable`. */
export function textFrom(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Unreadable('not_utf8', cause);
  }
}

/** Parses, or throws `refused` with the reason. */
export function parsed(xml: string): Element {
  try {
    return parse(xml);
  } catch (error) {
    throw error instanceof Unreadable ? unreadable(error.reason, error.cause) : error;
  }
}

const signatureAdvice =
  'Sign with one plain enveloped signature: exclusive canonicalisation, one reference to the element';

/** Every signature stands where SAML wants it, looks as it has to, and uses algorithms of today. */
export function checkSignatures(root: Element, parents: readonly [string, string][], trace: Trace): void {
  const signatures = within(root).filter((element) => element.localName === 'Signature');
  const placed = signatures.every(
    ({ parentNode, namespaceURI }) =>
      parents.some(([space, name]) => parentNode?.nodeType === 1 && named(parentNode as Element, space, name)) &&
      namespaceURI === ns.signature,
  );
  demand(trace, {
    ok: placed && new Set(signatures.map(({ parentNode }) => parentNode)).size === signatures.length,
    check: 'places of signatures',
    reason: 'misplaced_signature',
    advice: signatureAdvice,
  });
  checkAlgorithms(root, trace);
  demand(trace, {
    ok: signatures.every(wellFormed),
    check: 'form of signatures',
    reason: 'malformed_signature',
    advice: signatureAdvice,
  });
}

/** Allow-list over every SignatureMethod and DigestMethod, wherever it stands; key transport has a list of its own. */
function checkAlgorithms(root: Element, trace: Trace): void {
  const weak = within(root).find((element) => {
    if (element.localName === 'SignatureMethod') return !signatureAllowed(attribute(element, 'Algorithm'));
    const transport = element.parentNode?.nodeType === 1 && (element.parentNode as Element).localName;
    return (
      element.localName === 'DigestMethod' &&
      transport !== 'EncryptionMethod' &&
      !digestAllowed(attribute(element, 'Algorithm'))
    );
  });
  demand(trace, {
    ok: weak === undefined,
    check: 'algorithms of signatures',
    reason: 'weak_algorithm',
    ...(weak && { came: attribute(weak, 'Algorithm') ?? 'nothing' }),
    wanted: 'RSA or ECDSA with SHA-256, SHA-384 or SHA-512',
    advice: 'Choose RSA-SHA256 as signature algorithm at the provider',
  });
}

/** The signed bytes of an element that carries a signature: it must be right, whether or not it is needed. */
export function checkedBytes(
  xml: string,
  element: Element,
  { certificates, now }: { certificates: readonly X509Certificate[]; now: number },
  trace: Trace,
): Verified {
  const check = `signature of the ${element.localName}`;
  const found = verified(xml, element, certificates);
  if (!found) throw badSignature(check);
  demand(trace, {
    ok: now < found.certificate.validToDate.getTime() / 1000,
    check: `certificate of the ${element.localName}`,
    reason: 'certificate_expired',
    came: `valid until ${found.certificate.validToDate.toISOString()}`,
    advice: 'Renew the signing certificate at the provider, and import its metadata again',
  });
  trace.passed(check, `SHA-256 of the certificate: ${found.certificate.fingerprint256}`);
  return found;
}

/** The refusal of a signature that none of the certificates made. */
export const badSignature = (check: string): Refused =>
  refused({
    reason: 'bad_signature',
    check,
    advice: 'Import the provider’s metadata again: its signing certificate may have changed',
  } satisfies Refusal & { reason: SamlReason });

/** Times of a message: written now, not ahead, and not long ago. */
export function checkIssued(
  element: Element,
  reason: 'wrong_issue_instant' | 'wrong_assertion_issue_instant',
  { settings, around, trace }: Checking,
): void {
  const came = attribute(element, 'IssueInstant');
  const issued = instant(came);
  const now = around.now();
  demand(trace, {
    ok: issued !== undefined && issued <= now + settings.skew && issued > now - mostAge - settings.skew,
    check: `IssueInstant of the ${element.localName}`,
    reason,
    ...(came !== undefined && { came }),
    wanted: `within ${mostAge} s before ${new Date(now * 1000).toISOString()}, clocks may differ by ${settings.skew} s`,
    advice: 'Set the provider’s clock by NTP, and sign in again without waiting on the provider’s page',
  });
}

/** The age of a message (seconds). */
const mostAge = 300;
