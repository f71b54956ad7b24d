import { createSign, createVerify, hash, type KeyLike, X509Certificate } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import { attribute, children, named, ns, only, textOf } from './saml-xml.ts';

const more = 'http://www.w3.org/2001/04/xmldsig-more#';
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const enveloped = `${ns.signature}enveloped-signature`;
/** RSA keys below this are refused (NIST SP 800-131A). */
const leastModulus = 2048;

/** The signature algorithms that are accepted, with what node:crypto calls the hash. Never SHA-1, MD5 or HMAC. */
const algorithms: Readonly<Record<string, { hash: string; key: 'rsa' | 'ec' }>> = {
  [`${more}rsa-sha256`]: { hash: 'sha256', key: 'rsa' },
  [`${more}rsa-sha384`]: { hash: 'sha384', key: 'rsa' },
  [`${more}rsa-sha512`]: { hash: 'sha512', key: 'rsa' },
  [`${more}ecdsa-sha256`]: { hash: 'sha256', key: 'ec' },
  [`${more}ecdsa-sha384`]: { hash: 'sha384', key: 'ec' },
  [`${more}ecdsa-sha512`]: { hash: 'sha512', key: 'ec' },
};

const digests: Readonly<Record<string, string>> = {
  [`${ns.encryption}sha256`]: 'sha256',
  [`${more}sha384`]: 'sha384',
  [`${ns.encryption}sha512`]: 'sha512',
};

/** What we sign with. */
export const ourAlgorithm = `${more}rsa-sha256`;
const ourDigest = `${ns.encryption}sha256`;

/** Whether a signature algorithm is on the list. */
export const signatureAllowed = (algorithm: string | undefined): boolean =>
  algorithm !== undefined && Object.hasOwn(algorithms, algorithm);

/** Whether a digest algorithm is on the list. */
export const digestAllowed = (algorithm: string | undefined): boolean =>
  algorithm !== undefined && Object.hasOwn(digests, algorithm);

