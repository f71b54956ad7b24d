import { X509Certificate } from 'node:crypto';
import { invalid } from '../kernel/errors.ts';
import { type Connection, connection } from './connection.ts';
import { sentence } from './input.ts';
import { isSafe } from './surroundings.ts';

type Check = (one: Connection) => string | undefined;

/** Names that are lent to others one day: whoever is known by one is, then, the wrong person (nOAuth). */
const lent = ['email', 'mail', 'upn', 'preferred_username', 'unique_name', 'userprincipalname', 'samaccountname'];

const lastName = (name: string): string => (name.split(/[/:]/).at(-1) ?? name).toLowerCase();

/** What the types cannot say, each with what to change. */
const checks: Check[] = [
  (one) =>
    one.mfa !== 'ignore' && one.evidence.length === 0
      ? `mfa: ${one.mfa} needs evidence, or nobody could ever prove a second factor there (--mfa-evidence, such as amr=mfa)`
      : undefined,
  (one) => {
    const subject = one.kind === 'ldap' ? [one.subject] : one.subject;
    const name = subject.find((claim) => lent.includes(lastName(claim)));
    return name === undefined
      ? undefined
      : `subject: ${name} can belong to another person one day; name what is given once and for ever`;
  },
  ({ groupRules }) =>
    groupRules.some(({ role, group }) => (role === undefined) === (group === undefined))
      ? 'groupRules: each rule names a role or a group, and not both'
      : undefined,
  ({ groupRules }) =>
    new Set(groupRules.map(({ upstream, role, group }) => JSON.stringify([upstream, role, group]))).size <
    groupRules.length
      ? 'groupRules has a rule twice; leave one out'
      : undefined,
  (one) => (one.kind === 'oidc' ? oidc(one) : one.kind === 'saml' ? saml(one) : ldap(one)),
];

function oidc(one: Connection & { kind: 'oidc' }): string | undefined {
  if (!isSafe(one.issuer)) return 'issuer must be an https address';
  if (!isSafe(one.graph)) return 'graph must be an https address';
  if (one.subject.length === 0) return 'subject must name a claim, usually sub';
  if (!one.scope.split(' ').includes('openid')) return 'scope must have openid in it';
  if (one.issuer.includes('{tenantid}')) {
    if (one.tenants.length === 0) return 'tenants must name the tenants that may sign in (--tenant)';
    if (!one.subject.includes('tid')) return 'subject must have tid in it, since ids are unique within a tenant only';
  }
  const secret = one.auth.startsWith('client_secret');
  if (secret && one.clientSecret === undefined) {
    return `clientSecret is missing for ${one.auth}: give it (--client-secret-stdin), or another way to prove ourselves (--auth)`;
  }
  return !secret && one.clientSecret !== undefined
    ? `clientSecret is not used by ${one.auth}; leave it out`
    : undefined;
}

function saml(one: Connection & { kind: 'saml' }): string | undefined {
  if (one.metadataUrl !== undefined && !isSafe(one.metadataUrl)) return 'metadataUrl must be an https address';
  const places = [...one.signOn, ...one.signOut].flatMap(({ location, responseLocation = location }) => [
    location,
    responseLocation,
  ]);
  if (!places.every(isSafe)) return 'signOn and signOut must be https addresses';
  if (!one.certificates.every(isCertificate)) return 'certificates must be certificates in PEM';
  if (one.nameIdFormat?.endsWith(':transient')) {
    return 'nameIdFormat cannot be transient: it names the same person differently at every sign-in';
  }
  return undefined;
}

function ldap(one: Connection & { kind: 'ldap' }): string | undefined {
  const plain = one.servers.filter((server) => server.startsWith('ldap:'));
  if (!one.startTls && plain.some((server) => !isSafe(server.replace(/^ldap/, 'http')))) {
    return 'startTls must be on, or the servers ldaps://: passwords would be readable on the way';
  }
  if (!one.filter.includes('{username}')) return 'filter must have {username} where the typed name goes';
  if (one.certificateAuthority !== undefined && !isCertificate(one.certificateAuthority)) {
    return 'certificateAuthority must be a certificate in PEM';
  }
  if (one.bindDn === '' && one.bindPassword !== undefined) return 'bindDn is missing for bindPassword';
  return one.bindDn !== '' && one.bindPassword === undefined
    ? 'bindPassword is missing for bindDn: give the password of that account (--bind-password-stdin)'
    : undefined;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    // Node's error says in which byte of the encoding; that helps nobody.
    return false;
  }
}

const names = { oidc: 'an OpenID Connect', saml: 'a SAML', ldap: 'an LDAP' };
const badId = 'the id of a connection has 1 to 50 lower-case letters and digits, and - between them';
const required: Record<string, string> = {
  clientId: 'clientId is missing: give it as the provider calls us (--client-id)',
  issuer: 'issuer is missing: give the address (--from)',
  servers: 'servers is missing: give the address ldaps://HOST/BASE-DN (--from)',
  base: 'base is missing: give the address ldaps://HOST/BASE-DN (--from)',
};

/** A connection that can work, complete with usual values. Throws `invalid` with everything that is wrong. */
export function drafted(kind: Connection['kind'], settings: Readonly<Record<string, unknown>>): Connection {
  const result = connection.safeParse({ ...settings, kind });
  if (!result.success) {
    const wrong = result.error.issues.map((issue) => {
      const absent = issue.path.length === 1 && settings[String(issue.path[0])] === undefined;
      const known = absent ? required[String(issue.path[0])] : undefined;
      return known ?? (issue.path[0] === 'id' ? badId : sentence(issue, names[kind]));
    });
    throw invalid(wrong.join('; '));
  }
  const wrong = checks.map((check) => check(result.data)).filter((one) => one !== undefined);
  if (wrong.length > 0) throw invalid(wrong.join('; '));
  return result.data;
}
