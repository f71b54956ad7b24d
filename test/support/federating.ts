import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OidcConnection, type OwnKey, oidcSettings, type Surroundings } from '../../src/federation/connection.ts';
import { type Login, Refused, type Trace, type UpstreamIdentity } from '../../src/federation/connector.ts';
import { oidc } from '../../src/federation/oidc.ts';
import { guardedFetch } from '../../src/kernel/fetch.ts';
import type { HostileProvider } from './hostile-provider.ts';

/** A connection by OpenID Connect with these settings; the rest is what it is by itself. */
export const connectionTo = (issuer: string, more: object = {}): OidcConnection =>
  oidcSettings.parse({
    ...{ kind: 'oidc', id: 'test', name: 'Test', preset: 'generic-oidc', created: 0, updated: 0 },
    ...{ issuer, clientId: 'client', clientSecret: 'secret of the client', ...more },
  });

const certificate = readFileSync(join(import.meta.dirname, '../fixtures/certificates/service.pem'), 'utf8');

/** A signing key of ours. */
export function ownKey(type: 'rsa' | 'ec' = 'rsa'): OwnKey {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { kid: `own-${type}`, use: 'signing', privateKey: String(pem), certificate, notAfter: 4e9 };
}

/** What a connector finds around it here: this machine may be asked, and the clock can be moved. */
export interface TestSurroundings extends Surroundings {
  clock: number;
}

/** Surroundings with these keys; `timeoutMs` bounds each request. */
export const surroundings = ({
  timeoutMs = 2500,
  keys = [] as OwnKey[],
  issuer = 'https://sallyport.example.test',
} = {}): TestSurroundings => ({
  issuer,
  clock: Math.floor(Date.now() / 1000),
  fetch: (url, init) => guardedFetch(url, init, { allowPrivate: true, timeoutMs }),
  keys: async () => keys,
  once: async () => true,
  now() {
    return this.clock;
  },
});

/** A sign-in that asks for nothing in particular. */
export const login = (more: Partial<Login> = {}): Login => ({
  ticket: 'ticket-1',
  fresh: false,
  strong: false,
  ...more,
});

/** A trace that remembers: `passed` checks by name, and what was received. */
export function remembering(): Trace & { checks: string[]; seen: Map<string, unknown> } {
  const [checks, seen] = [[] as string[], new Map<string, unknown>()];
  return {
    checks,
    seen,
    received: (what, value) => seen.set(what, value),
    passed: (check) => checks.push(check),
  };
}

/** What one sign-in at the double is made of. */
export interface Attempt {
  settings?: object;
  login?: Partial<Login>;
  around?: TestSurroundings;
  trace?: Trace;
}

/** Signs in at the double, from the first request to the identity. */
export async function signInAt(provider: HostileProvider, attempt: Attempt = {}): Promise<UpstreamIdentity> {
  const { around = surroundings(), trace = remembering() } = attempt;
  const connector = oidc(connectionTo(provider.issuer, attempt.settings), around);
  const asked = login(attempt.login);
  const handoff = await connector.begin(asked);
  if (handoff.by !== 'redirect') throw new Error('an OIDC connector redirects');
  const fields = provider.answer(handoff.url);
  return connector.complete({ method: 'GET', fields, raw: '' }, asked, handoff.memo, trace);
}

/** The reason with which something is refused; throws when it is not. */
export async function reasonOf(deed: Promise<unknown>): Promise<string> {
  const error = await deed.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Refused) return error.refusal.reason;
  throw error;
}
