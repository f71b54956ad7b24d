import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import type { Certificate } from './mail.ts';

/** What takes syslog over TCP or TLS, and reads it as RFC 6587 and RFC 5425 write it. */
export interface Collector {
  port: number;
  /** As they came, with those that came twice. */
  lines: string[];
  /** Connections that were made, read or not. */
  connections: number;
  /** Resolves when a line with each of these texts is there, or so many connections. */
  until(texts: readonly string[], connections?: number): Promise<void>;
  /** Cuts every connection, and lets nobody in. */
  stop(): Promise<void>;
}

/** Listens; a deaf one takes connections and reads nothing, so that what is sent stays under way. */
export async function startCollector({
  port = 0,
  deaf = false,
  certificate,
}: {
  port?: number;
  deaf?: boolean;
  certificate?: Certificate;
} = {}): Promise<Collector> {
  const sockets = new Set<Socket>();
  let wake = () => {};
  const take = (socket: Socket) => {
    sockets.add(socket);
    collector.connections += 1;
    wake();
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let rest = Buffer.alloc(0);
    if (deaf) return;
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      rest = framesOf(rest, (line) => collector.lines.push(line));
      wake();
    });
  };
  const server: Server = certificate
    ? createSecureServer({ key: certificate.key, cert: certificate.pem }, take)
    : createServer({ pauseOnConnect: deaf }, take);
  server.listen(port, 'localhost');
  await once(server, 'listening');
  const collector: Collector = {
    port: (server.address() as AddressInfo).port,
    lines: [],
    connections: 0,
    async until(texts, connections = 0) {
      const all = () => {
        const whole = collector.lines.join('\n');
        return collector.connections >= connections && texts.every((text) => whole.includes(text));
      };
      while (!all()) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return collector;
}

/** Takes every whole frame, `LENGTH SP LINE`, and answers what is left. */
function framesOf(bytes: Buffer, take: (line: string) => void): Buffer<ArrayBuffer> {
  let rest = Buffer.from(bytes);
  for (;;) {
    const space = rest.indexOf(' ');
    const length = Number(rest.subarray(0, Math.max(0, space)).toString());
    if (space < 1 || rest.length < space + 1 + length) return rest;
    if (!Number.isSafeInteger(length)) throw new Error(`no frame begins with ${rest.subarray(0, 20)}`);
    take(rest.subarray(space + 1, space + 1 + length).toString());
    rest = rest.subarray(space + 1 + length);
  }
}
