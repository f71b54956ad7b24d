import { isIP } from 'node:net';
import { problem } from '../kernel/errors.ts';

/** What a redirect URI may be, beyond what is refused to everybody. */
export interface RedirectRules {
  /** Hosts that may be used: `app.example`, `*.example`; empty: any. */
  hosts: readonly string[];
  /** Whether web clients may use http on this machine (`http://localhost:8080/…`): what an administrator sets up for development. */
  loopback: boolean;
}

/** RFC 7591 §3.2.2. */
export const invalidRedirect = problem('invalid_redirect_uri', 400, (sentence: string) => sentence);
const invalidAddress = problem('invalid_client_metadata', 400, (sentence: string) => sentence);

/** Schemes that run code, read files or carry their own content in a browser. */
const dangerous = new Set(
  [
    'javascript',
    'vbscript',
    'data',
    'blob',
    'file',
    'filesystem',
    'about',
    'view-source',
    'ws',
    'wss',
    'ftp',
    'mailto',
    'tel',
    'intent',
  ].map((name) => `${name}:`),
);

/** A host without brackets and without the dot at the end, which leads to the same place. */
const bare = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);

const fits = (host: string, pattern: string): boolean =>
  pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;

/** Characters that parsers read differently; URLs that need them write them percent-encoded. */
const ambiguous = /[\s\\^`{|}<>"\p{C}]/u;

function refusal(uri: string, applicationType: string, rules: RedirectRules): string | undefined {
  if (ambiguous.test(uri) || !URL.canParse(uri)) return 'is not a valid absolute URI';
  const url = new URL(uri);
  if (dangerous.has(url.protocol)) return `must not use the scheme ${url.protocol.slice(0, -1)}`;
  if (uri.includes('#')) return 'must not have a fragment';
  if (url.username !== '' || url.password !== '' || /^[a-z][\w+.-]*:\/\/[^/?]*@/i.test(uri)) {
    return 'must not have a user name or password';
  }
  const host = bare(url);
  if (host.includes('*') || uri.includes('*')) return 'must not have a wildcard; register each address';
  if (url.protocol === 'https:') return secureRefusal(host, rules);
  if (url.protocol === 'http:') return plainRefusal(host, applicationType, rules);
  if (applicationType !== 'native') return 'must use https';
  if (!url.protocol.includes('.'))
    return 'must use https, or a scheme after a domain name that you own (RFC 8252 §7.1)';
  return rules.hosts.length > 0 ? `must use https and one of the hosts ${rules.hosts.join(', ')}` : undefined;
}

function secureRefusal(host: string, { hosts, loopback }: RedirectRules): string | undefined {
  if (hosts.some((pattern) => fits(host, pattern))) return undefined;
  if (hosts.length > 0) return `must use one of the hosts ${hosts.join(', ')}`;
  return !loopback && (isLoopback(host) || isIP(host) !== 0) ? 'must use the name of a public host' : undefined;
}

function plainRefusal(host: string, applicationType: string, rules: RedirectRules): string | undefined {
  if (!isLoopback(host)) return 'must use https';
  if (rules.hosts.includes(host)) return undefined;
  if (rules.hosts.length > 0) return `must use one of the hosts ${rules.hosts.join(', ')}`;
  return rules.loopback || applicationType === 'native' ? undefined : 'must use https';
}

/** Refuses an address that codes and tokens must not be sent to (RFC 9700 §4.1, RFC 8252 §7, §8.4). */
export function checkRedirect(
  member: 'redirect_uris' | 'post_logout_redirect_uris',
  uri: string,
  applicationType: string | undefined,
  rules: RedirectRules,
): void {
  const wrong = refusal(uri, applicationType ?? 'web', rules);
  if (wrong === undefined) return;
  const fail = member === 'redirect_uris' ? invalidRedirect : invalidAddress;
  throw fail(`${member}: ${uri.slice(0, 200)} ${wrong}`);
}

/**
 * What is wrong with an address that we fetch, or that people are led to; undefined when it is right. `loopback` lets
 * through this machine, over http too.
 */
export function checkPageAddress(
  uri: string,
  { fragment, loopback = false }: { fragment: boolean; loopback?: boolean },
): string | undefined {
  const url = ambiguous.test(uri) ? null : URL.parse(uri);
  const host = url ? bare(url) : '';
  const near = loopback && isLoopback(host);
  if (!url || !(url.protocol === 'https:' || (near && url.protocol === 'http:'))) return 'must be an https address';
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/?#]*@/i.test(uri))
    return 'must not have a user name or password';
  if (!fragment && uri.includes('#')) return 'must not have a fragment';
  return !near && (isLoopback(host) || isIP(host) !== 0) ? 'must use the name of a public host' : undefined;
}
