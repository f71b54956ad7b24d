import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** What came of one request: the status and body of its answer, or the code of the error. */
export interface Outcome {
  result: string;
  body: string;
}

export interface Load {
  outcomes: Outcome[];
  /** Resolves when so many requests have been answered. */
  answered(count: number): Promise<void>;
  /** Lets every client finish what it asked last. */
  stop(): Promise<Outcome[]>;
  /** Resolves when nobody listens any more. */
  refused: Promise<unknown>;
}

/** Clients on kept-alive connections that ask one request after the other, until nobody listens or they are stopped. */
export function load(
  port: number,
  clients: number,
  how: { path?: string; body?: string; headers?: object } = {},
): Load {
  const { path = '/', body, headers = {} } = how;
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const outcomes: Outcome[] = [];
  let going = true;

  const one = (): Promise<Outcome> => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const options = { port, host: '127.0.0.1', path, agent, method: body ? 'POST' : 'GET' };
    const fixed = { host: `localhost:${port}`, ...(body ? { 'content-length': body.length } : {}) };
    const outgoing = request({ ...options, headers: { ...fixed, ...headers } }, async (incoming) => {
      const text = Buffer.concat(await incoming.toArray()).toString();
      resolve({ result: `${incoming.statusCode}`, body: text });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => resolve({ result: error.code ?? error.message, body: '' }));
    outgoing.end(body);
    return promise;
  };

  const client = async () => {
    while (going) {
      const outcome = await one();
      outcomes.push(outcome);
      if (outcome.result === 'ECONNREFUSED') return;
    }
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  return {
    outcomes,
    refused: all,
    async answered(count) {
      while (outcomes.length < count) await wait(5);
    },
    async stop() {
      going = false;
      await all;
      agent.destroy();
      return outcomes;
    },
  };
}

/** The different results, without those that nobody listened to any more. */
export const results = (outcomes: readonly Outcome[]): string[] =>
  [...new Set(outcomes.map(({ result }) => result))].filter((result) => result !== 'ECONNREFUSED');
