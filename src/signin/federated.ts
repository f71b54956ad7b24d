import type { Connection } from '../federation/connection.ts';
import type { Connections } from '../federation/connections.ts';
import {
  type Connector,
  type Handoff,
  type Login,
  type Refused,
  type Reply,
  refused,
  type Trace,
  type UpstreamIdentity,
} from '../federation/connector.ts';
import { levelProven, normalisedAmr } from '../federation/evidence.ts';
import { mapped } from '../federation/mapping.ts';
import { type Begun, newTicket, type Purpose, type Tickets } from '../federation/tickets.ts';
import type { Level, Proof } from './proof.ts';

/** How a provider is to be asked, as the client wants it; the rest is the connection's to say. */
export type Wishes = Omit<Login, 'ticket' | 'strong'> & {
  /** The client wants more than one factor. */
  strong: boolean;
};

/** Where a browser goes, and where it picks the reply up when it comes back. */
export interface Errand {
  purpose: Purpose;
  returnTo: string;
}

const seconds = (): number => Math.floor(Date.now() / 1000);
/** A sign-in keeps no record of the checks that were passed; the doctor does. */
const unheard: Trace = { received() {}, passed() {} };

interface Parts {
  connections: Connections;
  tickets: Tickets;
}

/** The way to a provider and back, up to the proof of who it is. Who that is here is not decided here (joining.ts). */
export class Federated {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws `connection_disabled` and, when the provider cannot be asked, `refused`. */
  async begin(connection: Connection, wishes: Wishes, errand: Errand): Promise<Handoff> {
    const { connections, tickets } = this.#parts;
    const login = loginOf(connection, wishes);
    const connector = await connections.connector(connection.id);
    const handoff = await connector.begin(login);
    if (handoff.by !== 'form') {
      const { memo } = handoff;
      await tickets.begin({ connection: connection.id, ...errand, began: seconds(), login, memo });
    }
    return handoff;
  }

  /**
   * Who it is, by a reply that was picked up. Throws `refused` when the provider does not prove it, or not as surely or as
   * lately as was asked, and `connection_disabled` when the connection was switched off meanwhile.
   */
  async prove(connection: Connection, begun: Omit<Begun, 'purpose' | 'returnTo'>, reply: Reply): Promise<Proof> {
    const connector = await this.#parts.connections.connector(connection.id);
    const identity = await connector.complete(reply, begun.login, begun.memo, unheard);
    return proofOf(connection, connector.kind, identity, begun);
  }

  /** Tries a user name and password at a directory: begins and completes in one. */
  async tryDirectory(connection: Connection, wishes: Wishes, fields: Record<string, string>): Promise<Proof> {
    const connector = await this.#parts.connections.connector(connection.id);
    const login = loginOf(connection, wishes);
    const began = seconds();
    const { by, memo } = await connector.begin(login);
    if (by !== 'form') throw misconfigured(connection);
    return this.prove(
      connection,
      { connection: connection.id, began, login, memo },
      { method: 'POST', fields, raw: '' },
    );
  }
}

const misconfigured = ({ id }: Connection): Refused =>
  refused({ reason: 'not_a_directory', check: 'form', advice: `The connection ${id} does not take passwords here` });

const loginOf = (connection: Connection, wishes: Wishes): Login => ({
  ...wishes,
  ticket: newTicket(),
  // Where evidence is never believed, nobody is bothered for it.
  strong: connection.mfa === 'require' || (connection.mfa === 'accept' && wishes.strong),
});

/** What the connection's rules make of an identity. Throws `refused` when it is proven less well than it has to be. */
export function proofOf(
  connection: Connection,
  kind: Connector['kind'],
  identity: UpstreamIdentity,
  { began, login }: Pick<Begun, 'began' | 'login'>,
): Proof {
  const now = seconds();
  // Who types a password for a directory proves themselves at this very moment.
  const authTime = kind === 'ldap' ? now : identity.evidence.authTime;
  checkAge(connection, authTime, { began, login }, now);
  const level = levelOf(connection, identity, now);
  const { email, emailVerified, profile, roles, localGroups } = mapped(identity, connection);
  const { subject, session, sessionEnds, groups = [] } = identity;
  return {
    ...{ connection: connection.id, subject, emailVerified, profile, roles, level, amr: amrOf(level, identity) },
    label: labelOf(email, profile, subject),
    ...(localGroups.length === 0 ? {} : { localGroups }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(email === undefined ? {} : { email }),
    ...(authTime === undefined ? {} : { authTime }),
    ...(session === undefined ? {} : { session }),
    ...(sessionEnds === undefined ? {} : { sessionEnds }),
  };
}

/** A proof from before the request, or older than the client allows, is none (OIDC Core §3.1.2.1). */
function checkAge(
  { skew }: Connection,
  authTime: number | undefined,
  { began, login }: Pick<Begun, 'began' | 'login'>,
  now: number,
): void {
  const { maxAge, fresh } = login;
  if (authTime === undefined && maxAge === undefined) return;
  const oldest = Math.max(maxAge === undefined ? 0 : now - maxAge, fresh ? began : 0) - skew;
  if (authTime !== undefined && authTime >= oldest) return;
  throw refused({
    reason: authTime === undefined ? 'no_auth_time' : 'too_old',
    check: 'time of the sign-in at the provider',
    came: authTime === undefined ? 'none' : String(authTime),
    wanted: `${oldest} or later`,
    advice:
      'Let the provider say when the person signed in (auth_time, AuthnInstant), and ask for the password again when it is told to',
  });
}

/** What the connection's rules make of the evidence. Throws `refused` where a second factor is required and not shown. */
function levelOf({ mfa, evidence }: Connection, identity: UpstreamIdentity, now: number): Level {
  const level = mfa === 'ignore' ? undefined : levelProven(identity, evidence, now);
  if (level === undefined && mfa === 'require') {
    const { amr, acr, acrs, authnContext } = identity.evidence;
    throw refused({
      reason: 'no_second_factor',
      check: 'second factor at the provider',
      came: [...amr, acr, ...acrs, authnContext].filter((one) => one !== undefined).join(' ') || 'none',
      wanted: 'what the evidence rules of the connection name',
      advice:
        'Ask for a second factor for this application at the provider, and let it say so as the evidence rules expect',
    });
  }
  return level ?? '1fa';
}

/** Methods that no rule confirms are only claimed, and a token of ours must not repeat them (RFC 8176). */
const amrOf = (level: Level, { evidence }: UpstreamIdentity): string[] =>
  level === '1fa' ? ['fed'] : [...new Set([...normalisedAmr(evidence), 'mfa', 'fed'])];

/** What people call themselves there, as far as it came. */
const labelOf = (email: string | undefined, profile: Proof['profile'], subject: string): string =>
  [email, profile.preferred_username, profile.name].find((one) => typeof one === 'string') ?? subject.slice(0, 254);
