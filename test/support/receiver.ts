import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A message as it arrived. */
export interface Arrived {
  id: string;
  timestamp: number;
  signatures: string[];
  headers: IncomingHttpHeaders;
  raw: string;
  /** The body, where it is JSON. */
  body: ReturnType<typeof JSON.parse>;
}

/** A receiver of webhooks or security events over real HTTP. */
export interface Receiver {
  url: string;
  arrived: Arrived[];
  /** The status of the answers from now on; a promise is waited for. */
  answer: number | Promise<number>;
  /** The body of the answers. */
  said: string;
  /** The most requests that were under way at the same time. */
  most: number;
  /** Resolves with the first message that fits. */
  until(fits: (one: Arrived) => boolean): Promise<Arrived>;
  close(): void;
}

/** Listens on a free port. */
export async function startReceiver(): Promise<Receiver> {
  const wakes = new Set<() => void>();
  let open = 0;
  const server = createServer(async (request, response) => {
    open += 1;
    receiver.most = Math.max(receiver.most, open);
    const raw = await text(request);
    receiver.arrived.push({
      id: String(request.headers['webhook-id']),
      timestamp: Number(request.headers['webhook-timestamp']),
      signatures: String(request.headers['webhook-signature']).split(' '),
      headers: request.headers,
      raw,
      body: raw.startsWith('{') ? JSON.parse(raw) : undefined,
    });
    for (const wake of wakes) wake();
    response.statusCode = await receiver.answer;
    open -= 1;
    response.end(receiver.said);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://localhost:${port}/hook`,
    arrived: [],
    answer: 204,
    said: '',
    most: 0,
    async until(fits) {
      for (;;) {
        const found = receiver.arrived.find(fits);
        if (found) return found;
        await new Promise<void>((resolve) => wakes.add(resolve));
      }
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return receiver;
}