/** Whether these bytes were signed with the certificate's key; ECDSA as r and s (XML Signature 1.1 §6.4.3). */
export function signedBy(bytes: string, signature: string, algorithm: string, certificate: X509Certificate): boolean {
  const known = signatureAllowed(algorithm) ? algorithms[algorithm] : undefined;
  const { publicKey } = certificate;
  if (!known || publicKey.asymmetricKeyType !== known.key) return false;
  if (known.key === 'rsa' && (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < leastModulus) return false;
  const key = known.key === 'ec' ? { key: publicKey, dsaEncoding: 'ieee-p1363' as const } : publicKey;
  try {
    return createVerify(known.hash).update(bytes).verify(key, signature, 'base64');
  } catch {
    return false;
  }
}

/** A signature over bytes with our RSA key, as base64. */
export const signature = (bytes: string, privateKey: string): string =>
  createSign('sha256').update(bytes).sign(privateKey, 'base64');

/** The library knows fewer algorithms than providers use, and SHA-1: it is given exactly the list above. */
function verifier(certificate: X509Certificate): SignedXml {
  const signed = new SignedXml({ publicCert: certificate.publicKey });
  // SAML has one kind of ID; that IDs are unique under every other name too was looked at before.
  signed.idAttributes = ['ID'];
  signed.SignatureAlgorithms = Object.fromEntries(
    Object.keys(algorithms).map((name) => [
      name,
      class {
        getAlgorithmName = () => name;
        verifySignature = (bytes: string, _key: KeyLike, value: string) => signedBy(bytes, value, name, certificate);
        getSignature(): string {
          throw new Error('this one only verifies');
        }
      },
    ]),
  );
  signed.HashAlgorithms = Object.fromEntries(
    Object.entries(digests).map(([name, digest]) => [
      name,
      class {
        getAlgorithmName = () => name;
        getHash = (xml: string) => hash(digest, xml, 'base64');
      },
    ]),
  );
  return signed;
}

/**
 * Whether a Signature is what SAML allows (Core §5.4): one reference to its parent, enveloped, exclusively canonicalised,
 * and nothing else in it. Everything that wrapping attacks need is outside of that.
 */
export function wellFormed(signatureElement: Element): boolean {
  const parent = signatureElement.parentNode;
  const is = (elements: readonly Element[], ...names: string[]) =>
    elements.length === names.length && elements.every((element, at) => named(element, ns.signature, names[at] ?? ''));
  const parts = children(signatureElement);
  const [info, value] = parts;
  const reference = info && only(info, ns.signature, 'Reference');
  if (!info || !value || !reference || !parent || parent.nodeType !== 1) return false;
  if (!is(parts.slice(0, 2), 'SignedInfo', 'SignatureValue') || !(parts.length === 2 || is(parts.slice(2), 'KeyInfo')))
    return false;
  if (!is(children(info), 'CanonicalizationMethod', 'SignatureMethod', 'Reference')) return false;
  if (!is(children(reference), 'Transforms', 'DigestMethod', 'DigestValue')) return false;
  const id = attribute(parent as Element, 'ID');
  return (
    id !== undefined &&
    /^[A-Za-z_][\w.-]{0,255}$/.test(id) &&
    attribute(reference, 'URI') === `#${id}` &&
    canonical(attribute(children(info)[0] as Element, 'Algorithm')) &&
    transformsFit(children(reference)[0] as Element) &&
    // Digests are plain text: no element in them, and nothing that parsers join differently.
    children(children(reference)[2] as Element).length === 0 &&
    /^[A-Za-z0-9+/=\s]{20,120}$/.test(textOf(children(reference)[2]) ?? '')
  );
}

const canonical = (algorithm: string | undefined) =>
  algorithm === exclusive || algorithm === `${exclusive}WithComments`;

function transformsFit(transforms: Element): boolean {
  const [first, second, ...others] = children(transforms, ns.signature, 'Transform');
  if (!first || !second || others.length > 0 || children(transforms).length !== 2) return false;
  const extra = [first, second]
    .flatMap((each) => children(each))
    .filter(({ localName }) => localName !== 'InclusiveNamespaces');
  return attribute(first, 'Algorithm') === enveloped && canonical(attribute(second, 'Algorithm')) && extra.length === 0;
}

/** What was signed, exactly: the bytes that the digest was made of, without the signature. */
export interface Verified {
  xml: string;
  certificate: X509Certificate;
}

/** The signed bytes of an element whose Signature is well formed; undefined when none of the certificates made it. */
export function verified(
  xml: string,
  element: Element,
  certificates: readonly X509Certificate[],
): Verified | undefined {
  const signatureElement = only(element, ns.signature, 'Signature');
  if (!signatureElement) return undefined;
  for (const certificate of certificates) {
    const signed = verifier(certificate);
    try {
      signed.loadSignature(signatureElement);
      if (!signed.checkSignature(xml.replaceAll(/\r\n?/g, '\n'))) continue;
      const [bytes, ...others] = signed.getSignedReferences();
      if (bytes !== undefined && bytes !== '' && others.length === 0) return { xml: bytes, certificate };
    } catch {
      // Another certificate may have made it.
    }
  }
  return undefined;
}

/** The document with an enveloped signature of ours, right behind its Issuer as the schema wants it. */
export function signedXml(xml: string, root: string, key: { privateKey: string; certificate: string }): string {
  const signed = new SignedXml({
    privateKey: key.privateKey,
    publicCert: key.certificate,
    signatureAlgorithm: ourAlgorithm,
    canonicalizationAlgorithm: exclusive,
  });
  const path = `/*[local-name(.)='${root}']`;
  signed.addReference({ xpath: path, digestAlgorithm: ourDigest, transforms: [enveloped, exclusive] });
  signed.computeSignature(xml, { location: { reference: `${path}/*[local-name(.)='Issuer']`, action: 'after' } });
  return signed.getSignedXml();
}

const read = new WeakMap<readonly string[], readonly X509Certificate[]>();

/** Certificates out of PEM; a list that is used again is not read again. */
export function certificatesOf(pem: readonly string[]): readonly X509Certificate[] {
  const known = read.get(pem) ?? pem.map((each) => new X509Certificate(each));
  read.set(pem, known);
  return known;
}
