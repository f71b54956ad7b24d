import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { environmentWith, startServer } from './children.ts';
import type { Credentials } from './connection.ts';
import { discovered, type Target } from './targets.ts';

const root = join(import.meta.dirname, '..', '..');
const cli = join(root, 'src', 'cli.ts');
const execute = promisify(execFile);

/** An installation to measure: its store, and the environment that every process of it gets. */
export interface Installation {
  port: number;
  environment: Record<string, string>;
}

/** A place for an installation that is not there yet. */
export async function installation(store: string): Promise<Installation> {
  const port = await freePort();
  const environment = {
    SALLYPORT_STORE: store,
    SALLYPORT_PORT: String(port),
    SALLYPORT_OPS_PORT: '0',
    SALLYPORT_ISSUER: `http://localhost:${port}`,
    SALLYPORT_MASTER_KEY: randomBytes(32).toString('base64'),
  };
  return { port, environment };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What `npm start` hands to Node.js: its options, and the launcher. */
function asStarted(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return String(scripts.start).split(' ').slice(1);
}

/** Starts Sallyport as anybody does, with the settings of development. */
export async function startSallyport(name: string, at: Installation, nodeOptions: string[] = []): Promise<Target> {
  const running = await startServer({
    command: [...nodeOptions, ...asStarted()],
    environment: at.environment,
    directory: root,
    ready: () => answers(at.port),
  });
  try {
    const { clients, users } = await demo(at);
    const [identifier = '', person] = Object.entries(users)[0] ?? [];
    return {
      name,
      running,
      port: at.port,
      place: await discovered(`localhost:${at.port}`),
      service: credentials(clients, 'demo-service'),
      web: credentials(clients, 'demo-web'),
      gateway: credentials(clients, 'demo-gateway'),
      admin: credentials(clients, 'demo-admin'),
      person: { identifier, password: person?.password ?? '' },
      redirectUri: 'http://localhost:8080/callback',
      scope: 'openid',
    };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Seconds from starting the process on an empty store to the first token, by what it prints at its first start. */
export async function firstToken(at: Installation): Promise<number> {
  const began = performance.now();
  const place = { token: '/oauth2/token' };
  const running = await startServer({
    command: [cli, 'start'],
    environment: at.environment,
    directory: root,
    ready: async (printed) => {
      const secret = /demo-service\W+([\w-]{43})\b/.exec(printed)?.[1];
      return secret !== undefined && tokenGiven(at.port, place.token, { id: 'demo-service', secret });
    },
  });
  const seconds = (performance.now() - began) / 1000;
  await running.stop();
  return seconds;
}

/** Gives the installation an API with JWT access tokens and a client for it. */
export async function withJwt(target: Target, at: Installation): Promise<Target> {
  const jwt: Credentials = JSON.parse(await prepared(at, 'jwt'));
  // The server sees within a second what another process has added.
  for (let attempt = 0; attempt < 50; attempt += 1) {
    if (await tokenGiven(at.port, target.place.token, jwt)) return { ...target, jwt };
    await wait(100);
  }
  throw new Error('the client for JWTs gets no token');
}

/** Stores as many tokens as another installation would have after a while: copies of one that was really issued. */
export async function filled(at: Installation, sample: string, seed: string, count: number): Promise<void> {
  await prepared(at, 'fill', sample, seed, String(count));
}

/** Gives the installation so many people with rights, and as many without, each with a token (prepare-rights.ts). */
export async function withPeople(at: Installation, count: number): Promise<void> {
  await prepared(at, 'rights', String(count));
}

async function prepared(at: Installation, ...job: string[]): Promise<string> {
  const file = join(import.meta.dirname, 'prepare.ts');
  const { stdout } = await execute(process.execPath, [file, ...job], {
    env: environmentWith(at.environment),
    cwd: root,
  });
  return stdout;
}

interface Demo {
  clients: Record<string, { client_id: string; client_secret?: string }>;
  users: Record<string, { password: string }>;
}

async function demo(at: Installation): Promise<Demo> {
  const { stdout } = await execute(process.execPath, [cli, 'demo', '--json'], {
    env: environmentWith(at.environment),
    cwd: root,
  });
  return JSON.parse(stdout);
}

function credentials(clients: Demo['clients'], id: string): Credentials {
  const client = clients[id];
  if (!client) throw new Error(`sallyport demo knows no ${id}`);
  return { id: client.client_id, secret: client.client_secret ?? '' };
}

async function answers(port: number): Promise<boolean> {
  const answer = await fetch(`http://localhost:${port}/.well-known/openid-configuration`).catch(() => undefined);
  await answer?.text();
  return answer?.ok === true;
}

async function tokenGiven(port: number, path: string, { id, secret }: Credentials): Promise<boolean> {
  const answer = await fetch(`http://localhost:${port}${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  }).catch(() => undefined);
  await answer?.text();
  return answer?.status === 200;
}
