import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { once } from 'node:events';
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { type AddressInfo, createServer, isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Problem } from './errors.ts';

type Found = (error: Error | null, addresses: LookupAddress[]) => void;

/** Bounds of one outgoing request. */
export interface FetchLimits {
  /** Milliseconds for everything: waiting for a turn, name, connection, answer, body. Default 2500. */
  timeoutMs: number;
  /** Bytes of the answer's body. Default 256 KiB. */
  maxBytes: number;
  /** Lets through http and addresses of private networks: development, and an operator who knows why. */
  allowPrivate: boolean;
  /** How names become addresses; every one of them is checked. Default: the system's resolver. */
  resolve: (hostname: string, found: Found) => void;
}

const defaults: FetchLimits = {
  timeoutMs: 2500,
  maxBytes: 256 * 1024,
  allowPrivate: false,
  resolve: (hostname, found) => systemLookup(hostname, { all: true }, found),
};

const globalUnicast: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/** Whether an address is anything but a public unicast one (RFC 6890): loopback, private, link-local, mapped, NAT64 … */
export function specialUse(address: string): boolean {
  if (!ipaddr.isValid(address)) return true;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(globalUnicast)) return true;
  return parsed.range() !== 'unicast';
}

/** One sentence for every reason, so that nobody can map our network by it; the reason is in the cause. */
const notFetched = (host: string, limits: FetchLimits, cause: unknown): Problem =>
  new Problem({
    code: 'not_fetched',
    status: 400,
    sentence: `${host} could not be fetched: it must answer over https from a public address, without a redirect, within ${limits.timeoutMs / 1000} s and with at most ${Math.ceil(limits.maxBytes / 1024)} KiB`,
    cause,
  });

function checkUrl(url: URL, limits: FetchLimits): void {
  const schemes = limits.allowPrivate ? ['https:', 'http:'] : ['https:'];
  if (!schemes.includes(url.protocol)) throw new Error(`scheme ${url.protocol} is not allowed`);
  if (url.username !== '' || url.password !== '') throw new Error('credentials in the address are not allowed');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!limits.allowPrivate && isIP(host) !== 0 && specialUse(host)) throw new Error(`${host} is a special-use address`);
}

