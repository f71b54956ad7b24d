import type { Trail } from '../audit/trail.ts';
import { accountClientId } from '../clients/built-in.ts';
import { calledAs, normalEmail, type User, type Users } from '../directory/users.ts';
import type { Attempts } from '../factors/attempts.ts';
import type { Connection } from '../federation/connection.ts';
import type { Connections } from '../federation/connections.ts';
import { Refused } from '../federation/connector.ts';
import type { Tickets } from '../federation/tickets.ts';
import { Problem } from '../kernel/errors.ts';
import { announce } from './asking.ts';
import type { Federated, Wishes } from './federated.ts';
import { askedOf, ended, type Flow, type SignIn, type Visit } from './flow.ts';
import { type Joining, mayConnect } from './joining.ts';
import type { Proof } from './proof.ts';
import { realm } from './realm.ts';
import { nothing } from './steps.ts';

/** What did not work at a provider; the reason is for the audit trail, which knows it by the id of the request. */
export interface Failure {
  connection: { id: string; name: string };
  /** Trying the same again may help. */
  again: boolean;
}

/** Where the browser goes: by a redirect, by a form that is sent by itself, or nowhere. */
export type Way =
  | { goOn: string }
  | { post: { url: string; fields: Readonly<Record<string, string>>; name: string } }
  | { failed: Failure };

/** What came of a user name and password. */
export type DirectoryOutcome = Way | { wrong: true } | { waitSeconds: number };

/** Both sides of a connection that waits for a yes, and why it would not be made. */
interface Sides {
  account: string;
  provider: string;
  allowed: boolean;
  confirmed: boolean;
}

interface Parts {
  signIn: SignIn;
  federated: Federated;
  joining: Joining;
  connections: Connections;
  tickets: Tickets;
  users: Users;
  attempts: Attempts;
  trail: Trail;
}

type LinkStep = Extract<Flow['step'], { name: 'link' }>;
type FederationStep = Extract<Flow['step'], { name: 'federation' }>;

const seconds = (): number => Math.floor(Date.now() / 1000);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Reasons that lie with what was typed; they are told alike, so that nobody learns who exists in a directory. */
const typedWrongly = new Set(
  `bad_input unknown_person ambiguous wrong_password account_disabled account_expired account_locked sign_in_not_allowed
  person_bind_refused`.split(/\s+/),
);

