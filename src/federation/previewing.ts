import type { Connection } from './connection.ts';
import type { UpstreamIdentity } from './connector.ts';
import { unused, whyVerified } from './doctor.ts';
import { drafted } from './draft.ts';
import { type Level, levelProven, normalisedAmr } from './evidence.ts';
import { type ConnectionChange, checkSettings, merged } from './input.ts';
import { type Mapped, mapped } from './mapping.ts';
import { presetOf } from './presets.ts';

type Claims = UpstreamIdentity['claims'];

/** What the rules of a connection would make of claims. */
export interface Preview extends Mapped {
  subject: string;
  /** Why the address counts as verified, or does not. */
  why: string;
  /** Whether the claims say anything of groups. */
  groupsSaid: boolean;
  /** What the evidence proves; undefined: a single factor. */
  proven: Level | undefined;
  /** How the person was recognised, as our tokens would say it. */
  amr: string[];
  /** Claims that no rule looks at. */
  ignored: string[];
}

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The claims as if the provider had signed them at this moment. */
function pretended(claims: Claims, connection: Connection): UpstreamIdentity {
  const names = connection.kind === 'ldap' ? ['groups', 'memberOf'] : connection.groups;
  const there = names.filter((name) => claims[name] !== undefined);
  const subject = connection.kind === 'ldap' ? [connection.subject] : connection.subject;
  return {
    subject: subject.map((name) => String(texts(claims[name])[0] ?? '')).join('|'),
    issuer: connection.id,
    claims,
    groups: there.length > 0 ? there.flatMap((name) => texts(claims[name])) : undefined,
    evidence: {
      amr: texts(claims.amr),
      acr: text(claims.acr),
      acrs: texts(claims.acrs),
      authnContext: text(claims.authn_context),
      authTime: typeof claims.auth_time === 'number' ? claims.auth_time : undefined,
    },
  };
}

/** Who this would be by the rules of the connection; nobody signs in, and nothing changes. `now` in seconds. */
export function previewed(claims: Claims, connection: Connection, now: number): Preview {
  const identity = pretended(claims, connection);
  const who = mapped(identity, connection);
  return {
    ...who,
    subject: identity.subject,
    why: whyVerified(identity, connection, who.email),
    groupsSaid: identity.groups !== undefined,
    proven: levelProven(identity, connection.evidence, now),
    amr: normalisedAmr(identity.evidence),
    ignored: unused(claims, connection),
  };
}

/** The connection as it would be with rules that nobody has saved, for a preview. Throws `invalid`. */
export function withRules(connection: Connection, rules: ConnectionChange): Connection {
  checkSettings(connection.kind, rules);
  const { preset, kind, ...now } = connection;
  return drafted(kind, merged({ ...now, preset }, rules, presetOf(preset)?.settings));
}
