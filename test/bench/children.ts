import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** A server in a process of its own. */
export interface Running {
  pid: number;
  /** What it has printed so far. */
  printed(): string;
  /** Ends it and waits until it has ended. */
  stop(): Promise<void>;
}

interface Start {
  /** What follows `node` on the command line. */
  command: string[];
  environment?: Record<string, string>;
  directory?: string;
  /** Tells from what it has printed, or by asking it, that it is ready. */
  ready(printed: string): boolean | Promise<boolean>;
}

const patience = 30_000;

/** The environment of a child: ours, without what is meant for another Sallyport. */
export const environmentWith = (more: Record<string, string>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SALLYPORT_|NODE_ENV$)/.test(name))),
  ...more,
});

/** Starts a server and waits until it is ready. */
export async function startServer({ command, environment = {}, directory, ready }: Start): Promise<Running> {
  const child = spawn(process.execPath, command, {
    env: environmentWith(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(directory === undefined ? {} : { cwd: directory }),
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text = `${text}${chunk}`.slice(-1_000_000);
    });
  }
  const late = performance.now() + patience;
  while (!(await ready(text))) {
    if (child.exitCode !== null || performance.now() > late) {
      child.kill();
      throw new Error(`${command.join(' ').slice(0, 200)} did not start: ${text.slice(-2000)}`);
    }
    await wait(5);
  }
  return { pid: child.pid ?? 0, printed: () => text, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  const late = setTimeout(() => child.kill('SIGKILL'), patience);
  await ended;
  clearTimeout(late);
}

/** Resident memory of a process in MiB; undefined where the system has no /proc. */
export function residentMemory(pid: number): number | undefined {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(proc(pid, 'status'))?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}

/** Processor time that a process has used, in milliseconds (100 ticks a second on every Linux). */
export function processorTime(pid: number): number | undefined {
  const fields = proc(pid, 'stat').split(') ')[1]?.split(' ');
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * 10;
}

function proc(pid: number, name: string): string {
  const file = `/proc/${pid}/${name}`;
  return existsSync(file) ? readFileSync(file, 'latin1') : '';
}
