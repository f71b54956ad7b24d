import type { Unsettling } from '../audit/events.ts';
import type { Signal } from './signal.ts';

const base = 'https://schemas.openid.net/secevent/caep/event-type/';

/** The events of CAEP 1.0 that are told, in the order in which streams list them. */
export const caepEvents = [
  `${base}session-revoked`,
  `${base}token-claims-change`,
  `${base}credential-change`,
] as const satisfies readonly string[];
const [sessionRevoked, tokenClaimsChange, credentialChange] = caepEvents;

/** Claims that an event tells the new values of; they are read when the event is sent. */
export type ToldClaim = 'roles' | 'groups';

/** An event about one person or client. */
export interface CaepEvent {
  uri: (typeof caepEvents)[number];
  /** The `sub` of its tokens. */
  sub: string;
  members: Readonly<Record<string, unknown>>;
  claims?: readonly ToldClaim[];
}

interface Telling {
  uri: (typeof caepEvents)[number];
  /** For the receiver's log: `reason_admin` in English, and never empty (CAEP interoperability profile §3). */
  reason: string;
  claims?: readonly ToldClaim[];
}

const revoked = (reason: string): Telling => ({ uri: sessionRevoked, reason });
const claims = (reason: string, ...told: ToldClaim[]): Telling => ({ uri: tokenClaimsChange, reason, claims: told });
const credential = (reason: string): Telling => ({ uri: credentialChange, reason });

/**
 * What is told of each event, where CAEP has a true word for it. Not of one session among several: receivers know no name of
 * it that is ours, and would end the others too. Not of a profile: it would tell receivers what they never asked for. Not of
 * what concerns nobody by name (a role that was changed): each event has a subject.
 */
const tellings: Readonly<Partial<Record<Unsettling, Telling>>> = {
  'user.signed-out': revoked('All sessions and tokens were ended'),
  'user.disabled': revoked('The account was disabled'),
  'user.removed': revoked('The account was removed'),
  'client.suspended': revoked('The client was suspended'),
  'client.revoked': revoked('The client was revoked'),
  'client.removed': revoked('The client was removed'),
  'role.assigned': claims('A role was assigned', 'roles'),
  'role.unassigned': claims('A role was taken away', 'roles'),
  'group.joined': claims('A group was joined', 'roles', 'groups'),
  'group.left': claims('A group was left', 'roles', 'groups'),
  'user.password-changed': credential('The password was changed'),
  'user.password-reset': credential('The password was reset'),
  'factor.added': credential('A second factor was added'),
  'factor.removed': credential('A second factor was removed'),
  'factors.reset': credential('All second factors were reset'),
};

/** Ours where CAEP has no word that is true of it: whether a security key is part of the device is not known. */
const credentialTypes: Readonly<Record<string, string>> = { password: 'password', totp: 'app', webauthn: 'fido2' };

/** The CAEP event that a signal comes to, if any. Its time is in seconds. */
export function caepOf({ at, by, client, credential, reason, sub = client }: Signal): CaepEvent | undefined {
  const telling = tellings[reason];
  if (telling === undefined || sub === undefined) return undefined;
  const changed = credential && {
    credential_type: credentialTypes[credential.kind] ?? credential.kind,
    change_type: credential.change,
  };
  const members = {
    event_timestamp: Math.floor(at / 1000),
    initiating_entity: by,
    reason_admin: { en: telling.reason },
    ...(telling.uri === credentialChange ? changed : {}),
  };
  const { uri, claims } = telling;
  return { uri, sub, members, ...(claims === undefined ? {} : { claims }) };
}
