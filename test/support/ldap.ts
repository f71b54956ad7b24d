import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type LdapConnection, ldapSettings, type Surroundings } from '../../src/federation/connection.ts';
import { type Login, Refused, type Trace, type UpstreamIdentity } from '../../src/federation/connector.ts';
import { ldap } from '../../src/federation/ldap.ts';
import { ldapReasons } from '../../src/federation/ldap-refusals.ts';
import { type Directory, service } from './slapd.ts';

/** The time of every test (seconds). */
export const now = 1_800_000_000;

/** What the connector is opened with; nothing of it but the time is used. */
export const around: Surroundings = {
  issuer: 'https://sallyport.example.test',
  fetch: () => Promise.reject(new Error('a directory is not asked by HTTP')),
  keys: () => Promise.resolve([]),
  once: () => Promise.resolve(true),
  now: () => now,
};

const login: Login = { ticket: 'ticket', fresh: false, strong: false };

/** A trace that keeps what it hears, one line each. */
export function recorder(): Trace & { lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    received: (what, value) => lines.push(`< ${what}: ${typeof value === 'string' ? value : JSON.stringify(value)}`),
    passed: (check, seen) => lines.push(`+ ${check}: ${seen ?? ''}`),
  };
}

/** Settings of a connection to this directory, over StartTLS, with what the test changes. */
export const settingsFor = (directory: Directory, change: Record<string, unknown> = {}): LdapConnection =>
  ldapSettings.parse({
    id: 'directory',
    name: 'Directory',
    preset: 'generic-ldap',
    kind: 'ldap',
    servers: [directory.ldap],
    certificateAuthority: directory.authority.certificate,
    bindDn: service.dn,
    bindPassword: service.password,
    base: 'dc=example,dc=test',
    mapping: { email: ['mail'], name: ['cn'], picture: ['jpegPhoto'] },
    created: now,
    updated: now,
    ...change,
  });

/** One sign-in from beginning to end. */
export async function signIn(
  settings: LdapConnection,
  username: string | undefined,
  password: string | undefined,
  trace: Trace = recorder(),
): Promise<UpstreamIdentity> {
  const connector = ldap(settings, around);
  const { memo } = await connector.begin(login);
  const fields = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  return await connector.complete({ method: 'POST', fields, raw: '' }, login, memo, trace);
}

/** Waits for a refusal with this reason of the closed list, and answers it. */
export async function refusedWith(reason: string, attempt: Promise<unknown>) {
  const outcome = await attempt.then(
    (value: unknown) => value,
    (error: unknown) => error,
  );
  assert(outcome instanceof Refused, `not refused: ${String(outcome)}`);
  assert.equal(outcome.refusal.reason, reason, `${outcome.refusal.reason}: ${outcome.refusal.came}`);
  assert(ldapReasons.includes(reason), `${reason} is not on the list`);
  return outcome.refusal;
}

/** A TCP listener on 127.0.0.1 that treats each connection as given, and counts them. */
export async function listener(treat: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    sockets.add(socket.on('error', () => {}));
    treat(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  /** Resolves when the other end has ended every connection; a test whose connections stay open runs into its time. */
  const end = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const ended = () => Promise.all([...sockets].filter(({ closed }) => !closed).map(end));
  return { port: address.port, count: () => count, ended, close };
}

/** Somebody between us and a server, who may change what the server sends. */
export const between = (port: number, change: (chunk: Buffer, first: boolean) => Buffer) =>
  listener((socket) => {
    const server = connect(port, '127.0.0.1').on('error', () => socket.destroy());
    let first = true;
    socket.on('data', (chunk) => server.write(chunk)).on('close', () => server.destroy());
    server
      .on('close', () => socket.destroy())
      .on('data', (chunk) => {
        socket.write(change(chunk, first));
        first = false;
      });
  });
