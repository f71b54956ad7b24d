// The certificate library looks for its parts through it, and has to find it loaded.
import 'reflect-metadata';
import { KeyObject, randomBytes, sign } from 'node:crypto';
import {
  BasicConstraintsExtension,
  Extension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ec = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const year = 365 * 86_400_000;

/** A certificate with its key. */
export interface Signer {
  certificate: X509Certificate;
  der: Buffer;
  pem: string;
  sign(data: Buffer, encoding?: 'der' | 'ieee-p1363'): Buffer;
}

interface Wanted {
  subject: string;
  by?: Signer & { privateKey: CryptoKey };
  extensions?: Extension[];
}

/** A certificate that `by` has signed, or a root. */
export async function certified({ subject, by, extensions = [] }: Wanted): Promise<Signer & { privateKey: CryptoKey }> {
  const keys = await crypto.subtle.generateKey(ec, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: `01${randomBytes(8).toString('hex')}`,
      ...{ subject, issuer: by?.certificate.subject ?? subject },
      notBefore: new Date(Date.now() - year),
      notAfter: new Date(Date.now() + year),
      signingAlgorithm: ec,
      publicKey: keys.publicKey,
      signingKey: by?.privateKey ?? keys.privateKey,
      extensions: [new BasicConstraintsExtension(by === undefined, undefined, true), ...extensions],
    },
    crypto,
  );
  const key = KeyObject.from(keys.privateKey);
  return {
    ...{
      certificate,
      privateKey: keys.privateKey,
      der: Buffer.from(certificate.rawData),
      pem: certificate.toString('pem'),
    },
    sign: (data, dsaEncoding = 'der') => sign('sha256', data, { key, dsaEncoding }),
  };
}

/** Whoever signs the list of FIDO, by this name. */
export const listSigner = (root: Signer & { privateKey: CryptoKey }, name: string) =>
  certified({
    subject: `CN=${name}`,
    by: root,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });

/** The certificate of a kind of authenticator (WebAuthn L3 §8.2.1). */
export function attestationSigner(maker: Signer & { privateKey: CryptoKey }, aaguid: string) {
  const value = Buffer.concat([Buffer.from([4, 16]), Buffer.from(aaguid.replaceAll('-', ''), 'hex')]);
  return certified({
    subject: 'C=SE, O=Maker, OU=Authenticator Attestation, CN=Key of Maker',
    by: maker,
    extensions: [new Extension('1.3.6.1.4.1.45724.1.1.4', false, value)],
  });
}

/** What a list says of one kind of authenticator. */
export const entry = (aaguid: string, maker: Signer, ...statuses: string[]) => ({
  aaguid,
  metadataStatement: {
    ...{ aaguid, description: 'A key', authenticatorVersion: 1, protocolFamily: 'fido2', schema: 3 },
    authenticationAlgorithms: ['secp256r1_ecdsa_sha256_raw'],
    attestationTypes: ['basic_full'],
    attestationRootCertificates: [maker.der.toString('base64')],
  },
  statusReports: ['FIDO_CERTIFIED_L1', ...statuses].map((status) => ({ status, effectiveDate: '2024-01-01' })),
  timeOfLastStatusChange: '2024-01-01',
});

/** The file of the FIDO Metadata Service (a JWT, FIDO Metadata Service §3.1.6). */
export function listFile(by: Signer, entries: readonly object[]): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = part({ alg: 'ES256', typ: 'JWT', x5c: [by.der.toString('base64')] });
  const payload = part({ legalHeader: 'none', no: 1, nextUpdate: '2999-01-01', entries });
  const signature = by.sign(Buffer.from(`${header}.${payload}`), 'ieee-p1363').toString('base64url');
  return `${header}.${payload}.${signature}`;
}
