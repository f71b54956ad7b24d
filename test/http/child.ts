/** A server process of its own for server.test.ts: a small app on free ports, told what to do by the first argument. */
import { setTimeout as wait } from 'node:timers/promises';
import { Metrics } from '../../src/http/metrics.ts';
import { createLog } from '../../src/kernel/log.ts';
import { leaveOnSignal, type ServerSettings, serve } from '../../src/server.ts';

const settings: Partial<ServerSettings> = JSON.parse(process.argv[2] ?? '{}');
const log = createLog({ level: 'info' });

const serving = await serve(
  {
    metrics: new Metrics(),
    async handler(request, response) {
      if (request.url === '/reject') void Promise.reject(new Error('planted rejection'));
      if (request.url === '/throw')
        setImmediate(() => {
          throw new Error('planted exception');
        });
      await wait(request.url === '/stuck' ? 60_000 : request.url === '/slow' ? 400 : 2);
      response.end('done');
    },
    ready: async () => {},
    close: async () => log.info('the store is closed'),
  },
  {
    host: 'localhost',
    port: 0,
    opsHost: '127.0.0.1',
    opsPort: 0,
    drainSeconds: 25,
    limits: { requestSeconds: 30 },
    ...settings,
  },
  log,
);
leaveOnSignal(serving, log);
process.send?.({ port: serving.port, opsPort: serving.opsPort });
