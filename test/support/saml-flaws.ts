import { edit, type Flaw } from './saml-flaw.ts';
import { saml as attribute, nameId, time } from './saml-idp.ts';
import { entityId } from './saml-parts.ts';

const now = () => Date.now() / 1000;
const lines = (count: number, text: string) => text.repeat(count);
const statement = (inner: string) => `<saml:AuthnStatement${inner}</saml:AuthnStatement>`;

/** The form, and the document in it. */
export const form: Record<string, Flaw> = {
  'no message': { reason: 'missing_message', field: () => '' },
  'no base64': { reason: 'not_base64', field: (message) => `${message.slice(0, -4)}*===` },
  'more than 256 KiB': { reason: 'too_big', lies: { attributes: attribute('x', lines(300 * 1024, 'x')) } },
  'Latin-1': { reason: 'not_utf8', lies: { bytes: (xml) => Buffer.from(xml.replace('person-1', 'pérson'), 'latin1') } },
  'another encoding declared': {
    reason: 'not_utf8',
    lies: { edit: (xml) => `<?xml version="1.0" encoding="UTF-16"?>${xml}` },
  },
  'a DOCTYPE': { reason: 'doctype', lies: { edit: (xml) => `<!DOCTYPE Response>${xml}` } },
  'an external entity': {
    reason: 'doctype',
    lies: {
      edit: (xml) => `<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>${xml.replace('person-1', '&x;')}`,
    },
  },
  'billion laughs': {
    reason: 'doctype',
    lies: {
      edit: (xml) =>
        `<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "${lines(10, '&a;')}"><!ENTITY c "${lines(10, '&b;')}">]>${xml}`,
    },
  },
  'an entity that nobody declared': { reason: 'not_xml', lies: edit('person-1', '&who;') },
  'a comment in NameID': { reason: 'comment', lies: edit('person-1', 'person-1<!-- -->.evil') },
  'CDATA in NameID': { reason: 'cdata', lies: edit('person-1', '<![CDATA[person-1]]>') },
  'a processing instruction': { reason: 'processing_instruction', lies: edit('person-1', 'person<?x?>-1') },
  'deep nesting': { reason: 'too_deep', lies: { edit: () => lines(30_000, '<a>') } },
  'very many elements': { reason: 'too_many_elements', lies: { edit: () => `<a>${lines(25_000, '<b/>')}</a>` } },
  'an end that is missing': { reason: 'not_xml', lies: edit('</samlp:Response>', '') },
  'two roots': { reason: 'not_xml', lies: { edit: (xml) => `${xml}<x/>` } },
  'a relative namespace': { reason: 'relative_namespace', lies: edit('<samlp:Status>', '<samlp:Status xmlns:v="1">') },
  'the prefix xml declared anew': {
    reason: 'relative_namespace',
    lies: edit('<samlp:Status>', '<samlp:Status xmlns:xml="urn:other">'),
  },
  'another root': {
    reason: 'wrong_root',
    lies: { sign: 'assertion', edit: (xml) => xml.replaceAll('samlp:Response', 'samlp:Answer') },
  },
  'a Response of another namespace': {
    reason: 'wrong_root',
    lies: edit('xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"', 'xmlns:samlp="urn:other"'),
  },
  'another version': { reason: 'wrong_version', lies: { version: '1.1' } },
  'no assertion': { reason: 'no_assertion', lies: edit(/<saml:Assertion[\s\S]*<\/saml:Assertion>/, '') },
  'an assertion in an extension': {
    reason: 'misplaced_assertion',
    lies: {
      edit: (xml) =>
        xml.replace(
          /<saml:Assertion[\s\S]*<\/saml:Assertion>/,
          (found) => `<samlp:Extensions>${found}</samlp:Extensions>`,
        ),
    },
  },
  'the same ID twice': { reason: 'duplicate_id', lies: edit('<samlp:Status>', '<samlp:Status ID="_a" id="_a">') },
  'another RelayState': { reason: 'wrong_relay_state', login: { ticket: 'another' } },
};

/** The response around the assertion. */
export const response: Record<string, Flaw> = {
  'an error of the provider': { reason: 'provider_error', lies: { status: 'Responder' } },
  'a Destination elsewhere': { reason: 'wrong_destination', lies: { destination: 'https://sp.example.test/acs' } },
  'no Destination': { reason: 'wrong_destination', lies: { destination: undefined } },
  'another Issuer of the Response': { reason: 'wrong_issuer', lies: { issuer: 'https://evil.example.test' } },
  'no Issuer of a signed Response': {
    reason: 'wrong_issuer',
    lies: { sign: 'response', edit: (xml) => xml.replace(/(Response[^>]*>)<saml:Issuer>[^<]*<\/saml:Issuer>/, '$1') },
  },
  'no InResponseTo': { reason: 'unsolicited', lies: { inResponseTo: undefined } },
  'an answer to another request': { reason: 'wrong_in_response_to', lies: { inResponseTo: '_another' } },
  'a Response of tomorrow': { reason: 'wrong_issue_instant', lies: { issued: now() + 24 * 3600 } },
  'a Response of yesterday': { reason: 'wrong_issue_instant', lies: { issued: now() - 24 * 3600 } },
};

