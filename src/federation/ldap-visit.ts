import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import type { LdapConnection } from './connection.ts';
import { Refused, type Trace } from './connector.ts';
import { bindReason, ofTheServer, refusal } from './ldap-refusals.ts';
import { Session } from './ldap-session.ts';
import { openTransport, type Server, serversOf } from './ldap-transport.ts';

/** A server that did not answer is asked last for so long (milliseconds). */
const awayFor = 30_000;

/** The whole sign-in may take so many times what one request may. */
const patience = 3;

/** What this process knows of servers, by their address, so that the next person does not wait for what the last one met. */
const awayUntil = new Map<string, number>();
const bindTakes = new Map<string, number>();

/** Tells that a server could not be used, and why. */
export const leftOut = (trace: Trace, { url }: Server, { refusal: { reason, came } }: Refused): void =>
  trace.received('server that cannot be used', `${url}: ${reason}${came === undefined ? '' : `, ${came}`}`);

/** One sign-in or check: its bound on time, its connections, and which server it asks. */
export class Visit {
  readonly settings: LdapConnection;
  readonly trace: Trace;
  readonly #trusted: () => SecureContext;
  readonly #end: number;
  readonly #timer: NodeJS.Timeout;
  readonly #sessions: Session[] = [];

  constructor(settings: LdapConnection, trusted: () => SecureContext, trace: Trace) {
    this.settings = settings;
    this.trace = trace;
    this.#trusted = trusted;
    const bound = patience * settings.timeoutMs;
    this.#end = performance.now() + bound;
    this.#timer = setTimeout(() => {
      for (const session of this.#sessions) session.cut(new Error(`not done within ${bound} ms`));
    }, bound);
  }

  /** How long the next request may take (milliseconds). */
  #left(): number {
    return Math.min(this.settings.timeoutMs, this.#end - performance.now());
  }

  /** Opens a connection to a server; with `asService` it may search. Throws `refused`. */
  async connect(server: Server, { asService }: { asService: boolean }): Promise<Session> {
    const timeoutMs = this.#left();
    if (timeoutMs <= 0) throw refusal('unreachable', { check: 'reached', came: `${server.url}: no time was left` });
    const socket = await openTransport(server, { trusted: this.#trusted, timeoutMs, trace: this.trace });
    const session = new Session(server, socket, this.settings.timeoutMs);
    this.#sessions.push(session);
    const { bindDn, bindPassword = '' } = this.settings;
    if (asService && bindDn !== '') {
      await session.bind(bindDn, bindPassword, (code) =>
        code === 51 || code === 52 ? 'unreachable' : 'service_bind_refused',
      );
      this.trace.passed('account of the connection', bindDn);
    }
    return session;
  }

  /** Tries the person's password, on a connection of its own: the one that searches keeps its rights. */
  async prove(server: Server, dn: string, password: string): Promise<void> {
    const session = await this.connect(server, { asService: false });
    const began = performance.now();
    try {
      await session.bind(dn, password, bindReason);
      this.trace.passed('password');
    } finally {
      const took = performance.now() - began;
      bindTakes.set(server.url, (bindTakes.get(server.url) ?? took) * 0.8 + took * 0.2);
    }
  }

  /** Does what `prove` does for somebody who is not there, so that the time does not tell who is. */
  async pretend(server: Server): Promise<void> {
    const session = await this.connect(server, { asService: false });
    const began = performance.now();
    const nobody = [`cn=${randomBytes(16).toString('hex')}`, this.settings.base].filter(Boolean).join();
    try {
      await session.bind(nobody, randomBytes(16).toString('hex'), bindReason);
    } catch (error) {
      if (!(error instanceof Refused) || ofTheServer.has(error.refusal.reason)) throw error;
    }
    // A directory refuses an unknown DN without hashing the password.
    const rest = (bindTakes.get(server.url) ?? 0) - (performance.now() - began);
    if (rest > 0) await wait(Math.min(rest, Math.max(this.#left(), 0)));
  }

  /** Runs with the servers in order until one answers; one that did not answer a short while ago comes last. */
  async firstThatAnswers<T>(run: (server: Server) => Promise<T>): Promise<T> {
    const away = ({ url }: Server) => (awayUntil.get(url) ?? 0) > performance.now();
    const servers = serversOf(this.settings);
    const failures: Refused[] = [];
    for (const server of [...servers.filter((each) => !away(each)), ...servers.filter(away)]) {
      if (failures.length > 0 && this.#left() <= 0) break;
      try {
        const result = await run(server);
        awayUntil.delete(server.url);
        return result;
      } catch (error) {
        if (!(error instanceof Refused && ofTheServer.has(error.refusal.reason))) throw error;
        awayUntil.set(server.url, performance.now() + awayFor);
        leftOut(this.trace, server, error);
        failures.push(error);
      }
    }
    throw failures.find(({ refusal: { reason } }) => reason !== 'unreachable') ?? failures[0] ?? new Error('no server');
  }

  /** Ends every connection of it. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all(this.#sessions.map((session) => session.close()));
  }
}
