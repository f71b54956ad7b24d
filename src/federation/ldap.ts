import { randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { LdapConnection, Surroundings } from './connection.ts';
import { type Connector, Refused, type Reply, type Trace, type UpstreamIdentity } from './connector.ts';
import { groupsOf } from './ldap-groups.ts';
import { filled, placedInValues, placeholders } from './ldap-names.ts';
import { refusal } from './ldap-refusals.ts';
import { isFilter } from './ldap-session.ts';
import { authorities, type Server, serversOf } from './ldap-transport.ts';
import { leftOut, Visit } from './ldap-visit.ts';

/** A name and a password may have so many characters. */
const longestName = 256;
const longestPassword = 1024;

/** Never asked for, whatever a mapping says. */
const secretAttributes = ['userpassword', 'unicodepwd', 'dn'];

/**
 * A directory as a provider (RFC 4511): the connection's account finds the person, the person's password is tried on a
 * connection of its own. `settings.bindPassword` is in clear. Every failure is `refused` with a reason of `ldapReasons`.
 */
export function ldap(settings: LdapConnection, around: Surroundings): Connector {
  const trusted = trustedOnce(settings);
  return {
    kind: 'ldap',
    async begin() {
      checkSettings(settings);
      return { by: 'form', fields: ['username', 'password'], memo: {} };
    },
    async complete(reply, _login, _memo, trace) {
      const typed = credentials(reply);
      trace.passed('name and password are there');
      checkSettings(settings);
      const visit = new Visit(settings, trusted, trace);
      try {
        return await visit.firstThatAnswers((server) => signIn(visit, server, { typed, now: around.now() }));
      } finally {
        await visit.close();
      }
    },
  };
}

/**
 * Tries what a sign-in needs of each server, without a person: encryption, the account of the connection, the bases, the
 * filter. All servers are tried; throws the first `refused`, and the trace has the others.
 */
export async function checkDirectory(settings: LdapConnection, _around: Surroundings, trace: Trace): Promise<void> {
  checkSettings(settings);
  const failures: unknown[] = [];
  for (const server of serversOf(settings)) {
    const visit = new Visit(settings, trustedOnce(settings), trace);
    try {
      await checkServer(visit, server);
    } catch (error) {
      failures.push(error);
      if (error instanceof Refused) leftOut(trace, server, error);
    } finally {
      await visit.close();
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function checkServer(visit: Visit, server: Server): Promise<void> {
  const { base, filter, groups } = visit.settings;
  const session = await visit.connect(server, { asService: true });
  for (const place of new Set([base, groups.base ?? base])) {
    const query = { base: place, scope: 'base', filter: '(objectClass=*)', attributes: ['1.1'], most: 1 } as const;
    if ((await session.read(query)).length === 0)
      throw refusal('base_not_found', {
        check: 'base',
        came: `${server.url}: ${place}`,
        wanted: 'an entry that can be read',
      });
    visit.trace.passed('base can be read', place);
  }
  const nobody = filled(filter, { username: randomBytes(16).toString('hex') });
  await session.read({ base, scope: 'sub', filter: nobody, attributes: ['1.1'], most: 1 });
  visit.trace.passed('filter', filter);
}

/** Refuses settings with which nobody could be signed in, or the wrong one. */
function checkSettings(settings: LdapConnection): void {
  serversOf(settings);
  const { bindDn, bindPassword, filter, groups } = settings;
  if (bindDn !== '' && !bindPassword)
    throw refusal('misconfigured', { check: 'account of the connection', came: 'a DN without a password' });
  if (!placeholders(filter).includes('username') || placeholders(filter).some((name) => name !== 'username'))
    throw refusal('misconfigured', { check: 'filter', came: filter, wanted: '{username} and no other placeholder' });
  for (const [check, template] of [
    ['filter', filter],
    ['filter of the groups', groups.filter],
  ] as const) {
    if (!placedInValues(template) || !isFilter(filled(template, {})))
      throw refusal('misconfigured', { check, came: template, wanted: 'a filter (RFC 4515), placeholders as values' });
  }
}

/** What the person typed. An empty password would be an unauthenticated bind, which succeeds (RFC 4513 §5.1.2). */
function credentials({ fields }: Reply): { username: string; password: string } {
  const part = (name: 'username' | 'password', longest: number): string => {
    const text = fields[name] ?? '';
    const fits = text.trim() !== '' && text.length <= longest && !text.includes('\0') && text.isWellFormed();
    if (fits) return text;
    const came = text.length > longest ? 'too long' : text.trim() === '' ? 'nothing' : 'characters that are not text';
    throw refusal('bad_input', { check: `${name} is there`, came, wanted: `1 to ${longest} characters` });
  };
  return { username: part('username', longestName), password: part('password', longestPassword) };
}

interface Attempt {
  typed: { username: string; password: string };
  now: number;
}

async function signIn(visit: Visit, server: Server, { typed, now }: Attempt): Promise<UpstreamIdentity> {
  const { settings, trace } = visit;
  const { base } = settings;
  const session = await visit.connect(server, { asService: true });
  const names = attributesOf(settings);
  const filter = filled(settings.filter, { username: typed.username });
  const [person, another] = await session.read({ base, scope: 'sub', filter, attributes: names, most: 2 });
  if (!person || another) {
    await visit.pretend(server);
    const [reason, came] = another ? (['ambiguous', 'several'] as const) : (['unknown_person', 'none'] as const);
    throw refusal(reason, { check: 'person', came: `${came} below ${base}`, wanted: 'exactly one entry' });
  }
  if (person.dn === '') throw refusal('bad_answer', { check: 'person', came: 'an entry without a DN' });
  trace.passed('person', person.dn);
  await visit.prove(server, person.dn, typed.password);
  const claims = Object.fromEntries(
    names.map((name) => [name, person.values.get(name.toLowerCase()) ?? []]).filter(([, values]) => values?.length),
  );
  trace.received('entry', { dn: person.dn, ...claims });
  const [subject, ...more] = person.values.get(settings.subject.toLowerCase()) ?? [];
  if (!subject || more.length > 0)
    throw refusal('no_subject', {
      check: 'subject',
      came: `${more.length + (subject ? 1 : 0)} values of ${settings.subject}`,
      wanted: 'one value',
    });
  trace.passed('subject', `${settings.subject} = ${subject}`);
  const groups = await groupsOf(settings, {
    person,
    username: typed.username,
    read: (query) => session.read(query),
    trace,
  });
  const evidence = { amr: ['pwd'], acrs: [], authTime: now };
  return { subject, issuer: settings.servers[0] ?? '', claims, groups, evidence };
}

/** The attributes that the subject, the mapping, the rules and the groups need, and no others. */
function attributesOf({ subject, mapping, evidence, groups }: LdapConnection): string[] {
  const ofGroups =
    groups.mode === 'memberOf' ? ['memberOf'] : groups.mode === 'search' ? placeholders(groups.filter) : [];
  const rules = evidence.flatMap(({ attribute }) => attribute?.name ?? []);
  const all = new Set([
    subject,
    ...Object.values(mapping).flat(),
    ...rules,
    ...ofGroups.filter((name) => name !== 'username'),
  ]);
  return [...all].filter(
    (name) => /^[A-Za-z][A-Za-z0-9-]*$/.test(name) && !secretAttributes.includes(name.toLowerCase()),
  );
}

function trustedOnce({ certificateAuthority }: LdapConnection): () => SecureContext {
  let context: SecureContext | undefined;
  return () => {
    context ??= authorities(certificateAuthority);
    return context;
  };
}
