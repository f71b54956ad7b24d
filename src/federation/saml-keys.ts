// The certificate library looks for its parts through it, and has to find it loaded.
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { KeyUsageFlags, KeyUsagesExtension, X509CertificateGenerator } from '@peculiar/x509';
import type { OwnKey } from './connection.ts';

const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 3072,
};
/** Ten years, as providers keep certificates: it is replaced by rotation, long before. */
const lifetime = 10 * 365 * 24 * 3600;

const pem = (label: string, der: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replaceAll(/(.{64})(?=.)/g, '$1\n')}\n-----END ${label}-----\n`;

/**
 * A new key pair of ours for one connection: RSA with 3072 bits, and a certificate that we sign ourselves, since providers
 * want keys in that form. `now` in seconds.
 */
export async function newKey(name: string, use: OwnKey['use'], now: number): Promise<OwnKey> {
  const keys = await crypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
  const notAfter = Math.floor(now) + lifetime;
  const flags = use === 'signing' ? KeyUsageFlags.digitalSignature : KeyUsageFlags.keyEncipherment;
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: `00${randomBytes(16).toString('hex')}`,
      name: [{ CN: [`${name} ${use}`.slice(0, 64)] }],
      // A provider's clock may be behind ours.
      notBefore: new Date((now - 24 * 3600) * 1000),
      notAfter: new Date(notAfter * 1000),
      signingAlgorithm: rsa,
      keys,
      extensions: [new KeyUsagesExtension(flags, true)],
    },
    crypto,
  );
  return {
    kid: randomBytes(12).toString('base64url'),
    use,
    privateKey: pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', keys.privateKey)),
    certificate: pem('CERTIFICATE', certificate.rawData),
    notAfter,
  };
}
