import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { answers } from './ports.ts';

/** Where programs that were downloaded or built once are kept, outside of the tree. */
export const kept = (...names: string[]): string => join(homedir(), '.cache', 'sallyport-test', ...names);

/** Installs Debian packages where we may; services of theirs are not started. */
export function install(...packages: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...args: string[]) => spawnSync('apt-get', args, { stdio: 'ignore', env });
  if (process.getuid?.() !== 0 || apt('--version').status !== 0) return;
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...packages);
}

/** A program of others that runs beside the tests. */
export interface Program {
  port: number;
  /** What it wrote so far. */
  said(): string;
  stop(): Promise<void>;
}

/** Starts it and waits until it listens there; `log` is a file that it writes to. It ends with this process at the latest. */
export async function run(
  path: string,
  args: readonly string[],
  { port, env = {}, cwd, log }: { port: number; env?: Record<string, string>; cwd: string; log?: string },
): Promise<Program> {
  const child: ChildProcess = spawn(path, args, {
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => {
      output = `${output}${text}`.slice(-20_000);
    });
  }
  const said = () =>
    log !== undefined && existsSync(log) ? `${output}${readFileSync(log, 'utf8').slice(-20_000)}` : output;
  const ended = once(child, 'exit');
  process.once('exit', () => child.kill('SIGKILL'));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) await ended;
  };
  try {
    await answers(port, child, said);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, said, stop };
}
