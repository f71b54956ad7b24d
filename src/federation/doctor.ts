import type { Connection } from './connection.ts';
import type { Evidence, UpstreamIdentity } from './connector.ts';
import { levelProven } from './evidence.ts';
import { domainName, mapped, rulesFor } from './mapping.ts';
import type { Person, Recorder } from './report.ts';

/** Claims of the protocol itself, which no rule has to look at. */
const ofTheProtocol = new Set(
  `iss sub aud exp iat nbf nonce azp jti sid at_hash c_hash s_hash auth_time amr acr acrs authn_context ver rh uti aio
  xms_ftd`.split(/\s+/),
);

/** Claims and attributes that no rule of the connection looks at. */
export function unused(claims: Readonly<Record<string, unknown>>, connection: Connection): string[] {
  const groups = connection.kind === 'ldap' ? ['groups', 'memberOf'] : connection.groups;
  const subject = connection.kind === 'ldap' ? [connection.subject] : connection.subject;
  const attributes = connection.evidence.flatMap(({ attribute }) => (attribute ? [attribute.name] : []));
  const used = new Set([...Object.values(connection.mapping).flat(), ...groups, ...subject, ...attributes]);
  return Object.keys(claims).filter((name) => !used.has(name) && !ofTheProtocol.has(name));
}

/** Who this would be here, and why; every text as the recorder may show it. `now` in seconds. */
export function personOf(
  identity: UpstreamIdentity,
  connection: Connection,
  { recorder, now }: { recorder: Recorder; now: number },
): Omit<Person, 'unknown' | 'unknownGroups'> {
  const { email, emailVerified, profile, roles, localGroups } = mapped(identity, connection);
  const shown = (text: string) => recorder.text(text);
  const naming = rulesFor(connection.groupRules);
  const rolesOf = (group: string) => [
    ...new Set(naming(group).map(({ role, group: ours }) => shown(role ?? `group:${ours}`))),
  ];
  return {
    subject: shown(identity.subject),
    ...(email === undefined ? {} : { email: shown(email) }),
    verified: emailVerified,
    why: shown(whyVerified(identity, connection, email)),
    profile: Object.fromEntries(Object.entries(profile).map(([name, value]) => [name, shown(String(value))])),
    groups: identity.groups?.slice(0, 500).map((group) => ({ name: shown(group), roles: rolesOf(group) })),
    roles: roles.map(shown),
    localGroups: localGroups.map(shown),
    unused: unused(identity.claims, connection).slice(0, 100).map(shown),
    evidence: evidenceOf(identity.evidence, shown),
    level: levelProven(identity, connection.evidence, now) ?? '1fa',
  };
}

function evidenceOf(evidence: Evidence, shown: (text: string) => string): Record<string, string> {
  const { amr, acr, acrs, authnContext, authTime } = evidence;
  const said = {
    amr: amr.join(' '),
    acr,
    acrs: acrs.join(' '),
    authn_context: authnContext,
    auth_time: authTime === undefined ? undefined : String(authTime),
  };
  const given = Object.entries(said).flatMap(([name, text]) => (text ? [[name, shown(text)]] : []));
  return Object.fromEntries(given);
}

/** Why an address counts as verified or does not, in the order in which it is decided (mapping.ts). */
export function whyVerified(
  { claims }: Pick<UpstreamIdentity, 'claims'>,
  { id, kind, mapping, domains, confined }: Connection,
  email: string | undefined,
): string {
  const list = (all: readonly string[]) => (all.length === 0 ? 'nothing' : all.join(' or '));
  if (email === undefined) {
    const where = confined ? ' with a domain that is verified for this connection' : ' that can be used';
    return `No address${where} came in ${list(mapping.email)}, which the mapping names`;
  }
  if (kind === 'oidc') {
    const flag = mapping.emailVerified.find((name) => Object.hasOwn(claims, name));
    if (flag === undefined) {
      return `The provider does not vouch for it: no flag came in ${list(mapping.emailVerified)} (a text is none)`;
    }
    if (claims[flag] !== true) return `The provider does not vouch for it: ${flag} is ${JSON.stringify(claims[flag])}`;
  }
  const domain = domainName(email.slice(email.lastIndexOf('@') + 1));
  if (!domains.some(({ name, verified }) => name === domain && verified !== undefined)) {
    return `The domain ${domain} is not verified for this connection: sallyport connection domain add ${id} ${domain}`;
  }
  return `The domain ${domain} is verified for this connection${kind === 'oidc' ? ', and the provider vouches for the address' : ''}`;
}
