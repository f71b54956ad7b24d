import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import Koa from 'koa';
import { Edge, type EdgeSettings } from '../../src/http/edge.ts';
import { guard } from '../../src/http/guard.ts';
import { problems } from '../../src/http/problems.ts';
import { html } from '../../src/kernel/html.ts';
import { createLog } from '../../src/kernel/log.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Ask {
  method?: string;
  headers?: OutgoingHttpHeaders;
  /** Sent chunked when it comes in pieces. */
  body?: string | Iterable<string | Buffer> | AsyncIterable<string>;
  host?: string;
}

/** One request, as it is said: no default header but Host, no redirect followed. */
export async function ask(
  port: number,
  path: string,
  { method, headers = {}, body, host = '127.0.0.1' }: Ask = {},
): Promise<Answer> {
  const options = { host, port, path, method: method ?? (body === undefined ? 'GET' : 'POST'), headers, agent: false };
  const outgoing = request(options);
  outgoing.on('error', () => {});
  if (body === undefined) outgoing.end();
  else if (typeof body === 'string') outgoing.end(body);
  else Readable.from(body).pipe(outgoing);
  const [incoming] = await once(outgoing, 'response');
  const text = Buffer.concat(await incoming.toArray()).toString();
  return { status: incoming.statusCode, headers: incoming.headers, body: text };
}

export const page = (problem: Error, reference: string): string =>
  html`<h1>${problem.message}</h1><p>${reference}</p>`.toString();

/** A log that keeps its lines. */
export function memoryLog() {
  const lines: string[] = [];
  return { lines, log: createLog({ level: 'debug', stream: { write: (line: string) => void lines.push(line) } }) };
}

/** A small Koa app behind the real guard on a free port; `ISSUER_PORT` in a setting becomes the port. */
export async function edge(routes: Koa.Middleware, settings: Partial<EdgeSettings> = {}, app: Koa = new Koa()) {
  const { lines, log } = memoryLog();
  const server = createServer((incoming, outgoing) => handle(incoming, outgoing)).listen(0, '::');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const issuer = settings.issuer ?? `http://localhost:${port}`;
  app.use(problems(app, { page, log }));
  app.use(guard(app, new Edge({ trustedProxies: [], ...settings, issuer })));
  app.use(routes);
  const handle = app.callback();
  return {
    port,
    lines,
    ask: (path: string, how?: Ask) => ask(port, path, how),
    close: () => server.close().closeAllConnections(),
  };
}
