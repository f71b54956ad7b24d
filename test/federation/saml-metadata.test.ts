import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { ourMetadata, readMetadata } from '../../src/federation/saml-metadata.ts';
import { refusal } from '../support/parts.ts';
import { acs, entityId, type Keys, makeKeys, provider, settingsOf, slo, surroundings } from '../support/saml-parts.ts';

const now = Math.floor(Date.now() / 1000);
const bare = (pem: string) => pem.replaceAll(/-----[^-]+-----|\s/g, '');

describe('metadata of a SAML provider', () => {
  let keys: Keys;
  before(async () => {
    keys = await makeKeys();
  });

  const key = (pem: string, use = ' use="signing"') =>
    `<md:KeyDescriptor${use}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${pem}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
  const service = (name: string, binding: string, location: string) =>
    `<md:${name} Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" Location="${location}" ResponseLocation="${location}-done"/>`;
  const role = (content: string) =>
    `<md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${content}</md:IDPSSODescriptor>`;
  const entity = (content: string, attributes = `entityID="${provider}"`) =>
    `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ${attributes}>${content}</md:EntityDescriptor>`;
  const services = [
    service('SingleLogoutService', 'HTTP-Redirect', 'https://idp.example.test/slo'),
    '<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>',
    service('SingleSignOnService', 'HTTP-Redirect', 'https://idp.example.test/sso'),
    service('SingleSignOnService', 'SOAP', 'https://idp.example.test/soap'),
    service('SingleSignOnService', 'HTTP-POST', 'https://idp.example.test/sso-post'),
  ].join('');
  const whole = () =>
    role(
      `${key(bare(keys.idp.certificate))}${key(bare(keys.other.certificate), '')}${key(bare(keys.encryption.certificate), ' use="encryption"')}${services}`,
    );
  const several = (...entities: string[]) =>
    `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="2099-01-01T00:00:00Z">${entities.join('')}</md:EntitiesDescriptor>`;

  it('is read into the names of the settings', () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?><!-- written by hand -->${entity(whole(), `entityID="${provider}" validUntil="2090-01-01T00:00:00Z"`)}`;
    assert.deepEqual(readMetadata(xml, { now }), {
      entityId: provider,
      signOn: [
        {
          binding: 'redirect',
          location: 'https://idp.example.test/sso',
          responseLocation: 'https://idp.example.test/sso-done',
        },
        {
          binding: 'post',
          location: 'https://idp.example.test/sso-post',
          responseLocation: 'https://idp.example.test/sso-post-done',
        },
      ],
      signOut: [
        {
          binding: 'redirect',
          location: 'https://idp.example.test/slo',
          responseLocation: 'https://idp.example.test/slo-done',
        },
      ],
      certificates: [keys.idp, keys.other].map(({ certificate }) => new X509Certificate(certificate).toString()),
      validUntil: Date.parse('2090-01-01T00:00:00Z') / 1000,
      wantAuthnRequestsSigned: true,
      nameIdFormats: ['urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'],
    });
  });

  it('is taken out of many by its name', () => {
    const other = entity(whole(), 'entityID="https://other.example.test"');
    const facts = readMetadata(several(other, entity(whole())), { now, expectedEntityId: provider });
    assert.equal(facts.entityId, provider);
    assert.equal(facts.validUntil, Date.parse('2099-01-01T00:00:00Z') / 1000);
  });

  const flaws: [string, (xml: () => string) => string, RegExp, string?][] = [
    ['a DOCTYPE', () => `<!DOCTYPE x>${entity(whole())}`, /doctype/],
    [
      'no signing certificate',
      () => entity(role(`${key(bare(keys.idp.certificate), ' use="encryption"')}${services}`)),
      /no signing certificate/,
    ],
    ['a certificate that is none', () => entity(role(`${key('AAAA')}${services}`)), /cannot be read/],
    [
      'an end in the past',
      () => entity(whole(), `entityID="${provider}" validUntil="2020-01-01T00:00:00Z"`),
      /expired/,
    ],
    ['an end in the past around it', () => several(entity(whole())).replace('2099', '2020'), /expired/],
    ['an end that cannot be read', () => entity(whole(), `entityID="${provider}" validUntil="soon"`), /expired/],
    [
      'an address over http',
      () => entity(whole().replace('https://idp.example.test/sso"', 'http://idp.example.test/sso"')),
      /https/,
    ],
    [
      'an address that runs',
      () => entity(whole().replace('https://idp.example.test/sso"', 'javascript:alert(1)"')),
      /https/,
    ],
    [
      'several providers, none of them named',
      () => several(entity(whole()), entity(whole(), 'entityID="https://b.test"')),
      /several/,
    ],
    ['another provider than expected', () => entity(whole()), /not of https:\/\/mine/, 'https://mine.example.test'],
    ['no provider in it', () => entity('<md:SPSSODescriptor/>'), /no SAML 2\.0 identity provider/],
    ['no address to sign in at', () => entity(role(key(bare(keys.idp.certificate)))), /SingleSignOnService/],
    ['another document', () => '<html/>', /EntityDescriptor/],
    ['no document', () => 'Not found', /cannot be read/],
  ];
  for (const [name, xml, sentence, expected] of flaws) {
    it(`is refused with ${name}`, () => {
      const options = { now, ...(expected !== undefined && { expectedEntityId: expected }) };
      assert.throws(() => readMetadata(xml(whole), options), refusal('invalid', sentence));
    });
  }

  it('may name an address of this machine', () => {
    const facts = readMetadata(entity(whole().replaceAll('https://idp.example.test', 'http://127.0.0.1:8080')), {
      now,
    });
    assert.equal(facts.signOn[0]?.location, 'http://127.0.0.1:8080/sso');
  });

  it('of ours has our addresses and every certificate, the next ones too', async () => {
    const xml = await ourMetadata(settingsOf(keys), surroundings(keys));
    for (const part of [
      acs,
      slo,
      `entityID="${entityId}"`,
      bare(keys.signing.certificate),
      bare(keys.encryption.certificate),
      bare(keys.next.certificate),
    ])
      assert.ok(xml.includes(part), part);
    assert.match(xml, /AuthnRequestsSigned="true" WantAssertionsSigned="true"/);
    assert.doesNotMatch(xml, /PRIVATE/);
    assert.match(
      await ourMetadata(settingsOf(keys, { entityId: 'urn:ours&' }), surroundings(keys)),
      /entityID="urn:ours&#38;"/,
    );
  });
});
