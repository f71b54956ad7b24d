import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Metrics } from './http/metrics.ts';
import { Places } from './http/places.ts';
import { Problem, problem } from './kernel/errors.ts';
import { fetchGuardHolds } from './kernel/fetch.ts';
import type { Log } from './kernel/log.ts';
import { ops } from './routes/ops.ts';

/** What `createApp` makes, as far as serving it goes. */
export interface App {
  /** Answers a request; read anew for each one, since it may be replaced when keys rotate. Resolves when answered. */
  handler(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Resolves when the store answers. */
  ready(): Promise<void>;
  /** Ends what would go on for ever (streams of changes), once nobody is let in any more. */
  leave?(): void;
  /** Lets go of the store; called once, after the last request. */
  close(): Promise<void>;
  metrics: Metrics;
}

/** Where to listen, and how long things may take: the slice of Config that serving needs. */
export interface ServerSettings {
  host: string;
  port: number;
  opsHost: string;
  opsPort: number;
  /** How long new requests are still taken after `ready` became false, so that a load balancer can notice. Default 0. */
  drainGraceSeconds?: number;
  /** How long requests in work may take to finish. */
  drainSeconds: number;
  /** How long a whole request may take to arrive; 408 afterwards. */
  limits: { requestSeconds: number };
}

/** A server that listens. */
export interface Serving {
  port: number;
  opsPort: number;
  /** Leaves without losing a request: not ready, grace, no new connections, finish, close. May be called again. */
  drain(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

const limits = {
  connectionsCheckingInterval: 1000,
  /** Longer than the idle time of common load balancers (60 s), so that they and not we close a connection. */
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
};

/** A connection on which nothing moves for this long is given up, answered or not. */
const stalled = 120_000;

/** How long a kept-alive connection may stay silent, once nobody else is let in, before it is closed. */
const silence = 1000;

const inUse = (host: string, port: number, cause: unknown): Problem =>
  new Problem({
    code: 'port_in_use',
    status: 500,
    sentence: `Port ${port} on ${host} is in use; stop what uses it, or choose another (SALLYPORT_PORT, SALLYPORT_OPS_PORT)`,
    cause,
  });

interface Door {
  handler: Handler;
  host: string;
  port: number;
  requestTimeout: number;
}

async function listenOn({ handler, host, port, requestTimeout }: Door): Promise<Server> {
  const headersTimeout = Math.min(10_000, requestTimeout);
  const server = createServer({ ...limits, requestTimeout, headersTimeout }, handler);
  server.timeout = stalled;
  // The number of headers is bounded by the guard, with an answer; Node would drop the surplus silently.
  server.maxHeadersCount = 0;
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** `localhost` is both 127.0.0.1 and ::1 (RFC 6761 §6.3), and clients take either; every other name or address is one. */
const addresses = (host: string): string[] => (host === 'localhost' ? ['127.0.0.1', '::1'] : [host]);

async function listen(door: Door): Promise<{ servers: Server[]; port: number }> {
  const { host } = door;
  const servers: Server[] = [];
  let chosen = door.port;
  for (const address of addresses(host)) {
    try {
      const server = await listenOn({ ...door, host: address, port: chosen });
      servers.push(server);
      const bound = server.address();
      if (typeof bound === 'object' && bound !== null) chosen = bound.port;
    } catch (error) {
      // A machine may be without IPv6.
      if (address === '::1' && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error))) continue;
      for (const server of servers) server.close();
      throw codeOf(error) === 'EADDRINUSE' ? inUse(host, chosen, error) : error;
    }
  }
  return { servers, port: chosen };
}

/** Ends a listener: no new connection, the next answer on each old one is its last, silent ones are closed. */
async function finish(server: Server, limit: number): Promise<void> {
  const closed = once(server, 'close');
  // Not http's own `close`: that one also cuts kept-alive connections on which a request may be on its way.
  NetServer.prototype.close.call(server);
  const done = new AbortController();
  const sweep = async () => {
    const end = Date.now() + limit;
    while (Date.now() < end) {
      await wait(silence, undefined, { signal: done.signal });
      server.closeIdleConnections();
    }
    server.closeAllConnections();
  };
  await Promise.race([closed, sweep().then(() => closed)]);
  done.abort();
}

const unguarded = problem(
  'unguarded',
  500,
  () => 'A request that we make ourselves reached an address of this machine; nothing is served while that is possible',
);

/**
 * Listens on both ports, once outgoing requests have proven to be guarded; resolves when both do. Throws `port_in_use`
 * and `unguarded`.
 */
export async function serve(app: App, settings: ServerSettings, log: Log): Promise<Serving> {
  const inWork = new Places<ServerResponse>();
  let draining = false;
  let lastAnswers = false;

  const handler: Handler = async (request, response) => {
    if (lastAnswers) response.setHeader('Connection', 'close');
    const place = inWork.take(response);
    try {
      await app.handler(request, response);
    } catch (error) {
      log.error({ err: error }, 'a request was given up');
      response.destroy();
    } finally {
      inWork.leave(place);
    }
  };
  const { host, port, opsHost, opsPort, drainGraceSeconds = 0, drainSeconds } = settings;
  const requestTimeout = settings.limits.requestSeconds * 1000;
  if (!(await fetchGuardHolds())) throw unguarded();
  const open = await listen({ handler, host, port, requestTimeout });
  const inside = ops({ metrics: app.metrics, ready: () => app.ready(), draining: () => draining });
  const opsOpen = await listen({ handler: inside.callback(), host: opsHost, port: opsPort, requestTimeout }).catch(
    (error: unknown) => {
      for (const server of open.servers) server.close();
      throw error;
    },
  );
  app.metrics.watchProcess();

  const drain = async (): Promise<void> => {
    draining = true;
    log.info({ drainGraceSeconds, inWork: inWork.size }, 'draining');
    await wait(drainGraceSeconds * 1000);
    const finished = open.servers.map((server) => finish(server, drainSeconds * 1000));
    // Only now: a client told to reconnect earlier would do so while the listener closes, and be cut off.
    lastAnswers = true;
    for (const response of inWork) if (!response.headersSent) response.setHeader('Connection', 'close');
    app.leave?.();
    await Promise.all(finished);
    await app.close();
    for (const server of opsOpen.servers) server.close().closeAllConnections();
    log.info('stopped');
  };
  let drained: Promise<void> | undefined;
  return {
    port: open.port,
    opsPort: opsOpen.port,
    drain() {
      drained ??= drain();
      return drained;
    },
  };
}

/**
 * Ties a server to its process: SIGTERM and SIGINT drain it and exit with 0, a second signal exits at once; an error
 * that nobody caught is logged as fatal and drains it too, with 1.
 */
export function leaveOnSignal(serving: Serving, log: Log): void {
  let leaving = false;
  const leave = async (code: number): Promise<void> => {
    if (leaving) process.exit(1);
    leaving = true;
    await serving.drain().catch((error: unknown) => {
      log.error({ err: error }, 'draining failed');
      process.exit(1);
    });
    // Whatever is still being written would otherwise be overtaken by what is flushed at exit.
    await new Promise((resolve) => log.flush(resolve));
    process.exit(code);
  };
  process.on('SIGTERM', () => void leave(0));
  process.on('SIGINT', () => void leave(0));
  const fatal = (error: unknown): void => {
    log.fatal({ err: error }, 'an error that nobody caught; draining');
    if (!leaving) void leave(1);
  };
  process.on('unhandledRejection', fatal);
  process.on('uncaughtException', fatal);
}
