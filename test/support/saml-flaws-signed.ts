import { createPublicKey } from 'node:crypto';
import { edit, type Flaw } from './saml-flaw.ts';
import { signed } from './saml-idp.ts';

const more = 'http://www.w3.org/2001/04/xmldsig-more#';
const oldDigest = 'http://www.w3.org/2000/09/xmldsig#sha1';
const signatureValue = /<ds:Signature\b[\s\S]*?<\/ds:Signature>/;

/** Signatures. */
export const signing: Record<string, Flaw> = {
  'no signature': { reason: 'unsigned', lies: { sign: 'none' } },
  'a signature taken off': { reason: 'unsigned', lies: edit(signatureValue, '') },
  'an unsigned Response where it must be signed': { reason: 'response_unsigned', settings: { signed: 'response' } },
  'an unsigned Assertion where it must be signed': {
    reason: 'assertion_unsigned',
    settings: { signed: 'assertion' },
    lies: { sign: 'response' },
  },
  'one signature where both are wanted': {
    reason: 'assertion_unsigned',
    settings: { signed: 'both' },
    lies: { sign: 'response' },
  },
  'a foreign key in KeyInfo': { reason: 'bad_signature', lies: (keys) => ({ signature: { key: keys.other } }) },
  'a value changed after signing': { reason: 'bad_signature', lies: edit('>person-1<', '>administrator<') },
  'a Response with a wrong signature around a signed Assertion': {
    reason: 'bad_signature',
    lies: (keys) => ({ edit: (xml) => signed(xml, 'Response', { key: keys.other }) }),
  },
  'a signature with SHA-1': {
    reason: 'weak_algorithm',
    lies: { signature: { algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' } },
  },
  'a digest with SHA-1': { reason: 'weak_algorithm', lies: { signature: { digest: oldDigest } } },
  'RSA with MD5': { reason: 'weak_algorithm', lies: edit(`${more}rsa-sha256`, `${more}rsa-md5`) },
  'an HMAC with the public key': {
    reason: 'weak_algorithm',
    lies: (keys) => {
      const pem = createPublicKey(keys.idp.certificate).export({ type: 'spki', format: 'pem' }).toString();
      const key = { privateKey: pem, certificate: keys.idp.certificate };
      return { signature: { key, algorithm: 'http://www.w3.org/2000/09/xmldsig#hmac-sha1' } };
    },
  },
  'no algorithm at all': {
    reason: 'weak_algorithm',
    lies: edit(/<ds:SignatureMethod[^>]*\/>/, '<ds:SignatureMethod/>'),
  },
  'a comment in the digest': { reason: 'comment', lies: edit('<ds:DigestValue>', '<ds:DigestValue><!--x-->') },
  'two SignedInfo': {
    reason: 'malformed_signature',
    lies: { edit: (xml) => xml.replace(/<ds:SignedInfo>[\s\S]*<\/ds:SignedInfo>/, (found) => `${found}${found}`) },
  },
  'two DigestValue': {
    reason: 'malformed_signature',
    lies: { edit: (xml) => xml.replace(/<ds:DigestValue>.*<\/ds:DigestValue>/, (found) => `${found}${found}`) },
  },
  'two references': {
    reason: 'malformed_signature',
    lies: { edit: (xml) => xml.replace(/<ds:Reference[\s\S]*<\/ds:Reference>/, (found) => `${found}${found}`) },
  },
  'two signatures of one element': {
    reason: 'misplaced_signature',
    lies: { edit: (xml) => xml.replace(signatureValue, (found) => `${found}${found}`) },
  },
  'a signature below the subject': {
    reason: 'misplaced_signature',
    lies: {
      edit: (xml) =>
        xml
          .replace(signatureValue, '')
          .replace('<saml:SubjectConfirmation ', () => `${signatureValue.exec(xml)?.[0]}<saml:SubjectConfirmation `),
    },
  },
  'a Signature of another namespace': {
    reason: 'misplaced_signature',
    lies: edit('<samlp:Status>', '<samlp:Status><x:Signature xmlns:x="urn:x"/>'),
  },
  'a reference to the whole document': { reason: 'malformed_signature', lies: edit(/URI="#[^"]*"/, 'URI=""') },
  'a reference with quotes': { reason: 'malformed_signature', lies: edit(/URI="#[^"]*"/, `URI="#x' or '1"`) },
  'a transform by XPath': {
    reason: 'malformed_signature',
    lies: edit(
      'http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>',
      'http://www.w3.org/TR/1999/REC-xpath-19991116"/></ds:Transforms>',
    ),
  },
  'a transform by XSLT': {
    reason: 'malformed_signature',
    lies: edit(
      '<ds:Transforms>',
      '<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>',
    ),
  },
  'no transform': {
    reason: 'malformed_signature',
    lies: edit(/<ds:Transforms>.*<\/ds:Transforms>/, '<ds:Transforms/>'),
  },
  'canonicalisation that includes its surroundings': {
    reason: 'malformed_signature',
    lies: edit(
      /<ds:CanonicalizationMethod[^>]*>/,
      '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>',
    ),
  },
  'the digest of nothing': {
    reason: 'bad_signature',
    lies: edit(
      /<ds:DigestValue>.*<\/ds:DigestValue>/,
      '<ds:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ds:DigestValue>',
    ),
  },
  'an Object in the signature': {
    reason: 'malformed_signature',
    lies: edit('</ds:Signature>', '<ds:Object/></ds:Signature>'),
  },
};

/** Encryption. */
export const encryption: Record<string, Flaw> = {
  'a plain assertion where it must be encrypted': { reason: 'not_encrypted', settings: { encrypted: true } },
  'an assertion for another key': { reason: 'not_decrypted', lies: ({ other }) => ({ encrypt: other }) },
  'a bit of the ciphertext turned over': {
    reason: 'not_decrypted',
    lies: ({ encryption: key }) => ({ encrypt: { certificate: key.certificate, broken: true } }),
  },
  'an encrypted text that is no assertion': {
    reason: 'not_decrypted',
    lies: ({ encryption: key }) => ({ encrypt: key, assertion: () => '<x/>' }),
  },
  'a DOCTYPE inside the encryption': {
    reason: 'not_decrypted',
    lies: ({ encryption: key }) => ({ encrypt: key, assertion: (xml) => `<!DOCTYPE x>${xml}` }),
  },
  'an unsigned assertion that anybody encrypted': {
    reason: 'unsigned',
    lies: ({ encryption: key }) => ({ encrypt: key, sign: 'none' }),
  },
  'SHA-1 inside the encryption': {
    reason: 'weak_algorithm',
    lies: ({ encryption: key }) => ({ encrypt: key, signature: { digest: oldDigest } }),
  },
  'CBC without a signature around it': {
    reason: 'weak_encryption',
    lies: ({ encryption: key }) => ({ encrypt: { certificate: key.certificate, content: 'aes256-cbc' } }),
  },
  '3DES': {
    reason: 'weak_encryption',
    lies: ({ encryption: key }) => ({
      sign: 'both',
      encrypt: { certificate: key.certificate, content: 'tripledes-cbc' },
    }),
  },
  'OAEP whose mask has another digest': {
    reason: 'weak_encryption',
    lies: ({ encryption: key }) => ({
      encrypt: {
        certificate: key.certificate,
        oaep: 'sha256',
        transport: 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
      },
      edit: (xml) => xml.replace(/<e:MGF[^>]*>/, ''),
    }),
  },
  'RSA 1.5': {
    reason: 'weak_encryption',
    lies: ({ encryption: key }) => ({
      encrypt: { certificate: key.certificate, transport: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5' },
    }),
  },
};