/** A sign-in through a connection: which one, there and back, and who that is here. */
export class ThroughProvider {
  readonly #parts: Parts;
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The connections to choose from. */
  async choices(): Promise<{ id: string; name: string }[]> {
    return (await this.#parts.connections.shown()).map(({ id, name }) => ({ id, name }));
  }

  /** The connection of the domain that was typed, if there is one. */
  async forAddress(typed: string): Promise<Connection | undefined> {
    return realm({ typed }, this.#parts.connections);
  }

  /** Where the client's hints lead, unless the person wants to choose, or has to because the wrong one came back. */
  async byHints(visit: Visit, flow: Flow): Promise<Way | undefined> {
    if (flow.facts.choosing || flow.otherPerson) return undefined;
    const { params } = flow.interaction;
    const hints = {
      idpHint: text(params.idp_hint) ?? text(params.kc_idp_hint),
      domainHint: text(params.domain_hint),
      loginHint: text(params.login_hint),
    };
    const connection = await realm(hints, this.#parts.connections);
    return connection && this.#begin(visit, flow, connection);
  }

  /**
   * A session that came through a provider becomes stronger there, when the client asks for it, the person has no factor
   * here, and the connection believes what its provider shows.
   */
  async byOrigin(visit: Visit, flow: Flow): Promise<Way | undefined> {
    const { origin } = flow.facts.before ?? {};
    if (flow.step.name !== 'enrol' || !origin || !askedOf(flow.interaction)) return undefined;
    const connection = await this.#parts.connections.get(origin.connection);
    if (connection?.state !== 'enabled' || connection.mfa === 'ignore') return undefined;
    return this.#begin(visit, flow, connection);
  }

  /** The person has chosen a connection by its id, or by a typed address of its domain. */
  async choose(visit: Visit, flow: Flow, id: string, typed?: string): Promise<Way> {
    const connection = await this.#parts.connections.get(id);
    if (!connection) return { goOn: `/signin/${visit.uid}` };
    return this.#begin(visit, flow, connection, typed);
  }

  /** The browser that began it is back: picks the reply up, once, and follows what it proves. */
  async comeBack(visit: Visit, flow: Flow, ticket: string): Promise<Way> {
    const { connections, federated, tickets } = this.#parts;
    const filed = await tickets.take(ticket, { for: 'signin', id: visit.uid });
    const connection = filed && (await connections.get(filed.connection));
    if (!filed || !connection) return { goOn: `/signin/${visit.uid}` };
    return this.#orFailure(visit, flow, connection, async () =>
      this.#proven(visit, flow, connection, await federated.prove(connection, filed, filed.reply)),
    );
  }

  /** Tries a user name and password at a directory, as slowly as a password of ours. */
  async tryDirectory(visit: Visit, flow: Flow, step: FederationStep, password: string): Promise<DirectoryOutcome> {
    const { attempts, connections, federated, trail } = this.#parts;
    const { connection: id, identifier: username = '' } = step;
    const connection = await connections.get(id);
    if (!connection) return { goOn: `/signin/${visit.uid}?restart` };
    const person = `connection:${id}|${normalEmail(username)}`;
    const allowed = await attempts.allowed(person, visit.ip);
    if (!allowed.ok) {
      const detail = { method: id, client: flow.client.id, retryAfter: allowed.retryAfter };
      const seen = { ip: visit.ip, requestId: visit.requestId };
      await trail.record({ type: 'signin.slowed', actor: 'anonymous', outcome: 'failure', ...seen, detail });
      return { waitSeconds: allowed.retryAfter };
    }
    let wrong = false;
    const way = await this.#orFailure(visit, flow, connection, async () => {
      try {
        const proof = await federated.tryDirectory(connection, wishesOf(flow), { username, password });
        await attempts.succeeded(person, visit.ip);
        return await this.#proven(visit, flow, connection, proof);
      } catch (error) {
        wrong = error instanceof Refused && typedWrongly.has(error.refusal.reason);
        if (wrong) await attempts.failed(person, visit.ip);
        throw error;
      }
    });
    return wrong ? { wrong } : way;
  }

  /** What the button of a connection says. Throws `signin_ended` when it was removed meanwhile. */
  async nameOf(id: string): Promise<string> {
    const connection = await this.#parts.connections.get(id);
    if (!connection) throw ended();
    return connection.name;
  }

  /** Both sides of a connection that waits for a yes. */
  async sides({ upstream, user: id }: LinkStep): Promise<Sides> {
    const { connections, joining, users } = this.#parts;
    const [user, connection] = await Promise.all([users.get(id), connections.get(upstream.connection)]);
    if (!user || !connection) throw ended();
    const may = { allowed: await joining.mayLink(user, connection), confirmed: mayConnect(user) };
    return { account: calledAs(user), provider: connection.name, ...may };
  }

