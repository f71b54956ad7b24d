import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  dnKey,
  escapeDn,
  escapeFilter,
  filled,
  guidText,
  parseDn,
  placedInValues,
  placeholders,
  sidText,
  textOf,
  within,
} from '../../src/federation/ldap-names.ts';
import { bindReason, searchReason, tlsReason } from '../../src/federation/ldap-refusals.ts';

/** A table: what goes in, what comes out. */
function table<I, O>(name: string, run: (input: I) => O, rows: [input: I, output: O][]) {
  describe(name, () => {
    for (const [input, output] of rows)
      it(`${JSON.stringify(input)} → ${JSON.stringify(output)}`, () => assert.deepEqual(run(input), output));
  });
}

table('escapeFilter (RFC 4515 §3)', escapeFilter, [
  ['ana', 'ana'],
  ['*', '\\2a'],
  ['a(b)c', 'a\\28b\\29c'],
  ['\\', '\\5c'],
  ['\0', '\\00'],
  ['\\2a', '\\5c2a'],
  ['žofie 李', 'žofie 李'],
]);

table('escapeDn (RFC 4514 §2.4)', escapeDn, [
  ['ana', 'ana'],
  ['Novak, Ana', 'Novak\\, Ana'],
  ['a+b"c\\d<e>f;g=h', 'a\\+b\\"c\\\\d\\<e\\>f\\;g\\=h'],
  [' #', '\\ #'],
  ['#5', '\\#5'],
  ['end ', 'end\\ '],
  [' ', '\\ '],
  ['\0', '\\00'],
]);

table('filled', ([template, username]: [string, string]) => filled(template, { username }), [
  [['(uid={username})', 'ana'], '(uid=ana)'],
  [['(|(uid={username})(mail={username}))', '*'], '(|(uid=\\2a)(mail=\\2a))'],
  [['(uid={username})', '{username}'], '(uid={username})'],
  [['(uid={username})', '$&'], '(uid=$&)'],
  [['(member=uid={username},dc=test)', 'a,b*'], '(member=uid=a\\5c,b\\2a,dc=test)'],
  [['(member:1.2.3:={username})', 'a,b'], '(member:1.2.3:=a,b)'],
  [['(uid={other})', 'ana'], '(uid=)'],
  [['(uid={constructor})', 'ana'], '(uid=)'],
]);

table('placeholders', placeholders, [
  ['(|(uid={username})(member={dn}))', ['username', 'dn']],
  ['(uid={})', []],
]);

table('placedInValues', placedInValues, [
  ['(uid={username})', true],
  ['(&(objectClass=*)(uid=x{username}))', true],
  ['({username}=x)', false],
  ['({username})', false],
  ['{username}', false],
  ['(&{username}(uid=x))', false],
]);

table('parseDn', parseDn, [
  ['', []],
  ['uid=ana,dc=test', [[{ type: 'uid', value: 'ana' }], [{ type: 'dc', value: 'test' }]]],
  ['cn=Novak\\, Ana , dc=test', [[{ type: 'cn', value: 'Novak, Ana' }], [{ type: 'dc', value: 'test' }]]],
  ['cn=\\C5\\BEofie', [[{ type: 'cn', value: 'žofie' }]]],
  ['cn=a\\2Cb', [[{ type: 'cn', value: 'a,b' }]]],
  ['cn="a,b"', [[{ type: 'cn', value: 'a,b' }]]],
  ['cn=end\\ ', [[{ type: 'cn', value: 'end ' }]]],
  ['cn=back\\\\ ', [[{ type: 'cn', value: 'back\\' }]]],
  [
    'cn=a+uid=b',
    [
      [
        { type: 'cn', value: 'a' },
        { type: 'uid', value: 'b' },
      ],
    ],
  ],
  ['2.5.4.3=a', [[{ type: '2.5.4.3', value: 'a' }]]],
  ['cn=a=b', [[{ type: 'cn', value: 'a=b' }]]],
  ['ana', undefined],
  ['cn=a,,dc=test', undefined],
]);

table('dnKey, of two', ([one, other]: [string, string]) => dnKey(one) === dnKey(other), [
  [['CN=Ana, DC=Test', 'cn=ana,dc=test'], true],
  [['cn=a+uid=b,dc=test', 'uid=b+cn=a,dc=test'], true],
  [['cn=a\\2Cb', 'cn=a\\,b'], true],
  [['cn=a\\,b', 'cn=a,b=c'], false],
  [['cn=a,dc=test', 'cn=a+dc=test'], false],
  [['no dn', 'another'], false],
]);

