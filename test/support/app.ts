import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { makeDemo } from '../../src/demo.ts';
import { type House, openHouse } from '../../src/house.ts';
import { createLog } from '../../src/kernel/log.ts';
import type { Credentials } from './oauth.ts';
import { storeUrl } from './store.ts';

/** A running Sallyport with the demo resources, in this process so that tests can move its clock. */
export interface TestApp {
  issuer: string;
  /** Where this process listens: not the issuer, when that is another process on the same store. */
  url: string;
  /** Its capabilities, for what an administrator does. */
  parts: House;
  /** What it logged so far, one JSON line each. */
  log: string[];
  /** What a monitoring system reads. */
  metrics(): Promise<string>;
  client(id: string): Credentials;
  password(email: string): string;
  registrar(name: string): string;
  /** Looks whether the keys have changed, as it does every few seconds. */
  follow(): Promise<void>;
  close(): Promise<void>;
}

const masterKey = Buffer.alloc(32, 7);

/** Starts the real app on a fresh store of the kind under test; `environment` overrides settings by their variables. */
export async function startApp(environment: Record<string, string> = {}): Promise<TestApp> {
  let handle: (request: IncomingMessage, response: ServerResponse) => unknown = () => {};
  const server = createServer((request, response) => handle(request, response));
  const host = environment.SALLYPORT_HOST ?? 'localhost';
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const config = loadConfig({
    SALLYPORT_STORE: environment.SALLYPORT_STORE ?? (await storeUrl()),
    SALLYPORT_ISSUER: `http://${host}:${port}`,
    ...environment,
  });
  const log: string[] = [];
  const logged = createLog({ level: config.log.level, stream: { write: (line) => log.push(line) } });
  const complain = (what: string, err: unknown) => logged.warn({ err }, what);
  const parts = await openHouse(config, async () => masterKey, complain);
  await parts.access.ensureBuiltIn(config.console.level);
  const { demo } = await makeDemo(config, parts);
  const app = await createApp(config, parts, logged);
  handle = app.handler;
  return {
    issuer: config.issuer,
    url: `http://${host}:${port}`,
    parts,
    log,
    metrics: async () => (await app.metrics.text()).body,
    client: (id) => ({ client_id: id, client_secret: demo.clients[id]?.client_secret ?? '' }),
    password: (email) => demo.users[email]?.password ?? '',
    registrar: (name) => demo.registrars[name]?.token ?? '',
    follow: () => app.follow(),
    async close() {
      server.closeAllConnections();
      server.close();
      await app.close();
    },
  };
}
