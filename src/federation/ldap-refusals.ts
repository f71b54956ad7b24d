import { type Refusal, type Refused, refused } from './connector.ts';

/** Every reason for which the LDAP connector refuses, and what the directory's administrator can do about it. */
const advices = {
  bad_input: 'Ask the person to type the name and the password again; neither may be empty or longer than allowed',
  misconfigured: 'Correct the connection’s settings as the check says',
  not_encrypted: 'Use ldaps:// or StartTLS; without encryption only a directory on this very machine is asked',
  unreachable: 'See that the directory runs, and that name, port and firewall let this machine reach it in time',
  tls_failed: 'See that the server speaks TLS 1.2 or later on this port; ldap:// ports want StartTLS',
  start_tls_refused: 'Turn on TLS at the server (a certificate and its key), or use ldaps://',
  untrusted_certificate:
    'Give the connection the authority that signed the server’s certificate, by --certificate-authority FILE',
  expired_certificate: 'Renew the server’s certificate, or set the clocks',
  wrong_host: 'Use a name in the connection that the server’s certificate has as subjectAltName, or renew it with one',
  service_bind_refused: 'Correct the DN and the password that the connection binds with, or unlock that account',
  base_not_found: 'Correct the base DN, or let the connection’s account read it',
  search_refused: 'Let the connection’s account search below the base and read the attributes that are mapped',
  limit_exceeded: 'Raise the directory’s size and time limits for the connection’s account, or index the attributes',
  referral: 'Ask the server that holds the base itself; referrals are not followed',
  bad_answer: 'See that an LDAPv3 directory answers at this address',
  unknown_person: 'See that the person is below the base and fits the connection’s filter',
  ambiguous: 'Change the connection’s filter or base so that a name fits one person only',
  wrong_password: 'Nothing, unless it is the right password; then see that the person may bind to this server',
  password_expired: 'The person has to change the password at the directory; it has expired',
  password_change_required: 'The person has to change the password at the directory before the first sign-in',
  account_disabled: 'Enable the person’s account at the directory',
  account_expired: 'Extend the person’s account at the directory; it has expired',
  account_locked: 'Unlock the person’s account at the directory, or wait until it unlocks itself',
  sign_in_not_allowed: 'Let the person sign in at this time and from this machine (logon hours, workstations, rights)',
  person_bind_refused: 'See in the directory’s log why this person may not bind with a password',
  no_subject: 'Name an attribute as subject that everybody has exactly once and that never changes; let it be read',
  too_many_groups: 'Narrow the base or the filter of the groups; part of the groups would be left out otherwise',
} as const;

/** A reason of the closed list. */
export type LdapReason = keyof typeof advices;

/** The closed list of reasons, for the audit trail and the tests. */
export const ldapReasons = Object.keys(advices);

/** A refusal with the advice of its reason. */
export const refusal = (reason: LdapReason, what: Omit<Refusal, 'reason' | 'advice'>): Refused =>
  refused({ reason, advice: advices[reason], ...what });

/** Reasons that lie with one server: another one is asked. */
export const ofTheServer: ReadonlySet<string> = new Set<LdapReason>([
  'unreachable',
  'tls_failed',
  'start_tls_refused',
  'untrusted_certificate',
  'expired_certificate',
  'wrong_host',
]);

/** Active Directory's reasons for a refused bind, in hex after `data` in the diagnostic message (system error codes). */
const windows: Readonly<Record<string, LdapReason>> = {
  '525': 'unknown_person',
  '52e': 'wrong_password',
  '530': 'sign_in_not_allowed',
  '531': 'sign_in_not_allowed',
  '532': 'password_expired',
  '533': 'account_disabled',
  '534': 'sign_in_not_allowed',
  '701': 'account_expired',
  '773': 'password_change_required',
  '775': 'account_locked',
};

/** Why a person's bind was refused, by the result code (RFC 4511 §4.1.9) and the diagnostic message. */
export function bindReason(code: number, diagnostic: string): LdapReason {
  if (code === 51 || code === 52) return 'unreachable';
  // 389 Directory Server says so after too many tries.
  if (code === 19) return 'account_locked';
  if (code !== 49) return 'person_bind_refused';
  const [, data = ''] = /^[0-9a-f]{8}: [\s\S]*\bdata ([0-9a-f]{1,8}),/i.exec(diagnostic) ?? [];
  return windows[data.toLowerCase()] ?? 'wrong_password';
}

/** Why a search was refused, by its result code. */
export function searchReason(code: number): LdapReason {
  if (code === 51 || code === 52) return 'unreachable';
  if (code === 10) return 'referral';
  if (code === 32 || code === 34) return 'base_not_found';
  if (code === 3 || code === 4 || code === 11) return 'limit_exceeded';
  return 'search_refused';
}

/** Why a TLS connection did not come about, by the code of Node's or OpenSSL's error. */
export function tlsReason(code: string): LdapReason {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'wrong_host';
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'expired_certificate';
  if (/CERT|ISSUER|LEAF|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/.test(code)) return 'untrusted_certificate';
  if (/^(?:ERR_SSL|ERR_TLS|EPROTO)/.test(code)) return 'tls_failed';
  return 'unreachable';
}
