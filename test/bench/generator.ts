import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Job, Load } from './load.ts';

const isLoad = (message: unknown): message is Load =>
  typeof message === 'object' && message !== null && 'units' in message;

/** The load generator, in a process of its own. */
export class Generator {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<Generator> {
    const child = fork(join(import.meta.dirname, 'load.ts'));
    await once(child, 'message');
    return new Generator(child);
  }

  /** Throws when the very first answers were wrong already, so that nothing was measured. */
  async run(job: Job): Promise<Load> {
    this.#child.send(job);
    const [load]: unknown[] = await once(this.#child, 'message');
    if (!isLoad(load)) throw new Error('the load generator answered something else');
    if (load.all === 0) throw new Error(load.failure ?? 'no answer came in time');
    return load;
  }

  stop(): void {
    this.#child.kill();
  }
}
