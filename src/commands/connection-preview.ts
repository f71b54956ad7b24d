import type { Connection } from '../federation/connection.ts';
import type { UpstreamIdentity } from '../federation/connector.ts';
import { unused } from '../federation/doctor.ts';
import { levelProven, normalisedAmr } from '../federation/evidence.ts';
import { mapped } from '../federation/mapping.ts';
import { invalid, missing } from '../kernel/errors.ts';
import { command, misused } from './command.ts';
import { facts, unknown } from './listing.ts';
import { inHouse } from './office.ts';
import { fileText } from './reading.ts';

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');

/** The claims as if the provider had signed them at this moment. */
function pretended(claims: Record<string, unknown>, connection: Connection): UpstreamIdentity {
  const names = connection.kind === 'ldap' ? ['groups', 'memberOf'] : connection.groups;
  const there = names.filter((name) => claims[name] !== undefined);
  const subject = connection.kind === 'ldap' ? [connection.subject] : connection.subject;
  const context = claims.authn_context;
  return {
    subject: subject.map((name) => String(texts(claims[name])[0] ?? '')).join('|'),
    issuer: connection.id,
    claims,
    groups: there.length > 0 ? there.flatMap((name) => texts(claims[name])) : undefined,
    evidence: {
      amr: texts(claims.amr),
      acr: typeof claims.acr === 'string' ? claims.acr : undefined,
      acrs: texts(claims.acrs),
      authnContext: typeof context === 'string' ? context : undefined,
      authTime: typeof claims.auth_time === 'number' ? claims.auth_time : undefined,
    },
  };
}

function parsed(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw invalid('--claims must hold a JSON object: names of claims or attributes with their values');
}

const preview = command({
  words: ['connection', 'preview'],
  operands: ['id'],
  options: { claims: { value: 'FILE|-', required: true, about: 'JSON with claims or attributes; -: standard input' } },
  about: 'Show what the rules of a connection would make of these claims; nobody signs in, and nothing changes',
  run: ({ operands: { id }, options: { claims: file }, stdin, answer }) =>
    inHouse(async ({ connections, access, groups }) => {
      if (file === '') throw misused('--claims must name a file');
      const claims = parsed(file === '-' ? await stdin() : fileText('claims', file));
      const connection = await connections.get(id);
      if (!connection) throw missing(`The connection ${id}`);
      const identity = pretended(claims, connection);
      const { email, emailVerified, profile, roles, localGroups, unmapped } = mapped(identity, connection);
      const proven = levelProven(identity, connection.evidence, Math.floor(Date.now() / 1000));
      const answered = {
        subject: identity.subject,
        email,
        email_verified: emailVerified,
        profile,
        roles,
        roles_missing: await unknown(roles, (name) => access.role(name)),
        groups: localGroups,
        groups_missing: await unknown(localGroups, (name) => groups.get(name)),
        groups_without_rule: unmapped,
        groups_said: identity.groups !== undefined,
        second_factor: proven ?? 'not proven',
        amr: normalisedAmr(identity.evidence),
        ignored: unused(claims, connection),
      };
      answer(answered, facts(answered));
    }),
});

/** `sallyport connection preview` */
export const previewCommands = [preview];
