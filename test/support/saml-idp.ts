import { createCipheriv, publicEncrypt, randomBytes, X509Certificate } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import type { OwnKey } from '../../src/federation/connection.ts';

const protocol = 'urn:oasis:names:tc:SAML:2.0:protocol';
const assertionNs = 'urn:oasis:names:tc:SAML:2.0:assertion';
const xmlenc = 'http://www.w3.org/2001/04/xmlenc#';

/** What a provider says; every field can be a lie, and `undefined` leaves it out. */
export interface Answer {
  destination: string | undefined;
  inResponseTo: string | undefined;
  issuer: string | undefined;
  version: string;
  issued: number;
  status: string;
  assertionId: string;
  assertionIssuer: string;
  assertionIssued: number;
  /** XML of the NameID, or of what stands in its place. */
  nameId: string;
  method: string;
  recipient: string | undefined;
  confirmedRequest: string | undefined;
  confirmedUntil: number | undefined;
  confirmedFrom: number | undefined;
  notBefore: number | undefined;
  notOnOrAfter: number | undefined;
  audiences: readonly string[];
  /** XML among the conditions. */
  condition: string;
  /** XML of the statement, or undefined for the usual one. */
  statement: string | undefined;
  authnInstant: number;
  sessionEnds: number | undefined;
  authnContext: string;
  /** XML of attributes. */
  attributes: string;
  sign: 'response' | 'assertion' | 'both' | 'none';
  signature: Signing;
  encrypt: Encrypting | undefined;
  /** Edits the assertion before it is encrypted, the signed message, and its bytes. */
  assertion: (xml: string) => string;
  edit: (xml: string) => string;
  bytes: (xml: string) => Buffer;
}

/** How it is signed. */
export interface Signing {
  key?: Pick<OwnKey, 'privateKey' | 'certificate'>;
  algorithm?: string;
  digest?: string;
  transforms?: readonly string[];
  inclusive?: readonly string[];
}

/** How it is encrypted. */
export interface Encrypting {
  certificate: string;
  content?: 'aes256-gcm' | 'aes128-gcm' | 'aes256-cbc' | 'tripledes-cbc';
  transport?: string;
  /** Digest and mask of OAEP; SHA-1 is its default. */
  oaep?: 'sha1' | 'sha256';
  /** Turns over a bit of the ciphertext. */
  broken?: boolean;
}

/** Seconds as SAML writes them. */
export const time = (seconds: number): string => new Date(seconds * 1000).toISOString();
const attribute = (name: string, value: string | undefined) => (value === undefined ? '' : ` ${name}="${value}"`);
const at = (name: string, seconds: number | undefined) =>
  attribute(name, seconds === undefined ? undefined : time(seconds));

