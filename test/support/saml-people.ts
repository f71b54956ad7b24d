import assert from 'node:assert/strict';
import { createSign, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { OwnKey } from '../../src/federation/connection.ts';
import type { TestApp } from './app.ts';
import type { Browser, Page } from './browser.ts';
import { nameId, saml, signed, time } from './saml-idp.ts';
import { answered, carried, type Keys, provider } from './saml-parts.ts';
import { authorization } from './signing-in.ts';

const now = () => Date.now() / 1000;
const sha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const protocol = 'urn:oasis:names:tc:SAML:2.0:protocol';

/** What a logout message of the provider says; every field can be a lie. */
export interface LogoutLies {
  id?: string;
  destination?: string;
  nameId?: string;
  sessionIndex?: string | undefined;
  relayState?: string;
  key?: Pick<OwnKey, 'privateKey' | 'certificate'>;
}

/** A SAML provider that is played here, connected with a server of ours under an id. */
export class SamlPeople {
  readonly home: TestApp;
  readonly id: string;
  readonly keys: Keys;

  constructor(home: TestApp, id: string, keys: Keys) {
    this.home = home;
    this.id = id;
    this.keys = keys;
  }

  /** An address of ours for this provider. */
  at = (name: 'acs' | 'slo' | 'metadata'): string => `${this.home.issuer}/federation/${this.id}/${name}`;

  /** Makes the connection from metadata; `signOut` are bindings of single logout. */
  async connect({ signOut = ['Redirect'], ...more }: { signOut?: string[]; [setting: string]: unknown } = {}) {
    const der = this.keys.idp.certificate.replaceAll(/-----[^-]+-----|\s/g, '');
    const service = (name: string, binding: string) =>
      `<md:${name} Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${binding}" Location="https://idp.example.test/${name}"/>`;
    const metadata = [
      `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${provider}">`,
      `<md:IDPSSODescriptor protocolSupportEnumeration="${protocol}"><md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
      ...signOut.map((binding) => service('SingleLogoutService', binding)),
      `${service('SingleSignOnService', 'Redirect')}</md:IDPSSODescriptor></md:EntityDescriptor>`,
    ].join('');
    const input = { id: this.id, name: 'Partner', preset: 'generic-saml', metadata, provision: true };
    await this.home.parts.connections.add({ ...input, mapping: { email: ['mail'] }, ...more }, 'cli');
  }

  /** Signs somebody in by the browser; answers the address of the client. */
  async signIn(browser: Browser, person: string, sessionIndex: string): Promise<Page> {
    const { url } = await browser.open(authorization(this.home, { idp_hint: this.id }));
    assert.equal(url.origin, 'https://idp.example.test', String(url));
    const [, requestId = ''] = / ID="([^"]+)"/.exec(carried({ by: 'redirect', url: url.href })) ?? [];
    const acs = this.at('acs');
    const message = answered(requestId, this.keys, {
      ...{ destination: acs, recipient: acs, audiences: [this.at('metadata')], nameId: nameId(person) },
      attributes: saml('mail', `${person}@${this.id}.example`) + saml('uid', `number of ${person}`),
      statement: `<saml:AuthnStatement AuthnInstant="${time(now() - 1)}" SessionIndex="${sessionIndex}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    });
    const fields = { SAMLResponse: message, RelayState: url.searchParams.get('RelayState') ?? '' };
    const filed = await browser.send('POST', acs, fields, { origin: 'https://idp.example.test' });
    return browser.open(new URL(filed.headers.location ?? '', acs));
  }

  /** A LogoutRequest as XML. */
  logoutRequest(lies: LogoutLies = {}): string {
    const index =
      lies.sessionIndex === undefined ? '' : `<samlp:SessionIndex>${lies.sessionIndex}</samlp:SessionIndex>`;
    return this.#message('LogoutRequest', lies, `<saml:NameID>${lies.nameId ?? 'person-1'}</saml:NameID>${index}`);
  }

  /** The address with a signed LogoutRequest (redirect binding). */
  asks = (lies: LogoutLies = {}): string => this.#query('SAMLRequest', this.logoutRequest(lies), lies);

  /** The fields of a form with a signed LogoutRequest (POST binding). */
  asksByPost = (lies: LogoutLies = {}): Record<string, string> => ({
    SAMLRequest: Buffer.from(
      signed(this.logoutRequest(lies), 'LogoutRequest', { key: lies.key ?? this.keys.idp }),
    ).toString('base64'),
    ...(lies.relayState === undefined ? {} : { RelayState: lies.relayState }),
  });

  /** The address with the signed answer to a LogoutRequest of ours. */
  answers(url: URL, status: string, lies: LogoutLies = {}): string {
    const [, requestId = ''] = / ID="([^"]+)"/.exec(carried({ by: 'redirect', url: url.href })) ?? [];
    const code = `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${status}"/></samlp:Status>`;
    const relayState = lies.relayState ?? url.searchParams.get('RelayState') ?? '';
    const message = this.#message('LogoutResponse', lies, code, ` InResponseTo="${requestId}"`);
    return this.#query('SAMLResponse', message, { ...lies, relayState });
  }

  #message(name: string, lies: LogoutLies, content: string, more = ''): string {
    const id = lies.id ?? `_logout${randomBytes(8).toString('hex')}`;
    const destination = lies.destination ?? this.at('slo');
    return `<samlp:${name} xmlns:samlp="${protocol}" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${time(now())}" Destination="${destination}"${more}><saml:Issuer>${provider}</saml:Issuer>${content}</samlp:${name}>`;
  }

  #query(field: string, xml: string, { relayState, key = this.keys.idp }: LogoutLies): string {
    const relay = relayState === undefined ? '' : `&RelayState=${encodeURIComponent(relayState)}`;
    const message = `${field}=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}${relay}&SigAlg=${encodeURIComponent(sha256)}`;
    const signature = createSign('sha256').update(message).sign(key.privateKey, 'base64');
    return `${this.at('slo')}?${message}&Signature=${encodeURIComponent(signature)}`;
  }
}
