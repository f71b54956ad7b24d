import { isIP } from 'node:net';
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
export function providerFetch(named: readonly string[], outgoing: Partial<FetchLimits>): Fetch {
  const timeoutMs = Math.min(outgoing.timeoutMs ?? longestWait, longestWait);
  return (address, init) => {
    const { href, hostname } = new URL(address);
    const allowPrivate = outgoing.allowPrivate === true || (named.includes(hostname) && isSafe(href));
    return guardedFetch(address, init, { ...outgoing, timeoutMs, allowPrivate });
  };
}

/** The same for metadata, which may be larger, at an address that an administrator gave; `confined`: of one organisation only. */
export const metadataFetch = (address: string, outgoing: Partial<FetchLimits>, confined = false): Fetch =>
  providerFetch(confined ? [] : hostsIn([address]), {
    ...outgoing,
    maxBytes: Math.max(outgoing.maxBytes ?? 0, metadataBytes),
  });

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
