import type { Client } from '../clients/clients.ts';

/** Where a sign-in to this application begins (OIDC Core §4), or else its home page. */
export function startOf({ metadata }: Client, issuer: string): string | undefined {
  if (metadata.initiate_login_uri !== undefined) {
    const start = new URL(metadata.initiate_login_uri);
    start.searchParams.set('iss', issuer);
    return start.href;
  }
  const redirect = metadata.redirect_uris?.find((uri) => /^https?:/.test(uri));
  return metadata.client_uri ?? (redirect === undefined ? undefined : new URL('/', redirect).href);
}