/** A NameID as a provider writes it. */
export const nameId = (value: string, format = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'): string =>
  `<saml:NameID Format="${format}">${value}</saml:NameID>`;

/** One attribute with its values, as XML. */
export const saml = (name: string, ...values: string[]): string =>
  `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`;

function assertionXml(answer: Answer): string {
  const { audiences } = answer;
  const statement =
    answer.statement ??
    `<saml:AuthnStatement AuthnInstant="${time(answer.authnInstant)}" SessionIndex="_session1"${at('SessionNotOnOrAfter', answer.sessionEnds)}><saml:AuthnContext><saml:AuthnContextClassRef>${answer.authnContext}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`;
  return [
    `<saml:Assertion xmlns:saml="${assertionNs}" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="${answer.assertionId}" Version="2.0" IssueInstant="${time(answer.assertionIssued)}">`,
    `<saml:Issuer>${answer.assertionIssuer}</saml:Issuer><saml:Subject>${answer.nameId}`,
    `<saml:SubjectConfirmation Method="${answer.method}"><saml:SubjectConfirmationData${at('NotBefore', answer.confirmedFrom)}${at('NotOnOrAfter', answer.confirmedUntil)}${attribute('Recipient', answer.recipient)}${attribute('InResponseTo', answer.confirmedRequest)}/></saml:SubjectConfirmation></saml:Subject>`,
    `<saml:Conditions${at('NotBefore', answer.notBefore)}${at('NotOnOrAfter', answer.notOnOrAfter)}>`,
    audiences.length === 0
      ? ''
      : `<saml:AudienceRestriction>${audiences.map((name) => `<saml:Audience>${name}</saml:Audience>`).join('')}</saml:AudienceRestriction>`,
    `${answer.condition}</saml:Conditions>${statement}`,
    answer.attributes && `<saml:AttributeStatement>${answer.attributes}</saml:AttributeStatement>`,
    '</saml:Assertion>',
  ].join('');
}

/** Signs an element as providers do. */
export function signed(xml: string, element: 'Response' | 'Assertion' | 'LogoutRequest', by: Signing): string {
  const algorithm = by.algorithm ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
  const signer = new SignedXml({
    privateKey: by.key?.privateKey ?? '',
    publicCert: by.key?.certificate ?? '',
    getKeyInfoContent: SignedXml.getKeyInfoContent as () => string,
    signatureAlgorithm: algorithm,
    canonicalizationAlgorithm: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  });
  if (algorithm.includes('hmac')) signer.enableHMAC();
  signer.addReference({
    xpath: `//*[local-name(.)='${element}']`,
    digestAlgorithm: by.digest ?? `${xmlenc}sha256`,
    transforms: by.transforms ?? [
      'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
      'http://www.w3.org/2001/10/xml-exc-c14n#',
    ],
    ...(by.inclusive && { inclusiveNamespacesPrefixList: [...by.inclusive] }),
  });
  const reference = `//*[local-name(.)='${element}']/*[local-name(.)='Issuer']`;
  signer.computeSignature(xml, { prefix: 'ds', location: { reference, action: 'after' } });
  return signer.getSignedXml();
}

const sizes = { 'aes256-gcm': 32, 'aes128-gcm': 16, 'aes256-cbc': 32, 'tripledes-cbc': 24 };
const ciphers = { 'aes256-cbc': 'aes-256-cbc', 'tripledes-cbc': 'des-ede3-cbc' };

function ciphertext(xml: string, kind: keyof typeof sizes, key: Buffer): Buffer {
  if (kind === 'aes256-gcm' || kind === 'aes128-gcm') {
    const iv = randomBytes(12);
    const cipher = createCipheriv(kind === 'aes256-gcm' ? 'aes-256-gcm' : 'aes-128-gcm', key, iv);
    return Buffer.concat([iv, cipher.update(xml), cipher.final(), cipher.getAuthTag()]);
  }
  const iv = randomBytes(kind === 'aes256-cbc' ? 16 : 8);
  const cipher = createCipheriv(ciphers[kind], key, iv);
  return Buffer.concat([iv, cipher.update(xml), cipher.final()]);
}

/** An EncryptedAssertion of an assertion. */
export function encrypted(xml: string, { certificate, content = 'aes256-gcm', broken, ...rest }: Encrypting): string {
  const { oaep = 'sha1' } = rest;
  const newer = 'http://www.w3.org/2009/xmlenc11#';
  const transport = rest.transport ?? (oaep === 'sha1' ? `${xmlenc}rsa-oaep-mgf1p` : `${newer}rsa-oaep`);
  const digest = oaep === 'sha1' ? 'http://www.w3.org/2000/09/xmldsig#sha1' : `${xmlenc}sha256`;
  const mask = oaep === 'sha1' ? '' : `<e:MGF xmlns:e="${newer}" Algorithm="${newer}mgf1sha256"/>`;
  const key = randomBytes(sizes[content]);
  const bytes = ciphertext(xml, content, key);
  if (broken) bytes[20] = (bytes[20] ?? 0) ^ 1;
  // RSA_PKCS1_PADDING, RSA_PKCS1_OAEP_PADDING.
  const padding = transport.endsWith('rsa-1_5') ? 1 : 4;
  const wrapped = publicEncrypt({ key: new X509Certificate(certificate).publicKey, padding, oaepHash: oaep }, key);
  const space = content.endsWith('gcm') ? newer : xmlenc;
  const value = (data: Buffer) =>
    `<xenc:CipherData><xenc:CipherValue>${data.toString('base64')}</xenc:CipherValue></xenc:CipherData>`;
  return [
    `<saml:EncryptedAssertion xmlns:saml="${assertionNs}"><xenc:EncryptedData xmlns:xenc="${xmlenc}" Type="${xmlenc}Element"><xenc:EncryptionMethod Algorithm="${space}${content}"/>`,
    `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="${transport}"><ds:DigestMethod Algorithm="${digest}"/>${mask}</xenc:EncryptionMethod>${value(wrapped)}</xenc:EncryptedKey></ds:KeyInfo>`,
    `${value(bytes)}</xenc:EncryptedData></saml:EncryptedAssertion>`,
  ].join('');
}

/** The message of an answer in base64, as a form carries it. */
export function message(answer: Answer): string {
  const { sign, signature, encrypt } = answer;
  const plain = assertionXml(answer);
  const assertion = answer.assertion(
    sign === 'assertion' || sign === 'both' ? signed(plain, 'Assertion', signature) : plain,
  );
  const response = [
    `<samlp:Response xmlns:samlp="${protocol}" xmlns:saml="${assertionNs}" ID="_response${randomBytes(8).toString('hex')}" Version="${answer.version}" IssueInstant="${time(answer.issued)}"${attribute('Destination', answer.destination)}${attribute('InResponseTo', answer.inResponseTo)}>`,
    answer.issuer === undefined ? '' : `<saml:Issuer>${answer.issuer}</saml:Issuer>`,
    `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${answer.status}"/></samlp:Status>`,
    encrypt ? encrypted(assertion, encrypt) : assertion,
    '</samlp:Response>',
  ].join('');
  const whole = sign === 'response' || sign === 'both' ? signed(response, 'Response', signature) : response;
  return answer.bytes(answer.edit(whole)).toString('base64');
}
