import type { Generator } from './generator.ts';
import { signIn } from './sign-in.ts';
import type { Target } from './targets.ts';
import type { Work } from './work.ts';

/** How hard and how long each measurement is. */
export interface Effort {
  connections: number;
  rounds: number;
  seconds: number;
}

/** Makes what a measurement needs and says what to do; undefined where the server does not offer it. */
export type Prepare = (target: Target, generator: Generator, effort: Effort) => Promise<Work | undefined>;

/** Fewer than the rows that the bare library keeps. */
const pool = 500;
const sessions = 8;

/** The paths that are measured. */
export const paths: Record<string, Prepare> = {
  client_credentials: async ({ place, service }) => ({ kind: 'client_credentials', place, credentials: service }),

  introspection: async (target, generator) => {
    const { place, service, gateway } = target;
    const issue: Work = { kind: 'client_credentials', place, credentials: service };
    return { kind: 'introspection', place, credentials: gateway, tokens: await issued(target, generator, issue, pool) };
  },

  'introspection-jwt': async (target, generator) => {
    const { place, jwt, gateway } = target;
    if (!jwt) return undefined;
    const issue: Work = { kind: 'client_credentials', place, credentials: jwt };
    return { kind: 'introspection', place, credentials: gateway, tokens: await issued(target, generator, issue, pool) };
  },

  refresh: async (target, generator, effort) => {
    const { place, web } = target;
    const tokens = await issued(target, generator, await codeFlow(target), effort.connections);
    return { kind: 'refresh', place, credentials: web, tokens };
  },

  code: (target) => codeFlow(target),
};

const signedIn = new WeakMap<Target, string[]>();

async function codeFlow(target: Target): Promise<Work> {
  const { place, web, redirectUri, scope } = target;
  const cookies = (target.forgetful ? undefined : signedIn.get(target)) ?? [];
  while (cookies.length < sessions) cookies.push(await signIn(target));
  signedIn.set(target, cookies);
  return { kind: 'code', place, credentials: web, cookies, redirectUri, scope };
}

/** One token for each of so many connections. */
async function issued(target: Target, generator: Generator, work: Work, count: number): Promise<string[]> {
  const { tokens, failure } = await generator.run({ port: target.port, connections: count, units: 1, work });
  if (tokens.length < count)
    throw new Error(failure ?? `the answers had ${tokens.length} tokens of ${count} at ${target.name}`);
  return tokens;
}
