import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';

/** A way out for lines; a new one is opened when it has ended. */
export interface Outlet {
  /** It takes more, as far as is known. */
  readonly open: boolean;
  /** Resolves once they are handed to the network, which is not yet with the receiver. */
  send(lines: readonly string[]): Promise<void>;
  close(): void;
}

/** Where lines go. */
export interface Destination {
  scheme: 'udp' | 'tcp' | 'tls';
  host: string;
  port: number;
  /** PEM. */
  certificateAuthority?: string | undefined;
}

const usualPorts = { udp: 514, tcp: 601, tls: 6514 };
/** Milliseconds to connect, and for the network to take what is sent. */
const patience = 10_000;

/** Reads `tcp://HOST:PORT`, which the configuration has checked. */
export function destinationOf(url: string, certificateAuthority?: string): Destination {
  const { protocol, hostname, port } = new URL(url);
  const scheme = protocol === 'udp:' ? 'udp' : protocol === 'tcp:' ? 'tcp' : 'tls';
  const host = hostname.replace(/^\[|\]$/g, '');
  return { scheme, host, port: port === '' ? usualPorts[scheme] : Number(port), certificateAuthority };
}

/** Opens a way there. Rejects when nobody answers. */
export const openOutlet = (to: Destination): Promise<Outlet> => (to.scheme === 'udp' ? datagrams(to) : stream(to));

/** RFC 5426: one datagram for each line, and nobody says whether it arrived. */
async function datagrams({ host, port }: Destination): Promise<Outlet> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').unref();
  let open = true;
  socket.on('error', () => {
    open = false;
  });
  return {
    get open() {
      return open;
    },
    async send(lines) {
      for (const line of lines) {
        await new Promise<void>((resolve, reject) =>
          socket.send(line, port, host, (error) => (error ? reject(error) : resolve())),
        );
      }
    },
    close() {
      open = false;
      socket.close();
    },
  };
}

/** Each line after its length in bytes, so that nothing in it can begin another one (RFC 6587 §3.4.1, RFC 5425 §4.3). */
const framed = (lines: readonly string[]): string => lines.map((line) => `${Buffer.byteLength(line)} ${line}`).join('');

async function stream(to: Destination): Promise<Outlet> {
  const socket = await connected(to);
  let open = true;
  const end = (): void => {
    open = false;
    socket.destroy();
  };
  // A receiver has nothing to say; when it ends its side, it is leaving.
  for (const event of ['error', 'end', 'close', 'timeout']) socket.on(event, end);
  socket.resume().unref();
  return {
    get open() {
      return open;
    },
    send: (lines) =>
      new Promise<void>((resolve, reject) => {
        const failed = (why: Error): void => {
          end();
          reject(why);
        };
        const timer = setTimeout(() => failed(new Error('the receiver takes nothing')), patience).unref();
        socket.write(framed(lines), (error) => {
          clearTimeout(timer);
          if (error) failed(error);
          else resolve();
        });
      }),
    close: end,
  };
}

async function connected({ scheme, host, port, certificateAuthority: ca }: Destination): Promise<Socket> {
  const secured = { host, port, ...(ca === undefined ? {} : { ca }), minVersion: 'TLSv1.2' as const };
  const socket = scheme === 'tls' ? connectSecurely(secured) : connect({ host, port, keepAlive: true });
  try {
    const signal = AbortSignal.timeout(patience);
    await once(socket, scheme === 'tls' ? 'secureConnect' : 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
  }
}
