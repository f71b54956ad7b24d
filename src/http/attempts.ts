import { type Allowance, Failures, tooManyFailures } from './limits.ts';

/** How many failed authentications of clients are free, by client from one address, and by address. */
export interface FailureLimits {
  failuresPerClient: Allowance;
  failuresPerAddress: Allowance;
}

const guarded = new Set(
  ['token', 'introspect', 'revoke', 'par', 'device', 'ciba', 'register', 'userinfo']
    .map((name) => `/oauth2/${name}`)
    .concat('/as/token.oauth2', '/access/v1/evaluation', '/access/v1/evaluations'),
);

/** Whether it is counted there who fails to prove themselves. */
export const isGuarded = (path: string): boolean => guarded.has(path) || path.startsWith('/scim/');

/** The client that Basic credentials name, as it is written: a key to count under, nothing more. */
export function claimedClient(header: string | undefined): string | undefined {
  const encoded = /^basic\s+([\w+/=-]+)\s*$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  return text.slice(0, Math.max(text.indexOf(':'), 0));
}

/** Where an attempt was made, and from where. */
interface Place {
  path: string;
  ip: string;
}

/**
 * Slows down guessing of client secrets and tokens (RFC 6749 §10.10). Only failures count, and only where they come
 * from: one client from one address, then the address. Nobody can lock a client out from somewhere else, and an
 * address that fails too much still gets its right credentials through.
 */
export class Attempts {
  readonly #byClient: Failures;
  readonly #byAddress: Failures;

  constructor(limits: FailureLimits) {
    this.#byClient = new Failures(limits.failuresPerClient);
    this.#byAddress = new Failures(limits.failuresPerAddress);
  }

  /** Refuses a client that has failed too often from this address, before its secret is looked at. Throws `tooManyFailures`. */
  refuse({ path, ip }: Place, authorization: string | undefined): void {
    if (this.#byClient.size === 0 || !isGuarded(path)) return;
    const key = clientKey(ip, claimedClient(authorization));
    const seconds = key === undefined ? 0 : this.#byClient.wait(key);
    if (seconds > 0) throw tooManyFailures(seconds);
  }

  /** Counts a failure; `client` is claimed in the body. Throws `tooManyFailures` when it was one too many. */
  count({ path, ip }: Place, authorization: string | undefined, client: unknown): void {
    if (!isGuarded(path)) return;
    const key = clientKey(ip, claimedClient(authorization) ?? client);
    const seconds = Math.max(this.#byAddress.wait(ip), key === undefined ? 0 : this.#byClient.wait(key));
    if (seconds > 0) throw tooManyFailures(seconds);
    this.#byAddress.count(ip);
    if (key !== undefined) this.#byClient.count(key);
  }
}

const clientKey = (ip: string, client: unknown): string | undefined =>
  typeof client === 'string' ? `${ip} ${client.slice(0, 128)}` : undefined;
