import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Cli } from './cli.ts';

const launcher = join(import.meta.dirname, '../../bin/sallyport.js');

/** A server in a process of its own, as `npm start` starts it. */
export interface ServerProcess {
  url: string;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Asks it to leave, as an orchestrator does; resolves with its exit code. */
  leave(): Promise<number | null>;
}

/** Starts a server on the store and with the settings of this command line; resolves when it listens. */
export async function startServer(sallyport: Cli, settings: Record<string, string> = {}): Promise<ServerProcess> {
  const child = spawn(process.execPath, [launcher, 'start'], {
    cwd: sallyport.directory,
    env: { ...sallyport.environment, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const leave = async () => {
    child.kill('SIGTERM');
    await ended;
    return child.exitCode;
  };
  for await (const line of lines) {
    const said = line.startsWith('{') ? JSON.parse(line) : {};
    if (said.msg !== 'listening') continue;
    child.stdout.resume();
    return { url: `http://localhost:${said.port}`, kill, leave };
  }
  throw new Error('the server ended before it listened');
}

/** Settings of a server that takes any free ports; tokens carry this issuer whatever the port. */
export const anyPort = { SALLYPORT_PORT: '0', SALLYPORT_OPS_PORT: '0', SALLYPORT_LOG_REQUESTS: 'false' };