  /** The person, who has proven both sides in this very sign-in, connects them or leaves them apart. */
  async decideLink(visit: Visit, flow: Flow, { upstream, user: id }: LinkStep, link: boolean): Promise<Way> {
    const { connections, joining, signIn, trail, users } = this.#parts;
    const { upstream: _left, ...local } = flow.facts;
    if (!link) return { goOn: await signIn.learn(visit, { ...flow, facts: local }, {}) };
    const [user, connection] = await Promise.all([users.get(id), connections.get(upstream.connection)]);
    if (!user || connection?.state !== 'enabled') return { goOn: `/signin/${visit.uid}?restart` };
    return this.#orFailure(visit, flow, connection, async () => {
      const [actor, client] = [`user:${user.id}`, flow.client.id];
      await announce(trail, { actor, client, operation: 'connect', seen: visit });
      await joining.link(upstream, user, connection, { ip: visit.ip, requestId: visit.requestId });
      return { goOn: await this.#welcome(visit, flow, user, upstream) };
    });
  }

  /** Somebody is proven at the provider; who that is here may be open. */
  async #proven(visit: Visit, flow: Flow, connection: Connection, proof: Proof): Promise<Way> {
    const { joining, trail } = this.#parts;
    const fresh = { ...flow, facts: nothing };
    // It may be somebody new, and whoever it is has the profile, roles and groups that the provider says.
    const [actor, client] = [`connection:${connection.id}`, flow.client.id];
    await announce(trail, { actor, client, operation: 'take-in', seen: visit });
    const user = await joining.join(proof, connection, connecting(flow));
    if (user) return { goOn: await this.#welcome(visit, fresh, user, proof) };
    return { goOn: await this.#parts.signIn.learn(visit, fresh, { upstream: proof }) };
  }

  #welcome(visit: Visit, flow: Flow, user: User, upstream: Proof): Promise<string> {
    return this.#parts.signIn.learn(visit, flow, { upstream, joined: true, user: user.id, authTime: seconds() });
  }

  #begin(visit: Visit, flow: Flow, connection: Connection, typed?: string): Promise<Way> {
    const { federated, signIn } = this.#parts;
    const errand = { purpose: { for: 'signin', id: visit.uid }, returnTo: `/signin/${visit.uid}/return` } as const;
    return this.#orFailure(visit, flow, connection, async () => {
      const handoff = await federated.begin(connection, wishesOf(flow, typed), errand);
      if (handoff.by === 'redirect') return { goOn: handoff.url };
      if (handoff.by === 'post') return { post: { url: handoff.url, fields: handoff.fields, name: connection.name } };
      const identifier = typed ?? text(flow.interaction.params.login_hint)?.slice(0, 254);
      const said = identifier === undefined ? {} : { identifier };
      await signIn.restate(visit, flow, { ...nothing, connection: connection.id, ...said });
      return { goOn: `/signin/${visit.uid}` };
    });
  }

  /** What a provider refuses, or proves too little for, ends on a page with a way on; the trail knows why. */
  async #orFailure(visit: Visit, flow: Flow, connection: Connection, deed: () => Promise<Way>): Promise<Way> {
    try {
      return await deed();
    } catch (error) {
      const why = reasonOf(error);
      if (why === undefined) throw error;
      const { id, name } = connection;
      await this.#parts.trail.record({
        ...{ type: 'signin.failed', actor: 'anonymous', outcome: 'failure' },
        ...{ ip: visit.ip, requestId: visit.requestId },
        detail: { method: id, client: flow.client.id, ...why },
      });
      return { failed: { connection: { id, name }, again: why.reason !== 'connection_disabled' } };
    }
  }
}

/** The id of the person who connects a provider on the account pages (routes/account-providers.ts): they asked for it by name. */
function connecting({ client, interaction: { params, prompt, session } }: Flow): string | undefined {
  const asked =
    client.id === accountClientId && params.idp_hint !== undefined && prompt.reasons.includes('login_prompt');
  return asked ? session?.accountId : undefined;
}

/** For the trail. What came stays out: it is the provider's, and may be anything. */
function reasonOf(error: unknown): { reason: string; check?: string; advice?: string } | undefined {
  if (error instanceof Refused) {
    const { reason, check, advice } = error.refusal;
    return { reason, check, advice };
  }
  const ours = error instanceof Problem && ['connection_disabled', 'taken'].includes(error.code);
  return ours ? { reason: error.code } : undefined;
}

/** How the client wants the person to be asked. */
function wishesOf({ interaction: { params, prompt }, otherPerson }: Flow, typed?: string): Wishes {
  const maxAge = params.max_age === undefined ? Number.NaN : Number(params.max_age);
  return {
    loginHint: (typed ?? text(params.login_hint))?.slice(0, 254),
    domainHint: text(params.domain_hint)?.slice(0, 254),
    fresh:
      otherPerson ||
      String(params.prompt ?? '')
        .split(' ')
        .includes('login'),
    maxAge: Number.isNaN(maxAge) ? undefined : maxAge,
    strong: prompt.details.strong === true,
    uiLocales: text(params.ui_locales)?.slice(0, 200),
  };
}
