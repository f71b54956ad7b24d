import { isIP } from 'node:net';
import { Problem } from '../kernel/errors.ts';
import { type FetchLimits, guardedFetch } from '../kernel/fetch.ts';
import type { Connection, Surroundings } from './connection.ts';

type Fetch = Surroundings['fetch'];

/** However patient the operator is, a sign-in does not wait longer for a provider (milliseconds). */
const longestWait = 5000;

/** Metadata of whole federations is not meant here, but some providers put a lot into theirs. */
const metadataBytes = 2 * 1024 * 1024;

const isLoopback = (host: string): boolean =>
  /^(?:[^.]+\.)*localhost$/.test(host) || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));

/** Whether an address is fit for credentials and keys: https, or this machine. */
export function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

/**
 * Requests to a provider whose hosts an administrator has named: those very hosts may be inside our network, and on this
 * machine they may speak http. Every other address is as guarded as anybody's (`guardedFetch`).
 */
export function providerFetch(named: readonly string[], outgoing: Partial<FetchLimits>, confined = false): Fetch {
  const timeoutMs = Math.min(outgoing.timeoutMs ?? longestWait, longestWait);
  return async (address, init) => {
    const { href, hostname } = new URL(address);
    const allowPrivate = outgoing.allowPrivate === true || (named.includes(hostname) && isSafe(href));
    try {
      return await guardedFetch(address, init, { ...outgoing, timeoutMs, allowPrivate });
    } catch (error) {
      throw confined ? discreet(error) : error;
    }
  };
}

/** Whoever looks after one organisation learns of a failure, but not which names and addresses there are inside our network. */
function discreet(error: unknown): unknown {
  const cause = error instanceof Problem && error.cause instanceof Error ? error.cause : undefined;
  const code = cause && 'code' in cause ? String(cause.code) : '';
  if (!(error instanceof Problem) || !cause) return error;
  if (!cause.message.includes('special-use') && !/^(?:ENOTFOUND|EAI_|ENODATA)/.test(code)) return error;
  const told = new Error('the name leads to no public address');
  return new Problem({ code: error.code, status: error.status, sentence: error.message, cause: told });
}

/** The same for metadata, which may be larger, at an address that an administrator gave; `confined`: of one organisation only. */
export const metadataFetch = (address: string, outgoing: Partial<FetchLimits>, confined = false): Fetch =>
  providerFetch(
    confined ? [] : hostsIn([address]),
    { ...outgoing, maxBytes: Math.max(outgoing.maxBytes ?? 0, metadataBytes) },
    confined,
  );

/** The hosts that an administrator named with the settings: of the issuer, of the metadata, of a discovery file. */
export function namedHosts(settings: Connection): string[] {
  if (settings.confined) return [];
  if (settings.kind === 'oidc') return hostsIn([settings.issuer, ...Object.values(settings.discovery ?? {})]);
  return settings.kind === 'saml' ? hostsIn([settings.metadataUrl]) : [];
}

const hostsIn = (addresses: readonly unknown[]): string[] =>
  addresses.flatMap((one) =>
    typeof one === 'string' && /^https?:/i.test(one) && URL.canParse(one) ? [new URL(one).hostname] : [],
  );
