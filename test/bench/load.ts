import { createHistogram } from 'node:perf_hooks';
import { Connection } from './connection.ts';
import { type Steps, steps, type Work } from './work.ts';

/** One measurement: until the time is over, or until so many units are done. */
export interface Job {
  port: number;
  connections: number;
  work: Work;
  /** Seconds that count, after so many that do not. */
  seconds?: number;
  warm?: number;
  units?: number;
}

/** What came out. Latencies in milliseconds. */
export interface Load {
  /** Units of work that count, and all of them. */
  units: number;
  all: number;
  seconds: number;
  p50: number;
  p99: number;
  /** The part of a core that the generator itself took: near 1 it was the limit, not the server. */
  busy: number;
  failures: number;
  /** The first answer that was not as expected. */
  failure?: string;
  /** The last token of each connection. */
  tokens: string[];
}

/** Runs one measurement in this process. */
async function run(job: Job): Promise<Load> {
  const measurement = new Measurement(job);
  const connections = await Promise.all(Array.from({ length: job.connections }, () => Connection.open(job.port)));
  const all = connections.map((_connection, number) => steps(job.work, number));
  const used = process.cpuUsage();
  const began = performance.now();
  await Promise.all(connections.map((connection, number) => measurement.drive(connection, all[number])));
  const { user, system } = process.cpuUsage(used);
  const busy = (user + system) / 1000 / (performance.now() - began);
  for (const connection of connections) connection.close();
  return { ...measurement.result(), busy, tokens: all.flatMap(({ token }) => (token === undefined ? [] : [token])) };
}

class Measurement {
  readonly #job: Job;
  readonly #from: number;
  readonly #until: number;
  readonly #latencies = createHistogram();
  #ended: number;
  #all = 0;
  #failures = 0;
  #failure: string | undefined;

  constructor(job: Job) {
    this.#job = job;
    this.#from = performance.now() + (job.warm ?? 0) * 1000;
    this.#until = this.#from + (job.seconds ?? Number.POSITIVE_INFINITY) * 1000;
    this.#ended = this.#from;
  }

  /** Works on one connection until the end; every request that was sent is answered before it resolves. */
  drive(connection: Connection, work: Steps | undefined): Promise<void> {
    return new Promise((resolve) => {
      let began = performance.now();
      const fail = (error: Error): void => {
        this.#failures += 1;
        this.#failure ??= error.message;
        resolve();
      };
      const heard = (answer: string): void => {
        try {
          if (work?.heard(answer)) {
            const now = performance.now();
            this.#done(began, now);
            began = now;
            if (this.#over(began)) {
              resolve();
              return;
            }
          }
          send();
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const send = (): void => connection.send(work?.next() ?? '', heard, fail);
      send();
    });
  }

  /** Whether a unit that would begin now comes too late; one that has begun is finished. */
  #over(begins: number): boolean {
    return begins >= this.#until || this.#all >= (this.#job.units ?? Number.POSITIVE_INFINITY);
  }

  #done(began: number, now: number): void {
    this.#all += 1;
    if (now < this.#from || now > this.#until) return;
    this.#latencies.record(Math.max(1, Math.round((now - began) * 1e6)));
    this.#ended = now;
  }

  result() {
    const units = this.#latencies.count;
    return {
      units,
      all: this.#all,
      seconds: this.#job.seconds ?? (this.#ended - this.#from) / 1000,
      p50: this.#latencies.percentile(50) / 1e6,
      p99: this.#latencies.percentile(99) / 1e6,
      failures: this.#failures,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }
}

const isJob = (message: unknown): message is Job =>
  typeof message === 'object' && message !== null && 'work' in message;

process.on('message', (message) => {
  if (isJob(message)) void run(message).then((load) => process.send?.(load));
});
process.send?.('ready');
