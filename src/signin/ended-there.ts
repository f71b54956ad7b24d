import type { Trail } from '../audit/trail.ts';
import type { Identities } from '../directory/identities.ts';
import type { Users } from '../directory/users.ts';
import type { OidcConnection, SamlConnection } from '../federation/connection.ts';
import type { Connections } from '../federation/connections.ts';
import { Refused, type Reply, refused } from '../federation/connector.ts';
import { personAt } from '../federation/oidc-claims.ts';
import type { LogoutWay } from '../federation/sign-out.ts';
import type { Revocation } from '../federation/universal-logout.ts';
import { missing, problem } from '../kernel/errors.ts';
import type { From } from './signing-out.ts';
import type { FederatedSession, UpstreamSessions } from './upstream-sessions.ts';

/** What ends sessions and all that rests on them (protocol/sessions.ts). */
interface Ending {
  end(uid: string): Promise<{ untold: string[] } | undefined>;
  endAll(account: string): Promise<{ untold: string[] }[]>;
}

interface Parts {
  connections: Connections;
  upstreamSessions: UpstreamSessions;
  identities: Identities;
  users: Users;
  trail: Trail;
  ending: Ending;
}

type Method = 'saml' | 'back-channel' | 'universal logout';

const refusals = {
  saml: problem(
    'logout_refused',
    400,
    () => 'This sign-out could not be confirmed; nothing has ended here. Sign out at the application itself',
  ),
  'back-channel': problem('invalid_request', 400, () => 'This logout token is not accepted here'),
  'universal logout': problem('invalid_token', 401, () => 'This token is not accepted here'),
};

/** Why a session has ended, in the words of the audit trail. */
const reasons = {
  saml: 'single logout',
  'back-channel': 'back-channel logout',
  'universal logout': 'universal logout',
} as const satisfies Record<Method, string>;

const unreadableOrder = problem(
  'invalid_request',
  400,
  () => 'Name the person in sub_id by the format iss_sub or email (RFC 9493)',
);

/**
 * Sessions that have ended at a provider, and so end here: whoever carries the message, it is the provider's signature and
 * what it names that decide, never a cookie. It counts for a connection that is switched off too: ending is the safe side.
 */
