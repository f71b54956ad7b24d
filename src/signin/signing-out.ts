import type { AuditEvent, Trail } from '../audit/trail.ts';
import type { Connection, Connections } from '../federation/connections.ts';
import { Refused, type Reply, type Trace } from '../federation/connector.ts';
import { beginSignOut, endSignOut, type LogoutWay } from '../federation/sign-out.ts';
import type { SignOuts } from '../federation/sign-outs.ts';
import { newTicket } from '../federation/tickets.ts';
import { problem } from '../kernel/errors.ts';
import type { FederatedSession, UpstreamSessions } from './upstream-sessions.ts';

/** Who asks, for the audit trail. */
export type From = Required<Pick<AuditEvent, 'ip' | 'requestId'>>;

/** Where a browser goes after a sign-out here. */
export interface Onwards {
  /** The provider that the session came through. */
  connection?: { id: string; name: string };
  /** The way to that provider, which comes first. */
  way?: LogoutWay | undefined;
  /** The provider was not reached, or did not confirm: its session may go on. */
  unsure?: boolean;
  /** Where it goes in the end. */
  goOn: string;
}

/** Nobody waits for this answer of a provider. */
export const signOutOver = problem(
  'signout_ended',
  400,
  () => 'This sign-out is over or took too long; if you are not sure, sign out at the application again',
);

interface Parts {
  connections: Connections;
  upstreamSessions: UpstreamSessions;
  signOuts: SignOuts;
  trail: Trail;
}

const unheard: Trace = { received() {}, passed() {} };

/** A sign-out here that goes on to the provider through which the session came, and comes back. */
export class SigningOut {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The session `uid` has ended; answers where the browser goes, which would otherwise be `goOn`. */
  async onwards(uid: string, goOn: string, from: From): Promise<Onwards> {
    const { connections, upstreamSessions } = this.#parts;
    const upstream = await upstreamSessions.ofSession(uid);
    if (!upstream) return { goOn };
    await upstreamSessions.forget(uid);
    const connection = await connections.get(upstream.connection);
    if (!connection || connection.kind === 'ldap') return { goOn };
    if (!connection.logout) return { goOn, connection };
    const way = await this.#begin(connection, upstream, goOn, from);
    return { goOn, connection, way, unsure: way === undefined };
  }

  /** The browser is back from the provider; a ticket counts once. Throws `signout_ended`. */
  async back(connection: Connection, reply: Reply, from: From): Promise<Onwards> {
    const { connections, signOuts } = this.#parts;
    const ticket = reply.fields[connection.kind === 'saml' ? 'RelayState' : 'state'];
    const begun = ticket === undefined ? undefined : await signOuts.take(ticket, connection.id);
    if (!begun) throw signOutOver();
    const { goOn, memo } = begun;
    const settings = connections.clear(connection);
    const done = await this.#unlessRefused(connection, from, () =>
      endSignOut(settings, connections.around(connection), { reply, memo, trace: unheard }),
    );
    return { goOn, connection, unsure: done !== true };
  }

  async #begin(connection: Connection, { session = {} }: FederatedSession, goOn: string, from: From) {
    const { connections, signOuts } = this.#parts;
    // A connection that is switched off is asked for nothing.
    if (connection.state !== 'enabled') return undefined;
    const ticket = newTicket();
    const settings = connections.clear(connection);
    const way = await this.#unlessRefused(connection, from, () =>
      beginSignOut(settings, connections.around(connection), session, ticket),
    );
    if (way) await signOuts.begin(ticket, { connection: connection.id, goOn, memo: way.memo });
    return way;
  }

  /** The session here has ended whatever the provider does; why it does not take part is for the audit trail. */
  async #unlessRefused<T>({ id, kind }: Connection, from: From, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { reason, check } = error.refusal;
      await this.#parts.trail.record({
        ...{ type: 'logout.refused', actor: 'anonymous', outcome: 'failure', target: `connection:${id}`, ...from },
        detail: { connection: id, method: kind === 'saml' ? 'saml answer' : 'sign-out', reason, check },
      });
      return undefined;
    }
  }
}
