import type { IncomingMessage } from 'node:http';
import { parse } from 'node:querystring';
import { problem } from '../kernel/errors.ts';

/** Where gateways ask whether a request may pass; below it the rest of the path is the path of that request. */
export const questionPath = '/gateway/authorize';

/** Whether this call asks about another request, whose method and headers it may have. */
export const asksAboutAnother = (path: string): boolean => path === questionPath || asksByPath(path);

/** Whether Host, method and path of this call are those of the request that is asked about (Envoy). */
export const asksByPath = (path: string): boolean => path.startsWith(`${questionPath}/`);

/** Whether a body was said to follow; whether it is there, nobody knows before it is read. */
export const announcesBody = (headers: IncomingMessage['headers']): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** The request that a gateway asks about. */
export interface Original {
  method: string;
  /** With the port, where it was told; undefined when the gateway does not tell the host. */
  host: string | undefined;
  /** Undefined when the gateway does not tell it. */
  scheme: string | undefined;
  /** As it was sent, without the query. */
  path: string;
}

/** What the headers of one kind of gateway say; a member is undefined when it is not said. */
interface Told extends Record<keyof Original, string | undefined> {
  /** How the gateway tells it, for sentences. */
  by: string;
  /** What lacks of it, as a sentence. */
  lacks?: string | undefined;
}

/** The call of a gateway, as far as it says something about the request that it asks about. */
export type Question = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

const unclear = problem('unclear_request', 400, (sentence: string) => sentence);
/** RFC 6750 §2: never in two places; and what guards an API must see the token that the API will see. */
const tokenInAddress = problem(
  'invalid_request',
  400,
  () => 'Send the access token in the Authorization header, not in the address',
);

const methodForm = /^[A-Z][A-Z-]{0,29}$/;
const hostForm = /^(?:[a-z\d_](?:[a-z\d_.-]*[a-z\d_])?\.?|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i;
const absolute = /^(https?):\/\/([^/?#]*)(\/.*|$)/i;

/**
 * Which request a gateway asks about. NGINX, Traefik and Envoy tell it in different ways and pass on what the caller sends,
 * so every way that is used must say the same: a header that the caller made up can spoil the question, but not decide it.
 * Throws 400.
 */
export function originalOf({ method, url = '', headers }: Question): Original {
  const said = [byPath(method, url, headers.host), byOriginal(headers), byForwarded(headers)].filter(
    (one) => one !== undefined,
  );
  const [first, second] = said.filter(({ lacks }) => lacks === undefined);
  if (first === undefined) throw unclear(said[0]?.lacks ?? nothingTold);
  // Of two, one may be the caller's; so it must not even add the host that the gateway leaves out.
  if (second !== undefined && (second.host === undefined) !== (first.host === undefined))
    throw disagreement(first, second);
  for (const other of said) if (!agree(first, other)) throw disagreement(first, other);
  return checked(first);
}

const nothingTold =
  'Say which request is meant: X-Forwarded-Method, -Host and -Uri; X-Original-Method with X-Original-URL or -URI; or its path after /gateway/authorize';

const twoAddresses =
  'The address of the request has a space in it; let the gateway set its header in the place of those of the same name that its callers send';

const disagreement = (one: Told, other: Told) =>
  unclear(
    `${one.by} and ${other.by} name different requests; let the gateway remove what its callers send in headers of these names`,
  );

/** Envoy puts its prefix before the path and leaves method and Host as they were. */
function byPath(method: string | undefined, url: string, host: string | undefined): Told | undefined {
  if (!asksByPath(url)) return undefined;
  return {
    by: `The path after ${questionPath}`,
    method,
    host,
    scheme: undefined,
    path: url.slice(questionPath.length),
  };
}

function byOriginal(headers: IncomingMessage['headers']): Told | undefined {
  const [method, uri, url] = ['method', 'uri', 'url'].map((name) => text(headers[`x-original-${name}`]));
  if (method === undefined && uri === undefined && url === undefined) return undefined;
  const [, scheme, host, path = url] = absolute.exec(url ?? '') ?? [];
  const lacks =
    method === undefined
      ? 'X-Original-Method is missing: the gateway must send the method of the request beside its address'
      : uri === undefined && url === undefined
        ? 'X-Original-URL is missing: the gateway must send the address of the request beside its method'
        : undefined;
  if (uri !== undefined && url !== undefined)
    throw unclear('X-Original-URL and X-Original-URI are both there; let the gateway send one and remove the other');
  return {
    by: 'X-Original-Method and -URL',
    lacks,
    method,
    scheme,
    host,
    path: path === undefined ? uri : path || '/',
  };
}

function byForwarded(headers: IncomingMessage['headers']): Told | undefined {
  const [method, host, path, scheme] = ['method', 'host', 'uri', 'proto'].map((name) =>
    text(headers[`x-forwarded-${name}`]),
  );
  // Host alone says which name we are called by: proxies on the way send that.
  if (method === undefined && path === undefined) return undefined;
  const missing = Object.entries({ Method: method, Host: host, Uri: path }).flatMap(([name, value]) =>
    value === undefined ? [`X-Forwarded-${name}`] : [],
  );
  const lacks =
    missing.length === 0
      ? undefined
      : `${missing.join(' and ')} is missing: the gateway must send method, host and path of the request`;
  return { by: 'X-Forwarded-Method, -Host and -Uri', lacks, method, host, scheme, path };
}

const text = (header: string | string[] | undefined): string | undefined =>
  header === undefined || header === '' ? undefined : String(header);

const withoutQuery = (target: string): string => target.split('?', 1)[0] ?? '';

/** Whether two ways of telling say the same, as far as both say anything. */
function agree(one: Told, other: Told): boolean {
  const same = (a: string | undefined, b: string | undefined): boolean => a === undefined || b === undefined || a === b;
  return (
    same(one.method, other.method) &&
    same(one.path && withoutQuery(one.path), other.path && withoutQuery(other.path)) &&
    same(one.host?.toLowerCase(), other.host?.toLowerCase())
  );
}

function checked({ method = '', host, scheme, path = '' }: Told): Original {
  if (!methodForm.test(method)) throw unclear('The method of the request must be one word in capitals, such as GET');
  if (host !== undefined && !hostForm.test(host))
    throw unclear('The host of the request must be one name, such as api.example.com');
  if (!path.startsWith('/')) throw unclear('The path of the request must begin with /');
  const query = path.indexOf('?');
  // Node makes one header of two, with a space between them: the caller's could end in ? and hide the gateway's in its query.
  if (query !== -1 && /\s/.test(path.slice(query))) throw unclear(twoAddresses);
  if (query !== -1 && parse(path.slice(query + 1)).access_token !== undefined) throw tokenInAddress();
  const lower = scheme?.toLowerCase();
  return { method, host, scheme: lower === 'http' || lower === 'https' ? lower : undefined, path: withoutQuery(path) };
}