export class EndedThere {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A LogoutRequest of SAML; answers our LogoutResponse, or undefined when the provider has no place for it. Throws `logout_refused`. */
  async bySaml(connection: SamlConnection, reply: Reply, from: From): Promise<LogoutWay | undefined> {
    const { connections, upstreamSessions } = this.#parts;
    const { verifyLogoutRequest, logoutResponse } = await import('../federation/saml-logout.ts');
    const [settings, around] = [connections.clear(connection), connections.around(connection)];
    const trace = { received() {}, passed() {} };
    const request = await this.#verified(connection, 'saml', from, () =>
      verifyLogoutRequest(reply, { settings, around, trace }),
    );
    const { nameId: name, sessionIndexes } = request;
    const sids = sessionIndexes.length === 0 ? [undefined] : [...new Set(sessionIndexes)];
    const found = await Promise.all(sids.map((sid) => upstreamSessions.find(connection.id, { name, sid })));
    const untold = await this.#end(connection.id, found.flat(), 'saml', from);
    return logoutResponse(settings, around, request, untold ? 'partly' : 'done');
  }

  /** A logout token (OpenID Connect Back-Channel Logout 1.0 §2.5). Throws `invalid_request`. */
  async byLogoutToken(connection: OidcConnection, token: string, from: From): Promise<void> {
    const { connections, upstreamSessions } = this.#parts;
    const { verifyLogoutToken } = await import('../federation/oidc-logout.ts');
    const [settings, around] = [connections.clear(connection), connections.around(connection)];
    const { issuer, sub, sid } = await this.#verified(connection, 'back-channel', from, async () => {
      const verified = await verifyLogoutToken(settings, around, token);
      if (!(await around.once(`logout token ${verified.jti}`, verified.exp))) throw replayed('jti');
      return verified;
    });
    const name = sub === undefined ? undefined : personAt(issuer, sub);
    await this.#end(connection.id, await upstreamSessions.find(connection.id, { name, sid }), 'back-channel', from);
  }

  /**
   * Okta's Universal Logout: everything of this person ends, also what they opened another way. Only people who came through
   * this connection are known here. Throws `invalid_token`, `invalid_request`, `missing`.
   */
  async byRevocation(
    connection: OidcConnection,
    order: { token: string; endpoint: string; body: unknown },
    from: From,
  ): Promise<void> {
    const { connections, trail, upstreamSessions, users, ending } = this.#parts;
    const { verifyRevocationToken } = await import('../federation/universal-logout.ts');
    const [settings, around] = [connections.clear(connection), connections.around(connection)];
    const whom = await this.#verified(connection, 'universal logout', from, async () => {
      const verified = await verifyRevocationToken(settings, around, order);
      if (!(await around.once(`revocation ${verified.jti}`, verified.exp))) throw replayed('jti');
      return verified;
    });
    const account = await this.#accountOf(connection, whom);
    if (account === undefined) throw missing('This person');
    const actor = `connection:${connection.id}`;
    await users.signOut(account, actor);
    for (const { untold } of await ending.endAll(account)) {
      const detail = { reason: reasons['universal logout'], connection: connection.id, ...untoldOf(untold) };
      await trail.record({ type: 'session.ended', actor, target: `user:${account}`, ...from, detail });
    }
    await upstreamSessions.forgetAll(account);
  }

  async #accountOf(connection: OidcConnection, whom: Revocation): Promise<string | undefined> {
    const { identities, upstreamSessions, users } = this.#parts;
    if (whom.format === 'email') {
      const user = await users.byEmail(whom.email);
      const known = user && (await identities.ofUser(user.id, { limit: 1000 }));
      const ours = known?.find((one) => one.connection === connection.id && one.created >= connection.created);
      return ours?.user;
    }
    // Only then is the subject that we know a person by the one that Okta names.
    const plain = connection.subject.length === 1 && connection.subject[0] === 'sub';
    const identity = plain ? await identities.of(connection, whom.sub) : undefined;
    const named = { name: personAt(connection.issuer, whom.sub) };
    const id = identity?.user ?? (await upstreamSessions.find(connection.id, named))[0]?.account;
    return id === undefined ? undefined : (await users.get(id))?.id;
  }

  /** Answers whether a client that wanted to hear of it could not be told. */
  async #end(connection: string, found: FederatedSession[], method: Method, from: From): Promise<boolean> {
    const all = await Promise.all(found.map((session) => this.#endOne(connection, session, method, from)));
    return all.some((untold) => untold);
  }

  async #endOne(connection: string, { uid, account }: FederatedSession, method: Method, from: From): Promise<boolean> {
    const { ending, trail, upstreamSessions } = this.#parts;
    const ended = await ending.end(uid);
    if (ended) {
      const detail = { reason: reasons[method], connection, ...untoldOf(ended.untold) };
      const whose = { actor: `connection:${connection}`, target: `user:${account}` };
      await trail.record({ type: 'session.ended', ...whose, ...from, detail });
    }
    // Last, so that what a crash left undone is found again. Whatever brings the session back counts no more (policy.ts).
    await upstreamSessions.forget(uid);
    return ended !== undefined && ended.untold.length > 0;
  }

  /** Why a message is refused is for the audit trail; its sender hears one sentence. */
  async #verified<T>({ id }: { id: string }, method: Method, from: From, verify: () => Promise<T>): Promise<T> {
    try {
      return await verify();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { reason, check } = error.refusal;
      await this.#parts.trail.record({
        ...{ type: 'logout.refused', actor: 'anonymous', outcome: 'failure', target: `connection:${id}`, ...from },
        detail: { connection: id, method, reason, check },
      });
      throw reason === 'unreadable_order' ? unreadableOrder() : refusals[method]();
    }
  }
}

const untoldOf = (untold: string[]) => (untold.length === 0 ? {} : { untold: untold.join(' ') });

const replayed = (check: string): Refused =>
  refused({ reason: 'replayed', check, advice: 'Send each token once; the provider has to make a new one' });
