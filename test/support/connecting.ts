import assert from 'node:assert/strict';
import type { TestApp } from './app.ts';
import type { Browser, Page } from './browser.ts';
import { hidden } from './console.ts';

/** SAML metadata of a provider that signs with this certificate (PEM). */
export const samlMetadata = (entityId: string, pem: string): string =>
  [
    `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}">`,
    '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">',
    '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>',
    pem.replaceAll(/-----[^-]+-----|\s/g, ''),
    '</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService',
    ` Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${entityId}/sso"/>`,
    '</md:IDPSSODescriptor></md:EntityDescriptor>',
  ].join('');

/** Makes us a client of the provider, for a connection of this id; answers the secret. */
export async function clientAt(provider: TestApp, home: TestApp, id: string): Promise<string> {
  const metadata = {
    redirect_uris: [`${home.issuer}/federation/${id}/callback`],
    token_endpoint_auth_method: 'client_secret_basic',
  };
  const made = await provider.parts.clients.add(
    { id: `${id}-client`, name: 'Home', firstParty: true, metadata },
    'cli',
  );
  assert.ok(made.secret);
  return made.secret;
}

/** Sends a form of a page of the wizard to its address, below the path of the connections; answers the page after it. */
export async function sendTo(
  browser: Browser,
  page: Page,
  path: string,
  fields: Record<string, string> = {},
): Promise<Page> {
  const sent = await browser.send('POST', `/admin/connections/${path}`, { ...hidden(page), ...fields });
  return sent.headers.location === undefined ? sent : browser.open(new URL(sent.headers.location, sent.url));
}
