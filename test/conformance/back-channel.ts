import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** The place where a client hears that a session has ended. */
export interface LogoutReceiver {
  url: string;
  /** The first request that comes. */
  request: Promise<{ method: string; type: string; form: URLSearchParams }>;
  close(): Promise<void>;
}

/** Starts one on this machine that answers 200 to everything. */
export async function backChannel(): Promise<LogoutReceiver> {
  const heard = Promise.withResolvers<Awaited<LogoutReceiver['request']>>();
  const receive = async (request: IncomingMessage) => {
    const { method = '', headers } = request;
    heard.resolve({ method, type: headers['content-type'] ?? '', form: new URLSearchParams(await text(request)) });
  };
  const server = createServer((request, response) => {
    receive(request).then(() => response.setHeader('Cache-Control', 'no-store').end(), heard.reject);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    request: heard.promise,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