/** What the assertion says. */
export const assertion: Record<string, Flaw> = {
  'another Issuer of the Assertion': {
    reason: 'wrong_assertion_issuer',
    lies: { assertionIssuer: 'https://evil.example.test' },
  },
  'an Assertion of another version': {
    reason: 'malformed_assertion',
    lies: { sign: 'response', assertion: (xml) => xml.replace('Version="2.0"', 'Version="1.1"') },
  },
  'an Assertion of next year': {
    reason: 'wrong_assertion_issue_instant',
    lies: { assertionIssued: now() + 365 * 24 * 3600 },
  },
  'an Assertion of last year': {
    reason: 'wrong_assertion_issue_instant',
    lies: { assertionIssued: now() - 365 * 24 * 3600 },
  },
  'holder of key': {
    reason: 'wrong_confirmation_method',
    lies: { method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' },
  },
  'sender vouches': {
    reason: 'wrong_confirmation_method',
    lies: { method: 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches' },
  },
  'another Recipient': { reason: 'wrong_recipient', lies: { recipient: 'https://sp.example.test/acs' } },
  'no Recipient': { reason: 'wrong_recipient', lies: { recipient: undefined } },
  'a stolen assertion in a Response of one’s own': {
    reason: 'wrong_confirmation_in_response_to',
    lies: { confirmedRequest: '_of-the-victim' },
  },
  'a confirmation without InResponseTo': {
    reason: 'wrong_confirmation_in_response_to',
    lies: { confirmedRequest: undefined },
  },
  'a confirmation without end': { reason: 'confirmation_without_end', lies: { confirmedUntil: undefined } },
  'a confirmation with a beginning': { reason: 'confirmation_not_before', lies: { confirmedFrom: now() - 60 } },
  'a confirmation that is over': { reason: 'confirmation_expired', lies: { confirmedUntil: now() - 120 } },
  'conditions without times': {
    reason: 'conditions_without_end',
    lies: { notBefore: undefined, notOnOrAfter: undefined },
  },
  'conditions that are over': { reason: 'expired', lies: { notOnOrAfter: now() - 120 } },
  'conditions that have not begun': { reason: 'not_yet_valid', lies: { notBefore: now() + 120 } },
  'another audience': { reason: 'wrong_audience', lies: { audiences: ['https://other.example.test'] } },
  'our audience beside another': {
    reason: 'wrong_audience',
    lies: { audiences: [entityId, 'https://other.example.test'] },
  },
  'no audience': { reason: 'wrong_audience', lies: { audiences: [] } },
  'a condition that nobody knows': {
    reason: 'unknown_condition',
    lies: { condition: '<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"/>' },
  },
  'no AuthnStatement': { reason: 'no_authn_statement', lies: { statement: '' } },
  'two AuthnStatements': {
    reason: 'no_authn_statement',
    lies: { statement: lines(2, statement(` AuthnInstant="${time(now())}">`)) },
  },
  'a sign-in of tomorrow': { reason: 'wrong_authn_instant', lies: { authnInstant: now() + 24 * 3600 } },
  'a session that is over': { reason: 'session_over', lies: { sessionEnds: now() - 120 } },
  'an old sign-in where a new one was asked for': {
    reason: 'not_fresh',
    login: { fresh: true },
    lies: { authnInstant: now() - 3600 },
  },
  'an older sign-in than was allowed': {
    reason: 'not_fresh',
    login: { maxAge: 60 },
    lies: { authnInstant: now() - 3600 },
  },
  'a password where a second factor is required': {
    reason: 'weaker_authn_context',
    login: { strong: true },
    settings: { mfa: 'require', strongRequest: { authnContext: ['https://refeds.org/profile/mfa'] } },
  },
  'a transient NameID': {
    reason: 'transient_subject',
    lies: { nameId: nameId('x', 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient') },
  },
  'an address as NameID': {
    reason: 'wrong_subject_format',
    lies: { nameId: nameId('a@example.test', 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress') },
  },
  'no NameID': { reason: 'no_subject', lies: { nameId: '' } },
  'a NameID with space around it': { reason: 'no_subject', lies: { nameId: nameId(' person-1') } },
  'space around the attribute that names the person': {
    reason: 'no_subject',
    settings: { subject: ['uid'] },
    lies: { attributes: attribute('uid', 'a ') },
  },
  'an empty NameID': { reason: 'no_subject', lies: { nameId: nameId('') } },
  'an encrypted NameID': { reason: 'encrypted_subject', lies: { nameId: '<saml:EncryptedID/>' } },
  'two values of the attribute that names the person': {
    reason: 'no_subject',
    settings: { subject: ['uid'] },
    lies: { attributes: attribute('uid', 'a', 'b') },
  },
  'more groups than fit': {
    reason: 'groups_overage',
    lies: { attributes: attribute('http://schemas.microsoft.com/claims/groups.link', 'https://graph.windows.net/x') },
  },
};
