import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Another process on a store. */
export interface Worker {
  child: ChildProcess;
  /** What it has said so far, besides its result. */
  said: string[];
  /** Lets it begin. */
  go(): void;
  /** The result of its job. */
  result: Promise<unknown>;
  /** Resolves when it has said so many things. */
  heard(count: number): Promise<void>;
  kill(): Promise<void>;
}

/** Starts a process that opens the store and waits for `go` (test/support/store-process.ts has the jobs). */
export async function worker(job: string, url: string, extra = ''): Promise<Worker> {
  const child = fork(join(import.meta.dirname, 'store-process.ts'), [job, url, extra], { stdio: 'inherit' });
  const said: string[] = [];
  const ended = once(child, 'exit');
  let started = () => {};
  const ready = new Promise<void>((resolve) => {
    started = resolve;
  });
  const result = new Promise<unknown>((resolve, reject) => {
    child.on('message', (message: unknown) => {
      if (message === 'ready') started();
      else if (typeof message === 'string') said.push(message);
      else if (typeof message === 'object' && message !== null && 'result' in message) resolve(message.result);
    });
    child.on('exit', () => reject(new Error(`the process of "${job}" has ended`)));
  });
  result.catch(() => {});
  await Promise.race([ready, result]);
  const heard = async (count: number) => {
    while (said.length < count) await Promise.race([once(child, 'message'), result]);
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { child, said, go: () => child.send('go'), result, heard, kill };
}
