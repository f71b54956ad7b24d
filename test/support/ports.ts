import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * A port that nobody listens on at this moment, on any address. It lies below those that the system gives away by itself, or
 * another test might get it before whoever it is for has started.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    const server = createServer().listen(port);
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
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
