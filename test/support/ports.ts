import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/** Resolves when somebody listens there; throws when the process ends before, or nobody does in half a minute. */
export async function answers(port: number, child: ChildProcess, said: () => string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`it has ended with ${child.exitCode}: ${said()}`);
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([
      // On a free port of the loopback a socket can meet itself.
      once(socket, 'connect').then(() => socket.localPort !== port),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
    await wait(50);
  }
  throw new Error(`nobody listens on ${port}: ${said()}`);
}
