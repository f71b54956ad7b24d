import { X509Certificate } from 'node:crypto';
import type { KoaContextWithOIDC, TLSClientAuthProperty } from 'oidc-provider';

/** Node prints a subject one attribute a line, least specific first; RFC 4514 writes it the other way round, on one line. */
const distinguishedName = (subject: string): string => subject.split('\n').reverse().join(',');

const normalised = (name: string): string =>
  name
    .split(/(?<!\\),/)
    .map((part) => part.trim().replace(/^([^=\s]+)\s*=\s*/, (_match, type: string) => `${type.toUpperCase()}=`))
    .join(',');

const alternatives: Partial<Record<TLSClientAuthProperty, string>> = {
  tls_client_auth_san_dns: 'DNS',
  tls_client_auth_san_uri: 'URI',
  tls_client_auth_san_ip: 'IP Address',
  tls_client_auth_san_email: 'email',
};

/**
 * Client certificates as a TLS-terminating proxy hands them on in a header: PEM, plain or percent-encoded. The guard has
 * removed the header from every request that did not come through a trusted proxy; the proxy must have verified the chain.
 */
export const clientCertificates = (header: string) => ({
  getCertificate: (ctx: KoaContextWithOIDC) => certificateIn(ctx.get(header))?.toString(),
  certificateAuthorized: (): boolean => true,
  certificateSubjectMatches(ctx: KoaContextWithOIDC, property: TLSClientAuthProperty, expected: string): boolean {
    const shown = certificateIn(ctx.get(header));
    if (shown === undefined) return false;
    if (property === 'tls_client_auth_subject_dn') {
      return normalised(distinguishedName(shown.subject)) === normalised(expected);
    }
    const names = (shown.subjectAltName ?? '').split(', ');
    return names.includes(`${alternatives[property]}:${expected}`);
  },
});

/** The certificate in a header; without line breaks, which PEM wants back. Undefined for what is no certificate. */
export function certificateIn(text: string): X509Certificate | undefined {
  if (text === '') return undefined;
  try {
    const body = (text.includes('%') ? decodeURIComponent(text) : text).replace(
      /-----(?:BEGIN|END) CERTIFICATE-----|\s+/g,
      '',
    );
    return new X509Certificate(Buffer.from(body, 'base64'));
  } catch {
    return undefined;
  }
}