table('within', ([dn, base]: [string, string]) => within(dn, base), [
  [['cn=a,ou=groups,dc=test', 'OU=Groups,DC=test'], true],
  [['ou=groups,dc=test', 'ou=groups,dc=test'], true],
  [['cn=a,dc=test', ''], true],
  [['cn=a\\,ou=groups,dc=test', 'ou=groups,dc=test'], false],
  [['cn=a,xou=groups,dc=test', 'ou=groups,dc=test'], false],
  [['dc=test', 'ou=groups,dc=test'], false],
]);

const guid = '33221100554477668899aabbccddeeff';
table('guidText', (hex: string) => guidText(Buffer.from(hex, 'hex')), [
  [guid, '00112233-4455-6677-8899-aabbccddeeff'],
  [`${guid}00`, undefined],
  ['', undefined],
]);

table('sidText (MS-DTYP §2.4.2)', (hex: string) => sidText(Buffer.from(hex, 'hex')), [
  ['010500000000000515000000a065cf7e784b9b5fe77c8770091c0100', 'S-1-5-21-2127521184-1604012920-1887927527-72713'],
  ['01020000000000052000000020020000', 'S-1-5-32-544'],
  ['010100000000000100000000', 'S-1-1-0'],
  ['0101000100000000ffffffff', 'S-1-0x000100000000-4294967295'],
  ['0100000000000005', 'S-1-5'],
  ['020100000000000100000000', undefined],
  ['0102000000000001000000', undefined],
  ['01010000000000010000000000', undefined],
  ['', undefined],
]);

table('textOf', ([name, hex]: [string, string]) => textOf(name, Buffer.from(hex, 'hex')), [
  [['cn', '416e61'], 'Ana'],
  [['cn', 'efbbbf41'], '\ufeffA'],
  [['cn', 'ff'], undefined],
  [['cn', '4100'], undefined],
  [['userCertificate;binary', '3030'], undefined],
  [['objectGUID', guid], '00112233-4455-6677-8899-aabbccddeeff'],
  [['OBJECTSID', '010100000000000100000000'], 'S-1-1-0'],
  [['objectGUID', '416e61'], undefined],
]);

const activeDirectory = (data: string) =>
  `80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data ${data}, v4563`;
table('bindReason', ([code, diagnostic]: [number, string]) => bindReason(code, diagnostic), [
  [[49, ''], 'wrong_password'],
  [[49, 'Invalid credentials'], 'wrong_password'],
  [[49, activeDirectory('525')], 'unknown_person'],
  [[49, activeDirectory('52e')], 'wrong_password'],
  [[49, activeDirectory('52E')], 'wrong_password'],
  [[49, activeDirectory('530')], 'sign_in_not_allowed'],
  [[49, activeDirectory('531')], 'sign_in_not_allowed'],
  [[49, activeDirectory('532')], 'password_expired'],
  [[49, activeDirectory('533')], 'account_disabled'],
  [[49, activeDirectory('534')], 'sign_in_not_allowed'],
  [[49, activeDirectory('701')], 'account_expired'],
  [[49, activeDirectory('773')], 'password_change_required'],
  [[49, activeDirectory('775')], 'account_locked'],
  [[49, activeDirectory('80090346')], 'wrong_password'],
  [[49, 'the data 533, of somebody'], 'wrong_password'],
  [[19, 'Exceed password retry limit'], 'account_locked'],
  [[51, ''], 'unreachable'],
  [[52, ''], 'unreachable'],
  [[53, activeDirectory('533')], 'person_bind_refused'],
  [[8, ''], 'person_bind_refused'],
  [[48, ''], 'person_bind_refused'],
]);

table('searchReason', searchReason, [
  [10, 'referral'],
  [32, 'base_not_found'],
  [34, 'base_not_found'],
  [3, 'limit_exceeded'],
  [4, 'limit_exceeded'],
  [11, 'limit_exceeded'],
  [51, 'unreachable'],
  [50, 'search_refused'],
  [1, 'search_refused'],
]);

table('tlsReason', tlsReason, [
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'wrong_host'],
  ['CERT_HAS_EXPIRED', 'expired_certificate'],
  ['CERT_NOT_YET_VALID', 'expired_certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'untrusted_certificate'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'untrusted_certificate'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'untrusted_certificate'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'untrusted_certificate'],
  ['INVALID_PURPOSE', 'untrusted_certificate'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls_failed'],
  ['EPROTO', 'tls_failed'],
  ['ECONNREFUSED', 'unreachable'],
  ['ENOTFOUND', 'unreachable'],
  ['', 'unreachable'],
]);