/** The connection is made to the very addresses that were checked, so a name that changes its mind gains nothing. */
function guardedLookup(limits: FetchLimits): LookupFunction {
  return (hostname, options, callback) => {
    limits.resolve(hostname, (error, addresses) => {
      const [first] = addresses ?? [];
      const refused = limits.allowPrivate ? undefined : addresses?.find(({ address }) => specialUse(address));
      if (error || !first) callback(error ?? new Error(`${hostname} has no address`), '', 4);
      else if (refused) callback(new Error(`${hostname} leads to ${refused.address}, a special-use address`), '', 4);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function send(outgoing: Request, body: Buffer, limits: FetchLimits, signal: AbortSignal): Promise<IncomingMessage> {
  const url = new URL(outgoing.url);
  const headers: Record<string, string> = { 'accept-encoding': 'identity', ...Object.fromEntries(outgoing.headers) };
  if (body.length > 0) headers['content-length'] = String(body.length);
  const options = { method: outgoing.method, headers, signal, agent: false, lookup: guardedLookup(limits) } as const;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = (url.protocol === 'https:' ? requestSecure : requestPlain)(url, options, resolve);
  request.on('error', reject);
  request.on('socket', (socket) => {
    socket.once('connect', () => {
      if (!limits.allowPrivate && specialUse(socket.remoteAddress ?? ''))
        request.destroy(new Error('special-use peer'));
    });
  });
  request.end(body);
  return promise;
}

async function read(answer: IncomingMessage, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  try {
    if (Number(answer.headers['content-length'] ?? 0) > maxBytes) throw new Error('the answer is too large');
    if (!['identity', undefined].includes(answer.headers['content-encoding']))
      throw new Error('the answer is compressed');
    for await (const chunk of answer) {
      received += chunk.length;
      if (received > maxBytes) throw new Error('the answer is too large');
      chunks.push(chunk);
    }
  } finally {
    answer.destroy();
  }
  return Buffer.concat(chunks, received);
}

function toResponse(answer: IncomingMessage, body: Buffer<ArrayBuffer>): Response {
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const status = answer.statusCode ?? 0;
  const empty = status === 204 || status === 205 || status === 304;
  return new Response(empty ? null : body, { status, statusText: answer.statusMessage ?? '', headers });
}

const mostAtOnce = 20;
const mostPerHost = 4;
const mostWaiting = 200;
const inUse = new Map<string, number>();
const waiting = new Set<() => void>();
let inUseTogether = 0;

/** A turn among all outgoing requests, so that one slow host holds up neither us nor the others. */
async function turn(host: string, signal: AbortSignal): Promise<() => void> {
  while (inUseTogether >= mostAtOnce || (inUse.get(host) ?? 0) >= mostPerHost) {
    if (waiting.size >= mostWaiting) throw new Error('too many outgoing requests are waiting');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    waiting.add(resolve);
    await promise.finally(() => {
      waiting.delete(resolve);
      signal.removeEventListener('abort', giveUp);
    });
  }
  inUseTogether += 1;
  inUse.set(host, (inUse.get(host) ?? 0) + 1);
  return () => {
    inUseTogether -= 1;
    const left = (inUse.get(host) ?? 1) - 1;
    if (left === 0) inUse.delete(host);
    else inUse.set(host, left);
    for (const wake of waiting) wake();
  };
}

/**
 * `fetch` for addresses that somebody else chose: https only, public unicast addresses only (checked on what is
 * connected to), no redirects (`redirect: 'manual'` hands the 3xx over, otherwise it is an error), no compression, and
 * bounds on time and size. The answer's body is complete when the promise resolves. Throws `not_fetched`.
 */
export async function guardedFetch(
  address: string | URL | Request,
  init: RequestInit = {},
  bounds: Partial<FetchLimits> = {},
): Promise<Response> {
  const limits = { ...defaults, ...bounds };
  const url = new URL(address instanceof Request ? address.url : address);
  const deadline = AbortSignal.timeout(limits.timeoutMs);
  const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
  let done: (() => void) | undefined;
  try {
    checkUrl(url, limits);
    const outgoing = new Request(address, init);
    done = await turn(url.host, signal);
    const body = Buffer.from(await outgoing.arrayBuffer());
    const answer = await send(outgoing, body, limits, signal);
    const redirect = (answer.statusCode ?? 0) >= 300 && (answer.statusCode ?? 0) < 400 && answer.statusCode !== 304;
    if (redirect && outgoing.redirect !== 'manual') {
      answer.destroy();
      throw new Error(`it redirects to ${answer.headers.location}`);
    }
    return toResponse(answer, await read(answer, limits.maxBytes));
  } catch (cause) {
    throw notFetched(url.host, limits, cause);
  } finally {
    done?.();
  }
}

/** Tries the guard on a listener of our own: true when no connection came through. To be asked before serving. */
export async function fetchGuardHolds(fetch: typeof guardedFetch = guardedFetch): Promise<boolean> {
  let reached = false;
  const canary = createServer((socket) => {
    reached = true;
    socket.destroy();
  });
  canary.listen(0, '127.0.0.1');
  await once(canary, 'listening');
  const { port } = portOf(canary.address());
  const spellings = ['127.0.0.1', 'localhost', '2130706433', '[::ffff:127.0.0.1]'];
  const tries = spellings.map((host) => fetch(`https://${host}:${port}/`, { signal: AbortSignal.timeout(1000) }));
  const answers = await Promise.allSettled(tries);
  canary.close();
  return !reached && answers.every(({ status }) => status === 'rejected');
}

function portOf(address: AddressInfo | string | null): AddressInfo {
  if (typeof address === 'object' && address !== null) return address;
  throw new Error('the test listener has no port');
}
